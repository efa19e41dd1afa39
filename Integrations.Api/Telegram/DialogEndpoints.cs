using Integrations.Api.Audit;
using Integrations.Api.Authentication;
using Integrations.Api.Http;
using Integrations.Core.Errors;
using Integrations.Core.Persistence;
using Integrations.Core.Telegram.Dialogs;
using Integrations.Core.Telegram.Messages;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Integrations.Api.Telegram;

internal static class DialogEndpoints
{
    private static readonly UuidParameter AccountId = new("account_id", "The dialogs of one account.");
    private static readonly UuidParameter BotId = new("bot_id", "The dialogs of one bot.");
    private static readonly TextParameter Search = new("q", "Only dialogs with this in the title, the username or the phone, or in which these words were said: among the newest 5000 messages that say them.", null, 100);
    private static readonly FlagParameter Unread = new("unread", "Only dialogs with something unread.", byDefault: false);
    private static readonly WordParameter Show = new("show", "all; unread, waiting for an answer, mine (assigned to the caller) or unassigned ones only.", "all", "all", "unread", "waiting", "mine", "unassigned");
    private static readonly WordParameter Source = new("source", "Only dialogs of accounts, or of bots.", byDefault: null, "personal_telegram", "telegram_bot");
    private static readonly UuidParameter ProjectId = new("project_id", "Only dialogs of the accounts and bots of this project.");
    private static readonly WordParameter State = new("state", "Only dialogs that are open, or that somebody has closed.", byDefault: null, "open", "closed");
    private static readonly AssigneeParameter Assignee = new("assignee", "Only dialogs that this user looks after: me, nobody, or a user's number.");
    private static readonly NumberParameter WaitingMinutes = new("waiting_minutes", "Only dialogs in which somebody has waited for an answer for so long.", null, 1, 525_600);
    private static readonly FlagParameter Blocked = new("blocked", "Only dialogs in which the other side takes nothing from the bot.", byDefault: false);
    private static readonly UuidParameter Before = new("before", "A dialog's id: only what stands behind it, wherever it stands by now. Prefer cursor.");
    private static readonly DialogCursorParameter Cursor = new("cursor", "The next_cursor of an earlier answer: what stands behind that place, which does not move.");
    private static readonly WordParameter Format = new("format", "jsonl for JSON lines, text for reading.", "jsonl", "jsonl", "text");
    private static readonly FlagParameter Notes = new("notes", "What colleagues noted, too.", byDefault: false);
    private static readonly NumberParameter Limit = new("limit", "Dialogs in the answer.", 50, 1, 200);

    public static RouteGroupBuilder MapDialogs(this RouteGroupBuilder telegram)
    {
        telegram.MapGet("/dialogs", ListAsync).WithName("ListDialogs").RequireAuthorization(Policies.Read)
            .WithSummary("The dialogs of the caller's inboxes, the last used first")
            .WithQuery(AccountId, BotId, Source, ProjectId, Search, State, Assignee, Unread, WaitingMinutes, Blocked, Show, Cursor, Before, Limit).Refuses(ErrorCodes.NotFound);
        telegram.MapPost("/dialogs/{id}/read", ReadAsync).WithName("MarkDialogRead").Unaudited().RequireAuthorization(Policies.Send)
            .WithSummary("Nothing in this dialog is unread any more").WithDescription("Here only: Telegram is not told.");
        telegram.MapPost("/dialogs/{id}/close", CloseAsync).WithName("CloseDialog").RequireAuthorization(Policies.Send)
            .WithSummary("Close a dialog").WithDescription("Here only: nothing is sent. It opens again by itself when the other side writes. The event is dialog.updated.");
        telegram.MapPost("/dialogs/{id}/reopen", ReopenAsync).WithName("ReopenDialog").RequireAuthorization(Policies.Send)
            .WithSummary("Open a closed dialog again").WithDescription("The event is dialog.updated.");
        telegram.MapGet("/dialogs/{id}/export", ExportAsync).WithName("ExportDialog").Audited().RequireAuthorization(Policies.Read)
            .WithSummary("A whole dialog as a file")
            .WithDescription(
                "The oldest message first, sent while it is read. As JSON lines the first line is the dialog, each other one a message or a note; the last one says how many there were: "
                + "a file without it was cut off. It stands in the log and in the audit.")
            .Produces<string>(StatusCodes.Status200OK, DialogFile.LinesType, DialogFile.TextType)
            .WithQuery(Format, Notes).Refuses(ErrorCodes.NotFound);
        telegram.MapDelete("/dialogs/{id}", DeleteAsync).WithName("DeleteDialog").RequireAuthorization(Policies.Connect)
            .WithSummary("Delete a dialog with all that was said in it")
            .WithDescription(
                "For good, here only: Telegram is told nothing. The right of the account's user and of owners and administrators who read it; once the account or the bot was deleted, of everybody who may answer in it. "
                + "Not while messages of it wait to be sent. It comes back, without what it had, when the other side writes again; to forget a person everywhere, request an erasure.")
            .Refuses(ErrorCodes.Conflict);
        telegram.MapGet("/dialogs/{id}", FindAsync).WithName("GetDialog").RequireAuthorization(Policies.Read).WithSummary("One dialog");
        return telegram;
    }

    private static async Task<Ok<DialogPage>> ListAsync(HttpContext context, Caller caller, ListDialogs list, CancellationToken cancellationToken)
    {
        var limit = Limit.Int(context);
        var filter = new DialogFilter
        {
            AccountId = AccountId.Read(context),
            BotId = BotId.Read(context),
            Text = Search.Read(context),
            Unread = Unread.Read(context),
            Show = Words.Read<DialogShow>(Show.Read(context)!),
            Source = Source.Read(context) is { } source ? Words.Read<DialogSource>(source) : null,
            ProjectId = ProjectId.Read(context),
            State = State.Read(context) is { } state ? Words.Read<DialogState>(state) : null,
            Assignee = Assignee.Read(context),
            WaitingMinutes = (int?)WaitingMinutes.Read(context),
            Blocked = Blocked.Read(context),
            Before = Before.Read(context),
            Cursor = Cursor.Read(context),
        };
        if (filter is { AccountId: not null, BotId: not null })
            throw FieldErrors.One("bot_id", "Must not be sent together with account_id.");
        if (filter is { Before: not null, Cursor: not null })
            throw FieldErrors.One("cursor", "Must not be sent together with before.");

        var dialogs = await list.ExecuteAsync(caller.Principal, filter, limit, cancellationToken);
        var last = dialogs.Count == limit ? dialogs[^1].Dialog : null;
        return TypedResults.Ok(new DialogPage(
            [.. dialogs.Select(DialogResponse.From)], last?.Id, last is null ? null : DialogCursor.Of(last).ToString()));
    }

    private static async Task<Ok<DialogResponse>> ReadAsync(Guid id, Caller caller, MarkDialogRead mark, CancellationToken cancellationToken) =>
        TypedResults.Ok(DialogResponse.From(await mark.ExecuteAsync(caller.Principal, id, cancellationToken)));

    private static async Task<Ok<DialogResponse>> CloseAsync(Guid id, Caller caller, CloseDialog close, CancellationToken cancellationToken) =>
        TypedResults.Ok(DialogResponse.From(await close.ExecuteAsync(caller.Principal, id, closed: true, cancellationToken)));

    private static async Task<Ok<DialogResponse>> ReopenAsync(Guid id, Caller caller, CloseDialog close, CancellationToken cancellationToken) =>
        TypedResults.Ok(DialogResponse.From(await close.ExecuteAsync(caller.Principal, id, closed: false, cancellationToken)));

    private static async Task ExportAsync(Guid id, HttpContext context, Caller caller, ExportDialog export, CancellationToken cancellationToken)
    {
        var dialog = await export.BeginAsync(caller.Principal, id, cancellationToken);
        await DialogFile.WriteAsync(
            context.Response, dialog, export.ReadAsync(caller.Principal, id, Notes.Read(context), cancellationToken), Format.Read(context) == "text", cancellationToken);
    }

    private static async Task<NoContent> DeleteAsync(Guid id, Caller caller, DeleteDialog delete, CancellationToken cancellationToken)
    {
        await delete.ExecuteAsync(caller.Principal, id, cancellationToken);
        return TypedResults.NoContent();
    }

    private static async Task<Ok<DialogResponse>> FindAsync(Guid id, Caller caller, FindDialog find, CancellationToken cancellationToken) =>
        TypedResults.Ok(DialogResponse.From(await find.ExecuteAsync(caller.Principal, id, cancellationToken)));
}

/// <summary>One conversation of an account or a bot.</summary>
/// <param name="Source">personal_telegram or telegram_bot.</param>
/// <param name="PersonalAccountId">The account whose conversation it is; null where it is a bot's.</param>
/// <param name="BotId">The bot whose conversation it is; null where it is an account's.</param>
/// <param name="BlockedAt">Since when the other side takes nothing from the bot; null while it does.</param>
/// <param name="ClosedAt">Since when it is closed; null while it is open.</param>
/// <param name="TopicUrl">Where its topic in the project's working group is opened in Telegram, where the project mirrors; else null.</param>
/// <param name="WaitingSince">When the oldest message came that nobody has answered; null when nobody waits, and in channels and supergroups.</param>
/// <param name="LastMessage">What was said last; null before the first word.</param>
/// <param name="Assignee">Who looks after it; null for nobody.</param>
/// <param name="PeerKind">user, chat or channel; null until Telegram has told whom a username or a number belongs to.</param>
internal sealed record DialogResponse(
    Guid Id,
    string Source,
    Guid? PersonalAccountId,
    Guid? BotId,
    string? PeerKind,
    long? PeerId,
    string? Username,
    string? Phone,
    string? Title,
    DateTimeOffset? LastMessageAt,
    int UnreadCount,
    DateTimeOffset? WaitingSince,
    LastMessageResponse? LastMessage,
    ColleagueResponse? Assignee,
    DateTimeOffset? BlockedAt,
    DateTimeOffset? ClosedAt,
    string? TopicUrl,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt)
{
    public static DialogResponse From(DialogView view) => new(
        view.Dialog.Id,
        Words.Of(view.Dialog.Source),
        view.Dialog.PersonalAccountId,
        view.Dialog.BotId,
        view.Dialog.PeerKind is { } kind ? Words.Of(kind) : null,
        view.Dialog.PeerId,
        view.Dialog.Username,
        Phones.WithPlus(view.Dialog.Phone),
        view.Dialog.Title,
        view.Dialog.LastMessageAt,
        view.Dialog.UnreadCount,
        view.WaitingSince,
        view.LastMessage is { } message ? LastMessageResponse.From(message) : null,
        view.Assignee is { } assignee ? ColleagueResponse.From(assignee) : null,
        view.Dialog.BlockedAt,
        view.Dialog.ClosedAt,
        view.TopicUrl,
        view.Dialog.CreatedAt,
        view.Dialog.UpdatedAt);
}

/// <summary>The beginning of what was said last.</summary>
/// <param name="Direction">personal_telegram_in, personal_telegram_out, telegram_bot_in or telegram_bot_out.</param>
/// <param name="Status">pending, delivered, failed or received.</param>
/// <param name="Text">At most 200 characters; empty where there is only a file.</param>
/// <param name="MediaKind">photo, document, video, animation, audio, voice, video_note or sticker; null for a text alone.</param>
internal sealed record LastMessageResponse(Guid Id, string Direction, string Status, string Text, string? MediaKind)
{
    private const int Length = 200;

    public static LastMessageResponse From(Message message) => new(
        message.Id,
        Words.Of(message.Direction),
        message.Status is MessageStatus.Sending ? "pending" : Words.Of(message.Status),
        Texts.Cut(message.Text, Length),
        message.Media is { } file ? Words.Of(file.Kind) : null);
}

/// <summary>A page, the last used first.</summary>
/// <param name="NextBefore">Ask again with <c>before</c> set to it for the next page; null at the end.</param>
/// <param name="NextCursor">The same as a place that does not move when its dialog is used again: ask with <c>cursor</c> set to it.</param>
internal sealed record DialogPage(IReadOnlyList<DialogResponse> Items, Guid? NextBefore, string? NextCursor);

internal sealed class AssigneeParameter(string name, string description) : QueryParameter(name, description)
{
    public override QuerySchema Schema => new("string", Maximum: 10);

    public override string? Problem(string text) => DialogAssignees.IsOne(text) ? null : "Must be me, nobody or a user's number.";

    public string? Read(HttpContext context) => Text(context);
}

internal sealed class DialogCursorParameter(string name, string description) : QueryParameter(name, description)
{
    public override QuerySchema Schema => new("string", Maximum: 48);

    public override string? Problem(string text) => DialogCursor.TryParse(text, out _) ? null : "Must be the next_cursor of an earlier answer.";

    public DialogCursor? Read(HttpContext context) => DialogCursor.TryParse(Text(context), out var cursor) ? cursor : null;
}
