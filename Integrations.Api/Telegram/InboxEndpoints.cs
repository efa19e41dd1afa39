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
            .WithSummary("The accounts whose dialogs the caller may read, the oldest first")
            .WithDescription(
                "One's own, and those of the projects that one is a member of: an account of a project is the shared inbox of its members. "
                + "Where the project mirrors its dialogs the members answer in its working group, so may_send is false for all but the account's own user.");
        return telegram;
    }

    private static async Task<Ok<InboxResponse[]>> ListAsync(Caller caller, ListInboxes list, CancellationToken cancellationToken)
    {
        var inboxes = await list.ExecuteAsync(caller.Principal, cancellationToken);
        return TypedResults.Ok(inboxes.Select(InboxResponse.From).ToArray());
    }
}

/// <summary>An account in whose dialogs the caller takes part.</summary>
/// <param name="UserId">Whose account it is.</param>
/// <param name="Status">pending, active, error, paused, disconnecting or disconnected.</param>
/// <param name="World">Which Telegram the account lives in: sandbox or telegram.</param>
/// <param name="Project">The project whose members share it; null where it is its user's alone.</param>
/// <param name="MaySend">Whether the caller may write from it.</param>
internal sealed record InboxResponse(
    Guid Id, int UserId, string? Name, string? Username, string? Phone, string Status, string World, InboxProjectResponse? Project, bool MaySend)
{
    public static InboxResponse From(Inbox inbox) => new(
        inbox.Account.Id,
        inbox.Account.UserId,
        inbox.Account.DisplayName,
        inbox.Account.Username,
        Phones.WithPlus(inbox.Account.Phone),
        inbox.Account.StatusWord,
        Words.Of(inbox.Account.World),
        inbox.Project is { } project ? new(project.Id, project.Name, project.Mirroring) : null,
        inbox.MaySend);
}

/// <param name="Mirroring">Its dialogs are answered in its working group.</param>
internal sealed record InboxProjectResponse(Guid Id, string Name, bool Mirroring);
