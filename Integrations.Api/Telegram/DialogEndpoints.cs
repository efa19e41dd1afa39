using Integrations.Api.Authentication;
using Integrations.Api.Http;
using Integrations.Core.Errors;
using Integrations.Core.Persistence;
using Integrations.Core.Telegram.Dialogs;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Integrations.Api.Telegram;

internal static class DialogEndpoints
{
    private static readonly UuidParameter AccountId = new("account_id", "The dialogs of one account.");
    private static readonly UuidParameter Before = new("before", "A dialog's id: only what stands behind it.");
    private static readonly NumberParameter Limit = new("limit", "Dialogs in the answer.", 50, 1, 200);

    public static RouteGroupBuilder MapDialogs(this RouteGroupBuilder telegram)
    {
        telegram.MapGet("/dialogs", ListAsync).WithName("ListDialogs").RequireAuthorization(Policies.Read)
            .WithSummary("The dialogs of the caller's accounts, the last used first").WithQuery(AccountId, Before, Limit).Refuses(ErrorCodes.NotFound);
        telegram.MapGet("/dialogs/{id}", FindAsync).WithName("GetDialog").RequireAuthorization(Policies.Read).WithSummary("One dialog");
        return telegram;
    }

    private static async Task<Ok<DialogPage>> ListAsync(HttpContext context, Caller caller, ListDialogs list, CancellationToken cancellationToken)
    {
        var limit = Limit.Int(context);
        var dialogs = await list.ExecuteAsync(caller.Principal, AccountId.Read(context), Before.Read(context), limit, cancellationToken);
        return TypedResults.Ok(new DialogPage([.. dialogs.Select(DialogResponse.From)], dialogs.Count == limit ? dialogs[^1].Id : null));
    }

    private static async Task<Ok<DialogResponse>> FindAsync(Guid id, Caller caller, FindDialog find, CancellationToken cancellationToken) =>
        TypedResults.Ok(DialogResponse.From(await find.ExecuteAsync(caller.Principal, id, cancellationToken)));
}

/// <summary>One conversation of an account.</summary>
/// <param name="Source">personal_telegram.</param>
/// <param name="PersonalAccountId">The account whose conversation it is.</param>
/// <param name="PeerKind">user, chat or channel; null until Telegram has told whom a username or a number belongs to.</param>
internal sealed record DialogResponse(
    Guid Id,
    string Source,
    Guid PersonalAccountId,
    string? PeerKind,
    long? PeerId,
    string? Username,
    string? Phone,
    string? Title,
    DateTimeOffset? LastMessageAt,
    int UnreadCount,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt)
{
    public static DialogResponse From(Dialog dialog) => new(
        dialog.Id,
        Words.Of(dialog.Source),
        dialog.PersonalAccountId,
        dialog.PeerKind is { } kind ? Words.Of(kind) : null,
        dialog.PeerId,
        dialog.Username,
        Phones.WithPlus(dialog.Phone),
        dialog.Title,
        dialog.LastMessageAt,
        dialog.UnreadCount,
        dialog.CreatedAt,
        dialog.UpdatedAt);
}

/// <summary>A page, the last used first.</summary>
/// <param name="NextBefore">Ask again with <c>before</c> set to it for the next page; null at the end.</param>
internal sealed record DialogPage(IReadOnlyList<DialogResponse> Items, Guid? NextBefore);
