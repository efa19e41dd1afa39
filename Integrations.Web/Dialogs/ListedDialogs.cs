using Integrations.Web.Api;

namespace Integrations.Web.Dialogs;

/// <summary>The dialogs of a list as far as they were asked for, in the Api's order; the rest is behind the cursor.</summary>
internal sealed class ListedDialogs(IntegrationsApi api, DialogQuery query, int? reader)
{
    /// <summary>Dialogs in one answer: a few screens.</summary>
    private const int PageSize = 50;

    /// <summary>The most that the Api answers with.</summary>
    private const int MaxPageSize = 200;

    /// <summary>Single dialogs asked for after one event or a burst; beyond it everything is read again.</summary>
    private const int MaxSingles = 20;

    private List<Dialog> _items = [];
    private string? _next;

    public DialogQuery Query => query;

    public IReadOnlyList<Dialog> Items => _items;

    public bool HasMore => _next is not null;

    public Dialog? Find(Guid id) => _items.Find(dialog => dialog.Id == id);

    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        var page = await api.DialogsAsync(query, null, PageSize, cancellationToken);
        (_items, _next) = ([.. page.Items], page.NextCursor);
    }

    /// <summary>Asks for further pages until so many are there.</summary>
    public async Task ExtendAsync(int count, CancellationToken cancellationToken)
    {
        while (_items.Count < count && _next is { } next)
        {
            var page = await api.DialogsAsync(query, next, PageSize, cancellationToken);
            // One that has moved since stands in both places; the newer word counts.
            _items = [.. _items.Where(old => !page.Items.Any(dialog => dialog.Id == old.Id)), .. page.Items];
            _next = page.NextCursor;
        }
    }

    /// <summary>Takes over what an event tells. False where it tells too little, or of a dialog that is not here: that one is to be read.</summary>
    public bool Hear(LiveEvent received)
    {
        var place = HeardDialog.Of(received) is { } id ? _items.FindIndex(dialog => dialog.Id == id) : -1;
        if (place < 0 || HeardDialog.After(_items[place], received) is not { } after)
            return false;
        // Whether it is still what was searched for only the Api can tell.
        if (query.ProjectId is not null || query.WaitingMinutes is not null || (query.Text is not null && (after.Title, after.Username) != (_items[place].Title, _items[place].Username)))
            return false;
        _items.RemoveAt(place);
        if (Holds(after))
            _items.Insert(_items.FindIndex(other => Precedes(after, other)) is var before and >= 0 ? before : _items.Count, after);
        return true;
    }

    private static bool Precedes(Dialog one, Dialog other) => one.At > other.At || (one.At == other.At && one.Id.CompareTo(other.Id) > 0);

    /// <summary>Brings the named ones up to date, and the first page with them; without a name everything that is there.</summary>
    public async Task RefreshAsync(IReadOnlyCollection<Guid> touched, CancellationToken cancellationToken)
    {
        if (touched.Count is 0 or > MaxSingles)
        {
            await ReloadAsync(Math.Max(PageSize, _items.Count), cancellationToken);
            return;
        }

        var page = await api.DialogsAsync(query, null, PageSize, cancellationToken);
        var fresh = page.Items.ToDictionary(dialog => dialog.Id);
        var complete = _next is null;
        if (_items.Count <= PageSize)
            _next = page.NextCursor;
        var end = _items.Count > 0 ? _items[^1].At : DateTimeOffset.MinValue;
        foreach (var id in touched.Where(id => !fresh.ContainsKey(id)))
        {
            var known = Find(id) is not null;
            if (await FindAsync(id, cancellationToken) is { } dialog && Holds(dialog) && (known || (query is { Text: null, ProjectId: null, WaitingMinutes: null } && (complete || dialog.At >= end))))
                fresh[id] = dialog;
            else
                _items.RemoveAll(old => old.Id == id);
        }

        _items = [.. _items.Where(old => !fresh.ContainsKey(old.Id)).Concat(fresh.Values).OrderByDescending(dialog => dialog.At).ThenByDescending(dialog => dialog.Id)];
    }

    private async Task ReloadAsync(int count, CancellationToken cancellationToken)
    {
        List<Dialog> items = [];
        string? next = null;
        do
        {
            var page = await api.DialogsAsync(query, next, Math.Min(count - items.Count, MaxPageSize), cancellationToken);
            items.AddRange(page.Items);
            next = page.NextCursor;
        }
        while (next is not null && items.Count < count);
        (_items, _next) = (items, next);
    }

    private async Task<Dialog?> FindAsync(Guid id, CancellationToken cancellationToken)
    {
        try
        {
            return await api.DialogAsync(id, cancellationToken);
        }
        catch (ApiException gone) when (gone.Code == "NOT_FOUND")
        {
            // It was joined to another, or is out of reach by now.
            return null;
        }
    }

    /// <summary>Whether it belongs in this list; what was searched for only the Api can tell.</summary>
    private bool Holds(Dialog dialog) => (query.InboxId is null || dialog.InboxId == query.InboxId)
        && (query.Source is null || dialog.Source == query.Source)
        && (query.State is null || dialog.ClosedAt is not null == query.State is "closed")
        && (!query.Blocked || dialog.BlockedAt is not null)
        && query.Assignee switch
        {
            null => true,
            "nobody" => dialog.Assignee is null,
            "me" => dialog.Assignee is { } assignee && assignee.UserId == reader,
            var number => dialog.Assignee is { } assignee && number == assignee.UserId.ToString(System.Globalization.CultureInfo.InvariantCulture),
        }
        && query.Show switch
        {
            "unread" => dialog.UnreadCount > 0,
            "waiting" => dialog.WaitingSince is not null,
            "mine" => dialog.Assignee is { } assignee && assignee.UserId == reader,
            "unassigned" => dialog.Assignee is null,
            _ => true,
        };
}
