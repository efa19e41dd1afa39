using Integrations.Api.Authentication;
using Integrations.Api.Http;
using Integrations.Api.RateLimits;
using Integrations.Core.Errors;
using Integrations.Core.RateLimits;
using Integrations.Core.Telegram.Messages;
using Integrations.Core.Telegram.Sending;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Integrations.Api.Telegram;

/// <summary>Sending, and reading what was said.</summary>
internal static class MessageEndpoints
{
    public const string IdempotencyHeader = "Idempotency-Key";
    private const int MaxKeyLength = 200;

    private static readonly NumberParameter Wait = new("wait", "Seconds to wait for the result; then the answer is 200 with the message.", 0, 0, 30);
    private static readonly UuidParameter DialogId = new("dialog_id", "The messages of one dialog.");
    private static readonly UuidParameter AccountId = new("account_id", "The messages of one account.");
    private static readonly UuidParameter BotId = new("bot_id", "The messages of one bot.");
    private static readonly UuidParameter Before = new("before", "A message's id: only what came before it.");
    private static readonly TextParameter Search = new(
        "q",
        $"Only messages that hold this text. One answer looks through {ListMessages.SearchWindow} messages; next_before tells where to go on, also when nothing was found among them.",
        null,
        100);

    private static readonly NumberParameter Limit = new("limit", "Messages in the answer.", 50, 1, 200);

    public static RouteGroupBuilder MapMessages(this RouteGroupBuilder telegram)
    {
        telegram.MapPost("/send", SendAsync).WithName("SendMessage").RequireAuthorization(Policies.Send).LimitedAs(RouteClass.Send)
            .WithSummary("Send a message")
            .WithDescription(
                "202 means accepted: the message will be delivered, or its failure told by the message itself and by the event stream. "
                + "With an Idempotency-Key a repetition within 24 hours gets the first answer and sends nothing; the header Idempotency-Replayed tells it.")
            .WithQuery(Wait)
            .WithMetadata(new IdempotencyMetadata())
            .Refuses(
                ErrorCodes.ValidationFailed, ErrorCodes.NotFound, ErrorCodes.AccountNotActive, ErrorCodes.BotNotActive, ErrorCodes.ProjectMirrored, ErrorCodes.IdempotencyMismatch, ErrorCodes.IdempotencyInProgress,
                ErrorCodes.ServiceUnavailable);
        telegram.MapPost("/messages/{id}/retry", RetryAsync).WithName("RetryMessage").RequireAuthorization(Policies.Send).LimitedAs(RouteClass.Send)
            .WithSummary("Send a failed message again")
            .WithDescription(
                "The same message becomes pending again and keeps Telegram's key against doubles: what Telegram has taken once is not sent twice. "
                + "Bots have no such key: after OUTCOME_UNKNOWN look into the chat first. "
                + "It keeps its place in the order of its dialog.")
            .Refuses(ErrorCodes.NotFound, ErrorCodes.Conflict, ErrorCodes.AccountNotActive, ErrorCodes.BotNotActive, ErrorCodes.ProjectMirrored);
        telegram.MapGet("/messages/{id}", FindAsync).WithName("GetMessage").RequireAuthorization(Policies.Read).WithSummary("One message");
        telegram.MapGet("/messages", ListAsync).WithName("ListMessages").RequireAuthorization(Policies.Read)
            .WithSummary("The messages of a dialog, an account or a bot, the newest first")
            .WithDescription("Name at least one of them.")
            .WithQuery(DialogId, AccountId, BotId, Search, Before, Limit)
            .Refuses(ErrorCodes.NotFound);
        return telegram;
    }

    private static async Task<Results<Accepted<AcceptedResponse>, Ok<MessageResponse>>> SendAsync(
        Body<SendRequest> body, HttpContext context, Caller caller, AcceptMessage accept, FindMessage find, CancellationToken cancellationToken)
    {
        var accepted = await accept.ExecuteAsync(caller.Principal, body.Value.Checked(), KeyOf(context.Request), cancellationToken);
        if (accepted.Replayed)
            context.Response.Headers["Idempotency-Replayed"] = "true";

        var address = $"/api/v1/telegram/messages/{accepted.Id}";
        var wait = Wait.Int(context);
        if (wait > 0)
        {
            var message = await find.ExecuteAsync(caller.Principal, accepted.Id, TimeSpan.FromSeconds(wait), cancellationToken);
            if (message.Status is not (MessageStatus.Pending or MessageStatus.Sending))
            {
                context.Response.Headers.Location = address;
                return TypedResults.Ok(MessageResponse.From(message));
            }
        }

        return TypedResults.Accepted(address, AcceptedResponse.From(accepted));
    }

    private static async Task<Accepted<MessageResponse>> RetryAsync(Guid id, Caller caller, RetryMessage retry, CancellationToken cancellationToken) =>
        TypedResults.Accepted($"/api/v1/telegram/messages/{id}", MessageResponse.From(await retry.ExecuteAsync(caller.Principal, id, cancellationToken)));

    private static async Task<Ok<MessageResponse>> FindAsync(Guid id, Caller caller, FindMessage find, CancellationToken cancellationToken) =>
        TypedResults.Ok(MessageResponse.From(await find.ExecuteAsync(caller.Principal, id, TimeSpan.Zero, cancellationToken)));

    private static async Task<Ok<MessagePage>> ListAsync(HttpContext context, Caller caller, ListMessages list, CancellationToken cancellationToken)
    {
        var (dialog, account, bot, limit) = (DialogId.Read(context), AccountId.Read(context), BotId.Read(context), Limit.Int(context));
        if (dialog is null && account is null && bot is null)
            throw FieldErrors.One("dialog_id", "Required, unless account_id or bot_id is given.");

        var messages = await list.ExecuteAsync(caller.Principal, dialog, account, bot, Before.Read(context), Search.Read(context), limit, cancellationToken);
        return TypedResults.Ok(new MessagePage([.. messages.Items.Select(MessageResponse.From)], messages.NextBefore));
    }

    private static string? KeyOf(HttpRequest request)
    {
        var values = request.Headers[IdempotencyHeader];
        if (values.Count == 0)
            return null;
        if (values.Count > 1 || values[0] is not { Length: > 0 and <= MaxKeyLength } key || !key.All(c => c is >= ' ' and <= '~'))
            throw FieldErrors.One(IdempotencyHeader, $"Must be given once, with 1 to {MaxKeyLength} printable ASCII characters.");
        return key;
    }
}

/// <summary>Marks a route that knows the header Idempotency-Key.</summary>
internal sealed record IdempotencyMetadata;
