namespace Integrations.Web.Api;

/// <summary>The dialogs as a team's inbox: lists and filters, who looks after what, notes and quick replies.</summary>
internal sealed partial class IntegrationsApi
{
    private const string Replies = $"{Telegram}/quick-replies";

    public Task<Inbox[]> InboxesAsync(CancellationToken cancellationToken) => GetAsync<Inbox[]>($"{Telegram}/inboxes", cancellationToken);

    public Task<DialogPage> DialogsAsync(DialogQuery query, string? cursor, int limit, CancellationToken cancellationToken) =>
        GetAsync<DialogPage>(
            $"{Telegram}/dialogs?limit={limit}&show={query.Show}{(query.AccountId is { } account ? $"&account_id={account}" : "")}{(query.BotId is { } bot ? $"&bot_id={bot}" : "")}"
            + $"{(query.Source is { } source ? $"&source={source}" : "")}{(query.ProjectId is { } project ? $"&project_id={project}" : "")}{(query.State is { } state ? $"&state={state}" : "")}"
            + $"{(query.Assignee is { } assignee ? $"&assignee={assignee}" : "")}{(query.WaitingMinutes is { } minutes ? $"&waiting_minutes={minutes}" : "")}{(query.Blocked ? "&blocked=true" : "")}"
            + $"{(string.IsNullOrWhiteSpace(query.Text) ? "" : $"&q={Uri.EscapeDataString(query.Text.Trim())}")}{(cursor is null ? "" : $"&cursor={cursor}")}",
            cancellationToken);

    public Task<Dialog> DialogAsync(Guid id, CancellationToken cancellationToken) => GetAsync<Dialog>(DialogPath(id), cancellationToken);

    public Task MarkReadAsync(Guid dialog, CancellationToken cancellationToken) => SendAsync(HttpMethod.Post, $"{DialogPath(dialog)}/read", cancellationToken);

    public Task<Colleague[]> AssigneesAsync(Guid dialog, CancellationToken cancellationToken) =>
        GetAsync<Colleague[]>($"{DialogPath(dialog)}/assignees", cancellationToken);

    /// <param name="user">Null for nobody.</param>
    public Task<Dialog> AssignAsync(Guid dialog, int? user, CancellationToken cancellationToken) =>
        SendAsync<Dialog>(HttpMethod.Put, $"{DialogPath(dialog)}/assignee", new { user_id = user }, cancellationToken);

    public Task<Dialog> CloseDialogAsync(Guid dialog, CancellationToken cancellationToken) => PostAsync<Dialog>($"{DialogPath(dialog)}/close", null, cancellationToken);

    public Task<Dialog> ReopenDialogAsync(Guid dialog, CancellationToken cancellationToken) => PostAsync<Dialog>($"{DialogPath(dialog)}/reopen", null, cancellationToken);

    /// <summary>For good, with all that was said in it.</summary>
    public Task DeleteDialogAsync(Guid dialog, CancellationToken cancellationToken) => SendAsync(HttpMethod.Delete, DialogPath(dialog), cancellationToken);

    public Task<Present[]> PresenceAsync(CancellationToken cancellationToken) => GetAsync<Present[]>($"{Telegram}/presence", cancellationToken);

    /// <param name="state">viewing, typing or left; it holds for 15 seconds.</param>
    public async Task SayPresenceAsync(Guid dialog, string state, CancellationToken cancellationToken)
    {
        using var response = await RequestAsync(HttpMethod.Post, $"{DialogPath(dialog)}/presence", new { state }, null, cancellationToken);
    }

    public Task<Page<Note>> NotesAsync(Guid dialog, Guid? before, CancellationToken cancellationToken) =>
        GetAsync<Page<Note>>($"{DialogPath(dialog)}/notes?limit=100{Before(before)}", cancellationToken);

    public Task<Note> WriteNoteAsync(Guid dialog, string text, CancellationToken cancellationToken) =>
        PostAsync<Note>($"{DialogPath(dialog)}/notes", new { text }, cancellationToken);

    public Task DeleteNoteAsync(Guid dialog, Guid note, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Delete, $"{DialogPath(dialog)}/notes/{note}", cancellationToken);

    public Task<SavedFilter[]> FiltersAsync(CancellationToken cancellationToken) => GetAsync<SavedFilter[]>($"{Telegram}/dialog-filters", cancellationToken);

    public Task<SavedFilter> SaveFilterAsync(string name, DialogQuery query, CancellationToken cancellationToken) =>
        PostAsync<SavedFilter>(
            $"{Telegram}/dialog-filters",
            new
            {
                name,
                show = query.Show,
                account_id = query.AccountId,
                bot_id = query.BotId,
                text = query.Text,
                source = query.Source,
                project_id = query.ProjectId,
                state = query.State,
                assignee = query.Assignee,
                waiting_minutes = query.WaitingMinutes,
                blocked = query.Blocked,
            },
            cancellationToken);

    public Task DeleteFilterAsync(Guid id, CancellationToken cancellationToken) => SendAsync(HttpMethod.Delete, $"{Telegram}/dialog-filters/{id}", cancellationToken);

    public Task<QuickReply[]> QuickRepliesAsync(CancellationToken cancellationToken) => GetAsync<QuickReply[]>(Replies, cancellationToken);

    /// <param name="id">Null for a new one.</param>
    public Task<QuickReply> SaveQuickReplyAsync(Guid? id, string shortcut, string text, CancellationToken cancellationToken) =>
        SendAsync<QuickReply>(id is null ? HttpMethod.Post : HttpMethod.Put, id is null ? Replies : $"{Replies}/{id}", new { shortcut, text }, cancellationToken);

    public Task DeleteQuickReplyAsync(Guid id, CancellationToken cancellationToken) => SendAsync(HttpMethod.Delete, $"{Replies}/{id}", cancellationToken);

    private static string DialogPath(Guid id) => $"{Telegram}/dialogs/{id}";
}
