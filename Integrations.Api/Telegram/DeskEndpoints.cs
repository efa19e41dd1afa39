using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Integrations.Api.Audit;
using Integrations.Api.Authentication;
using Integrations.Api.Http;
using Integrations.Core.Errors;
using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Telegram.Dialogs;
using Integrations.Core.Tenancy;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Integrations.Api.Telegram;

/// <summary>Working on dialogs together: who looks after one, who is at it now, what colleagues note beside it.</summary>
internal static class DeskEndpoints
{
    private static readonly UuidParameter Before = new("before", "A note's id: only what was written before it.");
    private static readonly NumberParameter Limit = new("limit", "Notes in the answer.", 100, 1, 200);

    public static RouteGroupBuilder MapDesk(this RouteGroupBuilder telegram)
    {
        telegram.MapPut("/dialogs/{id}/assignee", AssignAsync).WithName("AssignDialog").RequireAuthorization(Policies.Send)
            .WithSummary("Say who looks after a dialog").WithDescription("Without a user_id nobody does. The event is dialog.updated.").Refuses(ErrorCodes.ValidationFailed);
        telegram.MapGet("/dialogs/{id}/assignees", AssigneesAsync).WithName("ListAssignees").RequireAuthorization(Policies.Read)
            .WithSummary("Who can look after a dialog")
            .WithDescription("The account's own user and the members of its project; of a bot's dialog owners, administrators and the members of its project. Without those who may only read.");
        telegram.MapPost("/dialogs/{id}/presence", PresentAsync).WithName("SayPresence").Unaudited().RequireAuthorization(Policies.Read)
            .WithSummary("Say that you are at a dialog")
            .WithDescription("Holds for 15 seconds: say it again while you are there. The others are told by dialog.presence when it changes. While Redis is away it is silently forgotten.")
            .Refuses(ErrorCodes.ValidationFailed);
        telegram.MapGet("/presence", PresenceAsync).WithName("ListPresence").RequireAuthorization(Policies.Read)
            .WithSummary("Who is at which dialog now");
        telegram.MapGet("/dialogs/{id}/notes", NotesAsync).WithName("ListNotes").RequireAuthorization(Policies.Read)
            .WithSummary("What was noted beside a dialog, the newest first").WithQuery(Before, Limit).Refuses(ErrorCodes.NotFound);
        telegram.MapPost("/dialogs/{id}/notes", NoteAsync).WithName("WriteNote").RequireAuthorization(Policies.Send)
            .WithSummary("Note something for your colleagues").WithDescription("Seen by those who read the dialog; never sent to Telegram.").Refuses(ErrorCodes.ValidationFailed);
        telegram.MapDelete("/dialogs/{id}/notes/{note_id}", DeleteNoteAsync).WithName("DeleteNote").RequireAuthorization(Policies.Send)
            .WithSummary("Delete a note").WithDescription("Its author's right, and an administrator's.");
        return telegram;
    }

    private static async Task<Ok<DialogResponse>> AssignAsync(
        Guid id, Body<AssigneeRequest> body, Caller caller, AssignDialog assign, CancellationToken cancellationToken) =>
        TypedResults.Ok(DialogResponse.From(await assign.ExecuteAsync(caller.Principal, id, body.Value.UserId, cancellationToken)));

    private static async Task<Ok<ColleagueResponse[]>> AssigneesAsync(Guid id, Caller caller, ListAssignees list, CancellationToken cancellationToken) =>
        TypedResults.Ok((await list.ExecuteAsync(caller.Principal, id, cancellationToken)).Select(ColleagueResponse.From).ToArray());

    private static async Task<NoContent> PresentAsync(
        Guid id, Body<PresenceRequest> body, Caller caller, FindDialog find, Presence presence, CancellationToken cancellationToken)
    {
        if (body.Value.State is not ("viewing" or "typing" or "left"))
            throw FieldErrors.One("state", "Must be one of: viewing, typing, left.");

        var dialog = await find.ExecuteAsync(caller.Principal, id, cancellationToken);
        await presence.SayAsync(caller.Principal, dialog.Dialog, body.Value.State, cancellationToken);
        return TypedResults.NoContent();
    }

    private static async Task<Ok<PresenceResponse[]>> PresenceAsync(Caller caller, ListInboxes inboxes, Presence presence, CancellationToken cancellationToken)
    {
        var accounts = await inboxes.ExecuteAsync(caller.Principal, cancellationToken);
        return TypedResults.Ok(await presence.ReadAsync(caller.Principal, accounts.Select(inbox => inbox.Id), cancellationToken));
    }

    private static async Task<Ok<NotePage>> NotesAsync(Guid id, HttpContext context, Caller caller, ListNotes list, CancellationToken cancellationToken)
    {
        var limit = Limit.Int(context);
        var notes = await list.ExecuteAsync(caller.Principal, id, Before.Read(context), limit, cancellationToken);
        return TypedResults.Ok(new NotePage([.. notes.Select(NoteResponse.From)], notes.Count == limit ? notes[^1].Note.Id : null));
    }

    private static async Task<Created<NoteResponse>> NoteAsync(Guid id, Body<NoteRequest> body, Caller caller, WriteNote write, CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        Texts.CheckMessage("text", body.Value.Text, errors);
        errors.ThrowIfAny();
        return TypedResults.Created((string?)null, NoteResponse.From(await write.ExecuteAsync(caller.Principal, id, body.Value.Text!.Trim(), cancellationToken)));
    }

    private static async Task<NoContent> DeleteNoteAsync(
        Guid id, [FromRoute(Name = "note_id")] Guid noteId, Caller caller, DeleteNote delete, CancellationToken cancellationToken)
    {
        await delete.ExecuteAsync(caller.Principal, id, noteId, cancellationToken);
        return TypedResults.NoContent();
    }
}

internal sealed record AssigneeRequest
{
    [Description("One of those whom …/assignees names; null for nobody.")]
    public int? UserId { get; init; }
}

internal sealed record PresenceRequest
{
    [Required]
    [Description("viewing, typing or left.")]
    public string? State { get; init; }
}

internal sealed record NoteRequest
{
    [Required]
    [Description("1 to 4096 UTF-16 units; control characters other than line feed and tab are refused.")]
    public string? Text { get; init; }
}

/// <summary>Somebody of the tenant.</summary>
/// <param name="Name">The name, else the address; null where neither is known.</param>
internal sealed record ColleagueResponse(int UserId, string? Name)
{
    public static ColleagueResponse From(User user) => new(user.UserId, user.DisplayName ?? user.Email);
}

/// <summary>What somebody noted beside a dialog.</summary>
internal sealed record NoteResponse(Guid Id, Guid DialogId, ColleagueResponse Author, string Text, DateTimeOffset CreatedAt)
{
    public static NoteResponse From(NoteView view) => new(view.Note.Id, view.Note.DialogId, ColleagueResponse.From(view.Author), view.Note.Text, view.Note.CreatedAt);
}

/// <summary>A page, the newest first.</summary>
/// <param name="NextBefore">Ask again with <c>before</c> set to it for the next page; null at the end.</param>
internal sealed record NotePage(IReadOnlyList<NoteResponse> Items, Guid? NextBefore);
