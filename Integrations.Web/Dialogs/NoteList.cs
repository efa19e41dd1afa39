using Integrations.Web.Api;

namespace Integrations.Web.Dialogs;

/// <summary>The notes of a dialog as far back as its messages are shown.</summary>
internal sealed class NoteList(IntegrationsApi api)
{
    private readonly List<Note> _notes = [];
    private Guid? _before;

    /// <summary>The newest page again, and further ones until one lies before the moment; null for as far back as is there already.</summary>
    public async Task LoadAsync(Guid dialog, DateTimeOffset? oldest, CancellationToken cancellationToken)
    {
        var page = await api.NotesAsync(dialog, null, cancellationToken);
        // What is behind the first page is kept as it was read; a note deleted there goes by its event.
        var kept = page.NextBefore is null || page.Items.Length == 0 ? [] : _notes.Where(note => note.CreatedAt < page.Items[^1].CreatedAt).ToList();
        if (kept.Count == 0)
            _before = page.NextBefore;
        _notes.Clear();
        _notes.AddRange(kept);
        _notes.AddRange(page.Items.Reverse());
        await ReachAsync(dialog, oldest, cancellationToken);
    }

    public async Task ReachAsync(Guid dialog, DateTimeOffset? oldest, CancellationToken cancellationToken)
    {
        while (_before is { } before && _notes.Count > 0 && (oldest is null || _notes[0].CreatedAt > oldest))
        {
            var page = await api.NotesAsync(dialog, before, cancellationToken);
            _notes.InsertRange(0, page.Items.Reverse());
            _before = page.NextBefore;
        }
    }

    public void Add(Note note)
    {
        if (!_notes.Exists(known => known.Id == note.Id))
            _notes.Add(note);
    }

    public void Remove(Guid note) => _notes.RemoveAll(known => known.Id == note);

    /// <summary>Those not older than the moment, the oldest first.</summary>
    public IEnumerable<Note> Since(DateTimeOffset? oldest) => _notes.Where(note => oldest is null || note.CreatedAt >= oldest);
}
