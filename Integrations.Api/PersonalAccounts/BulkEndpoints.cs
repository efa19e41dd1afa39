using Integrations.Api.Authentication;
using Integrations.Api.Http;
using Integrations.Api.RateLimits;
using Integrations.Core.Errors;
using Integrations.Core.Persistence;
using Integrations.Core.RateLimits;
using Integrations.Core.Telegram.Accounts;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Integrations.Api.PersonalAccounts;

/// <summary>Many accounts at once, their sessions from elsewhere, and what one of them went through.</summary>
internal static class BulkEndpoints
{
    private static readonly NumberParameter Before = new("before", "A line's seq: only what came before it.", null, 1, long.MaxValue);
    private static readonly NumberParameter Limit = new("limit", "Lines in the answer.", 50, 1, 200);

    public static void MapBulk(this RouteGroupBuilder accounts)
    {
        accounts.MapPost("/bulk", ChangeAsync).WithName("ChangePersonalAccounts").RequireAuthorization(Policies.Connect)
            .WithSummary("Pause, resume, reconnect, disconnect or change many accounts")
            .WithDescription(
                "Each account stands for itself: one that is out of reach, or refuses, is told by its code and keeps no other back. "
                + "The answer comes when everything is asked for; the states follow by themselves, on the event stream too. "
                + "Reconnect begins no login: an account that needs one is told with TG_SESSION_EXPIRED.")
            .Refuses(ErrorCodes.ValidationFailed);
        accounts.MapPost("/import", ImportAsync).WithName("ImportPersonalAccounts").RequireAuthorization(Policies.ConnectForProject).LimitedAs(RouteClass.Connect)
            .WithSummary("Import sessions of Telethon")
            .WithDescription(
                "For owners and administrators. Stop the other program first and do not start it again: Telegram ends a session that is used on two connections at once. "
                + "Each row stands for itself. A good one becomes an account that is pending until Telegram has said whose it is, then active, or error with "
                + "TG_SESSION_EXPIRED or TG_ALREADY_CONNECTED; the session itself is never logged out by a failed import. A repeated request imports nothing twice.")
            .Refuses(ErrorCodes.ConsentRequired, ErrorCodes.ValidationFailed, ErrorCodes.TelegramUnavailable, ErrorCodes.SecretsUnavailable);
        accounts.MapGet("/{id}/timeline", ReadAsync).WithName("GetAccountTimeline").RequireAuthorization(Policies.Read)
            .WithSummary("What the account went through, the newest first")
            .WithDescription("For the account's user, and for owners and administrators of the tenant. Kept for 90 days, at most 1000 lines of an account.")
            .WithQuery(Before, Limit);
    }

    private static async Task<Ok<BulkResponse>> ChangeAsync(Body<BulkRequest> body, Caller caller, ChangeAccounts change, CancellationToken cancellationToken)
    {
        var request = body.Value;
        var errors = new FieldErrors();
        if (request.Ids is not { Length: > 0 and <= ChangeAccounts.MaxIds })
            errors.Add("ids", $"Must name 1 to {ChangeAccounts.MaxIds} accounts.");
        if (!Words.TryRead<BulkAction>(request.Action, out var action))
            errors.Add("action", $"Must be one of: {string.Join(", ", Enum.GetValues<BulkAction>().Select(Words.Of))}.");
        var hasFlags = (request.AcceptsPrivate ?? request.AcceptsGroups ?? request.AcceptsChannels) is not null;
        if (request.Action is not null && hasFlags != (action is BulkAction.Change))
            errors.Add("action", "The accepts_ fields belong to change, which needs at least one of them.");
        errors.ThrowIfAny();
        var results = await change.ExecuteAsync(
            caller.Principal, AccountReach.Managed, request.Ids!, action, new(null, request.AcceptsPrivate, request.AcceptsGroups, request.AcceptsChannels), cancellationToken);
        var refused = results.Count(result => result.Refusal is not null);
        return TypedResults.Ok(new BulkResponse([.. results.Select(BulkItemResponse.From)], results.Count - refused, refused));
    }

    private static async Task<Ok<ImportResponse>> ImportAsync(Body<ImportRequest> body, Caller caller, ImportAccounts import, CancellationToken cancellationToken)
    {
        var sessions = body.Value.Sessions;
        var errors = new FieldErrors();
        if (sessions is not { Length: > 0 and <= ImportAccounts.MaxRows })
            errors.Add("sessions", $"Must have 1 to {ImportAccounts.MaxRows} items.");
        for (var i = 0; i < (sessions?.Length ?? 0); i++)
            Texts.CheckName($"sessions[{i}].display_name", sessions![i].DisplayName, errors);
        errors.ThrowIfAny();
        var trial = body.Value.DryRun ?? false;
        var verdicts = await import.ExecuteAsync(
            caller.Principal, [.. sessions!.Select(row => new ImportRow(row.Session?.Trim() ?? "", Texts.Named(row.DisplayName), row.ProjectId))], trial, body.Value.Consent, cancellationToken);
        var refused = verdicts.Count(verdict => verdict.Code is not null);
        return TypedResults.Ok(new ImportResponse(
            trial, [.. verdicts.Select((verdict, i) => new ImportItemResponse(i + 1, verdict.AccountId, verdict.Code))], verdicts.Count - refused, refused));
    }

    private static async Task<Ok<TimelineResponse>> ReadAsync(Guid id, HttpContext context, Caller caller, ReadTimeline read, CancellationToken cancellationToken)
    {
        var limit = Limit.Int(context);
        // One more than asked for tells whether there is a next page.
        var lines = await read.ExecuteAsync(caller.Principal, AccountReach.Managed, id, Before.Read(context), limit + 1, cancellationToken);
        var shown = lines.Take(limit).Select(line => new TimelineLineResponse(
            line.Seq, Words.Of(line.Kind), line.Code, line.Until, line.Since, line.Detail, line.UserId, line.At)).ToArray();
        return TypedResults.Ok(new TimelineResponse(shown, lines.Count > limit ? shown[^1].Seq : null));
    }
}
