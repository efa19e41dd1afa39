using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Integrations.Sandbox.Twilio;

/// <summary>The parameters of a message to be sent. Empty is as good as absent.</summary>
internal sealed record MessageRequest
{
    public string? To { get; init; }

    public string? From { get; init; }

    public string? MessagingServiceSid { get; init; }

    public string? Body { get; init; }

    public IReadOnlyList<string> MediaUrls { get; init; } = [];

    public string? ContentSid { get; init; }

    public string? ContentVariables { get; init; }

    public string? StatusCallback { get; init; }

    public IReadOnlyList<string> PersistentActions { get; init; } = [];

    public string? ValidityPeriod { get; init; }

    public string? ScheduleType { get; init; }

    public string? SendAt { get; init; }

    public static MessageRequest Read(IFormCollection form)
    {
        return new MessageRequest
        {
            To = One("To"),
            From = One("From"),
            MessagingServiceSid = One("MessagingServiceSid"),
            Body = One("Body"),
            MediaUrls = Many("MediaUrl"),
            ContentSid = One("ContentSid"),
            ContentVariables = One("ContentVariables"),
            StatusCallback = One("StatusCallback"),
            PersistentActions = Many("PersistentAction"),
            ValidityPeriod = One("ValidityPeriod"),
            ScheduleType = One("ScheduleType"),
            SendAt = One("SendAt"),
        };

        string? One(string name) => form[name] is [{ Length: > 0 } value, ..] ? value : null;

        string[] Many(string name) => [.. form[name].Where(value => !string.IsNullOrEmpty(value)).Select(value => value!)];
    }

    /// <summary>The values for a template's variables.</summary>
    /// <exception cref="TwilioRefusal">21656: no JSON object.</exception>
    public JsonObject Variables()
    {
        if (ContentVariables is null)
            return [];

        try
        {
            if (JsonNode.Parse(ContentVariables) is JsonObject variables)
                return variables;
        }
        catch (JsonException)
        {
            // Refused as what is JSON but no object is.
        }

        throw new TwilioRefusal(400, 21656, "The ContentVariables Parameter is invalid");
    }

    /// <summary>Null for a message that goes at once.</summary>
    public DateTimeOffset? Due(DateTimeOffset now)
    {
        if (ScheduleType is null)
            return null;
        if (ScheduleType != "fixed" || SendAt is null)
            throw new TwilioRefusal(400, 35111, "SendAt timestamp is missing");
        if (MessagingServiceSid is null)
            throw new TwilioRefusal(400, 35118, "MessagingServiceSid is required to schedule a message");
        if (!DateTimeOffset.TryParse(SendAt, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var due)
            || due < now + TimeSpan.FromMinutes(5) || due > now + TimeSpan.FromDays(35))
        {
            throw new TwilioRefusal(400, 35115, "Scheduling does not support this timestamp");
        }

        return due;
    }
}
