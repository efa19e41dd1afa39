namespace Integrations.Sandbox.Twilio;

/// <summary>What a webhook is about.</summary>
public enum TwilioWebhookKind
{
    /// <summary>A person wrote.</summary>
    Inbound,

    /// <summary>A message's status changed.</summary>
    Status,

    /// <summary>A JSON webhook of another product.</summary>
    Json,
}

/// <summary>One request to a webhook.</summary>
/// <param name="Url">As requested and signed.</param>
/// <param name="Parameters">Of the form; of a GET, those that were put into its query.</param>
/// <param name="Attempt">1 for the first try.</param>
/// <param name="Status">Null when there was no answer; then <paramref name="Failure"/> says why.</param>
public sealed record TwilioWebhookCall(
    DateTimeOffset At,
    TwilioWebhookKind Kind,
    string? MessageSid,
    string Method,
    string Url,
    IReadOnlyDictionary<string, string> Parameters,
    string Signature,
    string IdempotencyToken,
    int Attempt,
    int? Status,
    string? Failure);

/// <summary>What Twilio's debugger shows: a webhook that could not be reached, or an answer that could not be carried out.</summary>
public sealed record TwilioAlert(DateTimeOffset At, string AccountSid, int Code, string Message, string Url, string? MessageSid);

/// <summary>What a webhook is called with.</summary>
/// <param name="Url">As configured, with its fragment.</param>
/// <param name="Person">The number of the person it is about.</param>
/// <param name="Json">Sent instead of the form.</param>
internal sealed record WebhookRequest(
    TwilioWebhookKind Kind,
    TwilioAccount Account,
    string Url,
    string Method,
    IReadOnlyDictionary<string, string> Form,
    string? MessageSid = null,
    string? Person = null,
    byte[]? Json = null);

/// <summary>What a webhook answered with a 2xx.</summary>
internal sealed record WebhookAnswer(int Status, string? MediaType, string Body, bool IsTooLarge);
