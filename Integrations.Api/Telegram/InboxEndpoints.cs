using Integrations.Api.Authentication;
using Integrations.Core.Persistence;
using Integrations.Core.Telegram.Accounts;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Integrations.Api.Telegram;

internal static class InboxEndpoints
{
    public static RouteGroupBuilder MapInboxes(this RouteGroupBuilder telegram)
    {
        telegram.MapGet("/inboxes", ListAsync).WithName("ListInboxes").RequireAuthorization(Policies.Read)
            .WithSummary("The accounts and bots whose dialogs the caller may read, the oldest first")
            .WithDescription(
                "One's own accounts, and those of the projects that one is a member of: an account of a project is the shared inbox of its members. "
                + "Where the project mirrors its dialogs the members answer in its working group, so may_send is false for all but the account's own user. "
                + "Bots are the company's: owners and administrators read all of them, others those of their projects.");
        return telegram;
    }

    private static async Task<Ok<InboxResponse[]>> ListAsync(Caller caller, ListInboxes list, CancellationToken cancellationToken)
    {
        var inboxes = await list.ExecuteAsync(caller.Principal, cancellationToken);
        return TypedResults.Ok(inboxes.Select(InboxResponse.From).ToArray());
    }
}

/// <summary>An account or a bot in whose dialogs the caller takes part.</summary>
/// <param name="Source">personal_telegram or telegram_bot.</param>
/// <param name="UserId">Whose account it is; of a bot, who connected it.</param>
/// <param name="Status">pending, active, error, paused, disconnecting or disconnected; of a bot pending, active, error or inactive.</param>
/// <param name="World">Which Telegram it lives in: sandbox or telegram.</param>
/// <param name="Project">The project whose members share it; null where an account is its user's alone, and a bot the administrators'.</param>
/// <param name="MaySend">Whether the caller may write from it.</param>
internal sealed record InboxResponse(
    Guid Id, string Source, int UserId, string? Name, string? Username, string? Phone, string Status, string World, InboxProjectResponse? Project, bool MaySend)
{
    public static InboxResponse From(Inbox inbox) => new(
        inbox.Id,
        Words.Of(inbox.Source),
        inbox.UserId,
        inbox.Name,
        inbox.Username,
        Phones.WithPlus(inbox.Phone),
        inbox.Status,
        Words.Of(inbox.World),
        inbox.Project is { } project ? new(project.Id, project.Name, project.Mirroring) : null,
        inbox.MaySend);
}

/// <param name="Mirroring">Its dialogs are answered in its working group.</param>
internal sealed record InboxProjectResponse(Guid Id, string Name, bool Mirroring);
