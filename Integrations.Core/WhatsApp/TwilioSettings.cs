namespace Integrations.Core.WhatsApp;

/// <summary>By what Twilio knows a customer, opened. Its text is the account alone.</summary>
/// <param name="AccountSid"><c>AC…</c></param>
/// <param name="User">The account's SID with its auth token, or an API key's (<c>SK…</c>) with its secret.</param>
/// <param name="Number">The WhatsApp sender, E.164 with the plus.</param>
public sealed record TwilioSettings(string AccountSid, string User, string Secret, string Number)
{
    public override string ToString() => AccountSid;
}

/// <summary>A message to somebody on WhatsApp: words, a file by its address, a place, or a template that was approved.</summary>
/// <param name="To">E.164 with the plus.</param>
/// <param name="StatusCallback">Where Twilio tells what becomes of it; null for what the sender has set.</param>
public sealed record WhatsAppMessage(string To, string? Body, Uri? StatusCallback = null)
{
    /// <summary>Twilio fetches it. WhatsApp takes one, of up to 16 MB.</summary>
    public Uri? Media { get; init; }

    /// <summary><c>HX…</c> instead of words and files: the only thing that is taken 24 hours after the person's last word.</summary>
    public string? ContentSid { get; init; }

    /// <summary>JSON: <c>{"1":"Ann"}</c></summary>
    public string? ContentVariables { get; init; }

    /// <summary><c>geo:latitude,longitude|label</c></summary>
    public string? Place { get; init; }
}
