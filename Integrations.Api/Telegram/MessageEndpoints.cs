using Integrations.Api.Authentication;
using Integrations.Api.Http;
using Integrations.Api.RateLimits;
using Integrations.Core.Errors;
using Integrations.Core.Outbound;
using Integrations.Core.RateLimits;
using Integrations.Core.Telegram.Messages;
using Integrations.Core.Telegram.Sending;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace Integrations.Api.Telegram;

/// <summary>Sending, and reading what was said.</summary>
internal static class MessageEndpoints
{
    public const string IdempotencyHeader = "Idempotency-Key";
    private const int MaxKeyLength = 200;

    private static readonly string[] ChangeRefusals =
    [
        ErrorCodes.NotFound, ErrorCodes.AccountNotActive, ErrorCodes.BotNotActive, ErrorCodes.ProjectMirrored, ErrorCodes.MessageNotChangeable, ErrorCodes.MessageGone,
        ErrorCodes.MessageCancelled, ErrorCodes.ServiceUnavailable,
    ];

    private static readonly NumberParameter Wait = new("wait", "Seconds to wait for the result; then the answer is 200 with the message.", 0, 0, 30);
    private static readonly UuidParameter DialogId = new("dialog_id", "The messages of one dialog.");
    private static readonly UuidParameter AccountId = new("account_id", "The messages of one account.");
    private static readonly UuidParameter BotId = new("bot_id", "The messages of one bot.");
    private static readonly UuidParameter Before = new("before", "A message's id: only what came before it; in a search, what stands behind it.");
    private static readonly UuidParameter After = new("after", "A message's id: what came next after it.");
    private static readonly UuidParameter Around = new("around", "A message's id: it, and what was said before and after it.");
    private static readonly TextParameter Search = new(
        "q",
        "Only messages that say all of these words, in any form of Russian and English words, or as the beginning of a longer word. At least one word of two letters or digits.",
        null,
        100);

    private static readonly WordParameter Order = new("order", "Of what was searched for: time, the newest first; relevance, the best of the newest 10000 hits first.", "time", "time", "relevance");
    private static readonly NumberParameter Limit = new("limit", "Messages in the answer.", 50, 1, 200);

    public static RouteGroupBuilder MapMessages(this RouteGroupBuilder telegram)
    {
        telegram.MapPost("/send", SendAsync).WithName("SendMessage").RequireAuthorization(Policies.Send).LimitedAs(RouteClass.Send)
            .WithSummary("Send a message")
            .WithDescription(
                "202 means accepted: the message will be delivered, or its failure told by the message itself and by the event stream. "
                + "Files are uploaded first (POST /api/v1/telegram/media) or named by their address; several go as one album, of which each has a message and an outcome of its own. "
                + "With an Idempotency-Key a repetition within 24 hours gets the first answer and sends nothing; the header Idempotency-Replayed tells it.")
            .WithQuery(Wait)
            .WithMetadata(new IdempotencyMetadata())
            .Refuses(
                ErrorCodes.ValidationFailed, ErrorCodes.NotFound, ErrorCodes.AccountNotActive, ErrorCodes.BotNotActive, ErrorCodes.ChannelNotActive, ErrorCodes.ChannelRightsMissing, ErrorCodes.ProjectMirrored, ErrorCodes.IdempotencyMismatch, ErrorCodes.IdempotencyInProgress,
                ErrorCodes.ServiceUnavailable);
        telegram.MapPost("/messages/{id}/retry", RetryAsync).WithName("RetryMessage").RequireAuthorization(Policies.Send).LimitedAs(RouteClass.Send)
            .WithSummary("Send a failed message again")
            .WithDescription(
                "The same message becomes pending again and keeps Telegram's key against doubles: what Telegram has taken once is not sent twice. "
                + "Bots have no such key: after OUTCOME_UNKNOWN look into the chat first. "
                + "It keeps its place in the order of its dialog.")
            .Refuses(ErrorCodes.NotFound, ErrorCodes.Conflict, ErrorCodes.MessageCancelled, ErrorCodes.AccountNotActive, ErrorCodes.BotNotActive, ErrorCodes.ProjectMirrored);
        telegram.MapPost("/messages/{id}/edit", EditAsync).WithName("EditMessage").RequireAuthorization(Policies.Send).LimitedAs(RouteClass.Send)
            .WithSummary("Change what a sent message says")
            .WithDescription(
                "202 means accepted: it will be done, in order behind the message itself and earlier changes of it, or its refusal told with the right that is missing. "
                + "What has not left yet is changed before it does.")
            .Refuses(ChangeRefusals);
        telegram.MapDelete("/messages/{id}", DeleteAsync).WithName("DeleteMessage").RequireAuthorization(Policies.Send).LimitedAs(RouteClass.Send)
            .WithSummary("Delete a message in Telegram, or take it back before it leaves")
            .WithDescription("Accepted like an edit. A message that waits, as a scheduled one does, is taken back at once: it is failed with MESSAGE_CANCELLED then. Here it stays, marked as deleted.")
            .Refuses(ChangeRefusals);
        telegram.MapPost("/messages/{id}/pin", PinAsync).WithName("PinMessage").RequireAuthorization(Policies.Send).LimitedAs(RouteClass.Send)
            .WithSummary("Pin a message").WithDescription("Accepted like an edit. Nobody is notified.").Refuses(ChangeRefusals);
        telegram.MapPost("/messages/{id}/unpin", UnpinAsync).WithName("UnpinMessage").RequireAuthorization(Policies.Send).LimitedAs(RouteClass.Send)
            .WithSummary("Take the pin off a message").WithDescription("Accepted like an edit.").Refuses(ChangeRefusals);
        telegram.MapGet("/messages/{id}/changes", ChangesAsync).WithName("ListMessageChanges").RequireAuthorization(Policies.Read)
            .WithSummary("What was asked to be done with a message, the newest first").Refuses(ErrorCodes.NotFound);
        telegram.MapGet("/messages/{id}", FindAsync).WithName("GetMessage").RequireAuthorization(Policies.Read).WithSummary("One message");
        telegram.MapGet("/messages", ListAsync).WithName("ListMessages").RequireAuthorization(Policies.Read)
            .WithSummary("The messages of a dialog, an account or a bot, the newest first")
            .WithDescription("Name at least one of them, or search by q in all that the caller may read. What was searched for has its hit: the dialog, and the words in the text around them.")
            .WithQuery(DialogId, AccountId, BotId, Search, Order, Before, After, Around, Limit)
            .Refuses(ErrorCodes.NotFound);
        return telegram;
    }

    private static Task<Accepted<MessageChangeResponse>> EditAsync(Guid id, Body<EditMessageRequest> body, Caller caller, ChangeMessage change, CancellationToken cancellationToken) =>
        ChangeAsync(id, MessageChangeKind.Edit, body.Value.Checked(), caller, change, cancellationToken);

    private static Task<Accepted<MessageChangeResponse>> DeleteAsync(Guid id, Caller caller, ChangeMessage change, CancellationToken cancellationToken) =>
        ChangeAsync(id, MessageChangeKind.Delete, null, caller, change, cancellationToken);

    private static Task<Accepted<MessageChangeResponse>> PinAsync(Guid id, Caller caller, ChangeMessage change, CancellationToken cancellationToken) =>
        ChangeAsync(id, MessageChangeKind.Pin, null, caller, change, cancellationToken);

    private static Task<Accepted<MessageChangeResponse>> UnpinAsync(Guid id, Caller caller, ChangeMessage change, CancellationToken cancellationToken) =>
        ChangeAsync(id, MessageChangeKind.Unpin, null, caller, change, cancellationToken);

    private static async Task<Accepted<MessageChangeResponse>> ChangeAsync(
        Guid id, MessageChangeKind kind, string? text, Caller caller, ChangeMessage change, CancellationToken cancellationToken) => TypedResults.Accepted(
        $"/api/v1/telegram/messages/{id}/changes", MessageChangeResponse.From(await change.ExecuteAsync(caller.Principal, id, kind, text, cancellationToken)));

    private static async Task<Ok<MessageChangeResponse[]>> ChangesAsync(Guid id, Caller caller, ListMessageChanges list, CancellationToken cancellationToken) =>
        TypedResults.Ok((await list.ExecuteAsync(caller.Principal, id, cancellationToken)).Select(MessageChangeResponse.From).ToArray());

    private static async Task<Results<Accepted<AcceptedResponse>, Ok<MessageResponse>>> SendAsync(
        Body<SendRequest> body, HttpContext context, Caller caller, AcceptMessage accept, FindMessage find, IOptions<OutboundOptions> outbound, TimeProvider time, CancellationToken cancellationToken)
    {
        var message = body.Value.Checked(outbound.Value, time.GetUtcNow());
        var accepted = await accept.ExecuteAsync(caller.Principal, message, KeyOf(context.Request), cancellationToken);
        if (accepted.Replayed)
            context.Response.Headers["Idempotency-Replayed"] = "true";

        var address = $"/api/v1/telegram/messages/{accepted.Id}";
        var wait = Wait.Int(context);
        if (wait > 0 && message.SendAt is null)
        {
            var sent = await find.ExecuteAsync(caller.Principal, accepted.Id, TimeSpan.FromSeconds(wait), cancellationToken);
            if (sent.Status is not (MessageStatus.Pending or MessageStatus.Sending))
            {
                context.Response.Headers.Location = address;
                return TypedResults.Ok(MessageResponse.From(sent));
            }
        }

        return TypedResults.Accepted(address, AcceptedResponse.From(accepted, message.SendAt is not null));
    }

    private static async Task<Accepted<MessageResponse>> RetryAsync(Guid id, Caller caller, RetryMessage retry, CancellationToken cancellationToken) =>
        TypedResults.Accepted($"/api/v1/telegram/messages/{id}", MessageResponse.From(await retry.ExecuteAsync(caller.Principal, id, cancellationToken)));

    private static async Task<Ok<MessageResponse>> FindAsync(Guid id, Caller caller, FindMessage find, CancellationToken cancellationToken) =>
        TypedResults.Ok(MessageResponse.From(await find.ExecuteAsync(caller.Principal, id, TimeSpan.Zero, cancellationToken)));

    private static async Task<Ok<MessagePage>> ListAsync(
        HttpContext context, Caller caller, ListMessages list, SearchMessages find, CancellationToken cancellationToken)
    {
        var (dialog, account, bot, limit) = (DialogId.Read(context), AccountId.Read(context), BotId.Read(context), Limit.Int(context));
        var place = new MessagePlace(Before.Read(context), After.Read(context), Around.Read(context));
        var search = Search.Read(context);
        Check(search, dialog ?? account ?? bot, place);
        if (search is not null)
        {
            var relevance = Order.Read(context) == "relevance";
            var hits = await find.ExecuteAsync(caller.Principal, new(search, dialog, account, bot, relevance, place.Before), limit, cancellationToken);
            return TypedResults.Ok(new MessagePage(
                [.. hits.Select(hit => MessageResponse.From(hit.Message) with { Hit = HitResponse.From(hit) })], hits.Count == limit ? hits[^1].Message.Id : null, null));
        }

        var messages = await list.ExecuteAsync(caller.Principal, dialog, account, bot, place, limit, cancellationToken);
        return TypedResults.Ok(new MessagePage([.. messages.Items.Select(MessageResponse.From)], messages.NextBefore, messages.NextAfter));
    }

    private static void Check(string? search, Guid? within, MessagePlace place)
    {
        var errors = new FieldErrors();
        if (search is not null && !SearchWords.IsEnough(search))
            errors.Add("q", "Must have a word of at least two letters or digits.");
        if (search is null && within is null)
            errors.Add("dialog_id", "Required, unless account_id, bot_id or q is given.");
        if (place.After is not null && (place.Before is not null || search is not null))
            errors.Add("after", "Must not be sent together with before or q.");
        if (place.Around is not null && (place.Before is not null || place.After is not null || search is not null))
            errors.Add("around", "Must not be sent together with before, after or q.");
        errors.ThrowIfAny();
    }

    internal static string? KeyOf(HttpRequest request)
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
