using System.Text.Json.Nodes;

namespace Integrations.Sandbox.Twilio;

/// <summary>What the API accepts, and what it refuses at once.</summary>
public sealed partial class SandboxTwilio
{
    private const int LongestBody = 1600;
    private const int LongestValidity = 36_000;
    private static readonly TimeSpan LongestQueue = TimeSpan.FromHours(4);

    /// <summary>Accepts a message; what becomes of it shows later.</summary>
    /// <exception cref="TwilioRefusal">Twilio refuses it at once.</exception>
    internal TwilioMessage Send(TwilioAccount account, MessageRequest request, string direction = "outbound-api")
    {
        TwilioMessage message;
        lock (Gate)
        {
            if (account.Status != "active")
                throw new TwilioRefusal(403, 20005, "Account not active");

            if (request.To is null)
                throw new TwilioRefusal(400, 21604, "A 'To' phone number is required.");
            var (service, sender) = Origin(account, request);
            var person = TwilioAddress.Number(request.To);
            if (person is null || person == sender.Number)
                throw new TwilioRefusal(400, 21211, $"Invalid 'To' Phone Number: {request.To}");

            var (content, body, mediaUrls, lacksVariables) = What(account, request);
            var now = Time.GetUtcNow();
            var due = request.Due(now);
            if (_people.GetValueOrDefault(person)?.OptedOut.Contains(sender.Number) == true)
                throw new TwilioRefusal(400, 21610, "Attempt to send to unsubscribed recipient");
            if (sender.QueueAt(now) > LongestQueue)
                throw new TwilioRefusal(429, 21611, "This 'From' number has exceeded the maximum number of queued messages");

            message = new TwilioMessage(sender, person, direction, mediaUrls.Count > 0, now)
            {
                Body = body,
                Service = service,
                Status = due is not null ? "scheduled" : service is not null ? "accepted" : "queued",
                Content = content,
                MediaUrls = mediaUrls,
                LacksVariables = lacksVariables,
                PersistentActions = request.PersistentActions,
                StatusCallback = request.StatusCallback,
                SendAt = due,
                Place = due is null ? sender.NextPlace(now) : null,
                Cancelled = due is null ? null : new CancellationTokenSource(),
            };
            Add(message);
        }

        Post(message.Sid, cancellationToken => _delivery.RunAsync(message, cancellationToken));
        return message;
    }

    /// <summary>Takes a scheduled message back.</summary>
    internal void Cancel(TwilioMessage message)
    {
        lock (Gate)
        {
            if (message.Status != "scheduled")
                throw new TwilioRefusal(400, 30409, "This message cannot be canceled");
            (message.Status, message.UpdatedAt) = ("canceled", Time.GetUtcNow());
        }

        message.Cancelled!.Cancel();
    }

    /// <summary>The service, and the sender named or picked from its pool.</summary>
    private (TwilioMessagingService? Service, TwilioSender Sender) Origin(TwilioAccount account, MessageRequest request)
    {
        var service = request.MessagingServiceSid is { } sid ? _services.GetValueOrDefault(sid) : null;
        if (request.MessagingServiceSid is not null && service?.Account != account)
            throw new TwilioRefusal(400, 21705, $"The Messaging Service Sid {request.MessagingServiceSid} is invalid");
        if (request.From is null)
        {
            return service switch
            {
                null => throw new TwilioRefusal(400, 21603, "A 'From' phone number is required."),
                { Senders: [] } => throw new TwilioRefusal(400, 21703, "The Messaging Service contains no phone numbers"),
                { Senders: [var first, ..] } => (service, first),
            };
        }

        if (TwilioAddress.Number(request.From) is not { } number)
        {
            throw TwilioAddress.IsNumber(request.From)
                ? new TwilioRefusal(400, 21606, $"The From phone number {request.From} is not a valid, message-capable Twilio phone number for this destination.")
                : new TwilioRefusal(400, 21212, $"Invalid From Number (caller ID): {request.From}");
        }

        return _senders.GetValueOrDefault(number) is { } sender && sender.Account == account
            ? (service, sender)
            : throw new TwilioRefusal(400, 63007, "Twilio could not find a Channel with the specified From address");
    }

    private (TwilioContent? Content, string Body, IReadOnlyList<string> MediaUrls, bool LacksVariables) What(TwilioAccount account, MessageRequest request)
    {
        if (request.ContentVariables is not null && request.ContentSid is null)
            throw new TwilioRefusal(400, 21654, "The ContentSid Parameter is required when ContentVariables is given");
        if (request.ContentSid is null && request.Body is not { Length: > 0 } && request.MediaUrls.Count == 0)
            throw new TwilioRefusal(400, 21602, "Message body is required.");
        if (request.Body?.Length > LongestBody)
            throw new TwilioRefusal(400, 21617, $"The concatenated message body exceeds the {LongestBody} character limit.");
        if (request.MediaUrls.Count > 1)
            throw new TwilioRefusal(400, 21623, "Number of media files exceeds allowed limit.");
        if (request.MediaUrls.Any(url => !IsAddress(url)))
            throw new TwilioRefusal(400, 21620, "Invalid media URL(s)");
        if (request.StatusCallback is { } callback && (!IsAddress(callback) || new Uri(callback).Host.Contains('_', StringComparison.Ordinal)))
            throw new TwilioRefusal(400, 21609, $"The 'StatusCallback' URL {callback} is not a valid URL.");
        if (request.ValidityPeriod is { } validity && !(int.TryParse(validity, out var seconds) && seconds is >= 1 and <= LongestValidity))
            throw new TwilioRefusal(400, 21619, $"ValidityPeriod {validity} is not between 1 and {LongestValidity}.");
        if (request.ContentSid is not { } sid)
            return (null, request.Body ?? "", request.MediaUrls, false);

        if (_contents.Find(content => content.Sid == sid) is not { } content || content.Account != account)
            throw new TwilioRefusal(400, 21655, "The ContentSid Parameter is invalid");
        JsonObject variables = request.Variables();
        var (text, mediaUrls, lacks) = content.Fill(variables);
        return (content, text, mediaUrls, lacks);
    }

    private static bool IsAddress(string url) => Uri.TryCreate(url, UriKind.Absolute, out var address) && address.Scheme is "http" or "https";
}
