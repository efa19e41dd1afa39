using System.Text.Json.Nodes;

namespace Integrations.Sandbox.Twilio;

/// <summary>Twilio's codes, in its own words where a message's failure carries them.</summary>
internal static class TwilioErrors
{
    /// <summary>What <c>error_message</c>, <c>ChannelStatusMessage</c> and an alert say.</summary>
    public static string Message(int code) => code switch
    {
        11200 => "HTTP retrieval failure",
        11205 => "HTTP connection failure",
        11210 => "HTTP bad host name",
        11215 => "HTTP too many redirects",
        11220 => "SSL/TLS Handshake Error",
        11750 => "TwiML response body too large",
        12100 => "Document parse failure",
        12200 => "Schema validation warning",
        12300 => "Invalid Content-Type",
        20503 => "Service unavailable",
        63001 => "Channel could not authenticate the request",
        63003 => "Channel could not find To address",
        63005 => "Channel did not accept given content",
        63013 => "Channel policy violation",
        63014 => "Message delivery failed because it was blocked by a user action",
        63015 => "Channel Sandbox can only send messages to phone numbers that have joined the Sandbox",
        63016 => "Failed to send freeform message because you are outside the allowed window. If you are using WhatsApp, please use a Message Template",
        63017 or 63018 => "Rate limit exceeded for Channel",
        63019 => "Media failed to download",
        63021 => "Channel invalid content error",
        63024 => "Invalid message recipient",
        63028 => "Number of parameters provided does not match the expected number of parameters",
        63034 => "Media message has an invalid or oversized file",
        63038 => "Account exceeded the daily messages limit",
        63040 => "Template has been rejected",
        63041 => "Template has been paused",
        63042 => "Template has been disabled",
        63049 => "Meta chose not to deliver this marketing message",
        _ => "Message could not be delivered",
    };
}

/// <summary>A request that Twilio refuses at once.</summary>
internal sealed class TwilioRefusal(int status, int code, string message) : Exception(message)
{
    public int Status => status;

    public int Code => code;

    public int? RetryAfter { get; init; }

    public static TwilioRefusal NotFound(string path) => new(404, 20404, $"The requested resource {path} was not found");

    public JsonObject Body() => new()
    {
        ["code"] = code,
        ["message"] = Message,
        ["more_info"] = $"https://www.twilio.com/docs/errors/{code}",
        ["status"] = status,
    };
}
