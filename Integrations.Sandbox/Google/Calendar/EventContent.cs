using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Integrations.Sandbox.Google.Calendar;

/// <summary>What a client says of an event, checked; the rest is the server's.</summary>
/// <param name="Fields">As they came, without those that only the server writes.</param>
internal sealed partial record EventContent(JsonObject Fields, EventTime Start, EventTime End, EventRecurrence? Recurrence)
{
    private static readonly HashSet<string> ReadOnly = new(StringComparer.Ordinal)
    {
        "kind", "etag", "id", "status", "htmlLink", "created", "updated", "creator", "organizer", "iCalUID", "sequence", "recurringEventId", "originalStartTime",
        "hangoutLink", "attendeesOmitted", "locked",
    };

    /// <summary>What a client may write of a body, with the new conference where one is asked for.</summary>
    /// <param name="before">What stands there so far; a conference is kept when nothing is said of it.</param>
    public static JsonObject Writable(JsonObject body, JsonObject? before, bool mergesInto, bool knowsConferences, Func<string> newCode)
    {
        var fields = mergesInto ? before!.DeepClone().AsObject() : [];
        var conference = before?["conferenceData"]?.DeepClone();
        foreach (var (name, value) in body.Where(pair => !ReadOnly.Contains(pair.Key) && pair.Key != "conferenceData"))
            Put(fields, name, value, mergesInto);

        fields.Remove("conferenceData");
        if (knowsConferences && body.ContainsKey("conferenceData"))
            conference = body["conferenceData"] is JsonObject asked ? Conference(asked, newCode) : null;
        if (conference is not null)
            fields["conferenceData"] = conference;
        return fields;
    }

    /// <exception cref="GoogleRefusal">400, with the reason.</exception>
    public static EventContent Read(JsonObject fields, TimeZoneInfo calendarZone)
    {
        var (start, end) = (EventTime.Read(fields["start"], "start"), EventTime.Read(fields["end"], "end"));
        if (start.Day is null != end.Day is null)
            throw GoogleRefusal.Invalid("Start and end times must either both be date or both be dateTime.");
        if (end.Instant(calendarZone) <= start.Instant(calendarZone))
            throw GoogleRefusal.EmptyRange();

        foreach (var attendee in fields["attendees"] as JsonArray ?? [])
        {
            if (attendee?["email"] is not JsonValue email || !email.TryGetValue<string>(out var address) || !address.Contains('@', StringComparison.Ordinal))
                throw GoogleRefusal.Invalid("Invalid attendee email.");
        }

        if (fields["reminders"]?["overrides"] is JsonArray reminders && (reminders.Count > 5 || !reminders.All(IsReminder)))
            throw GoogleRefusal.Invalid("Invalid reminder.");
        return new EventContent(fields, start, end, EventRecurrence.Read(fields["recurrence"], start));
    }

    /// <summary>Chosen by the client: base32hex in lower case, 5 to 1024 characters.</summary>
    public static bool IsId(string id) => Id().IsMatch(id);

    /// <summary>Text of a field; null where it is absent.</summary>
    public string? Text(string name) => Fields[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    private static bool IsReminder(JsonNode? reminder) =>
        reminder?["method"]?.ToString() is "email" or "popup" && reminder["minutes"] is JsonValue value && value.TryGetValue<int>(out var minutes) && minutes is >= 0 and <= 40_320;

    /// <summary>Google's patch: null removes, objects merge, and lists are replaced as a whole.</summary>
    private static void Put(JsonObject fields, string name, JsonNode? value, bool merges)
    {
        if (value is null)
        {
            fields.Remove(name);
        }
        else if (merges && value is JsonObject part && fields[name] is JsonObject there)
        {
            // A day and a moment exclude each other, so that one sent replaces the other.
            if (name is "start" or "end")
            {
                if (part["date"] is not null)
                    there.Remove("dateTime");
                if (part["dateTime"] is not null)
                    there.Remove("date");
            }

            foreach (var (inner, content) in part)
                Put(there, inner, content, merges);
        }
        else
        {
            fields[name] = value.DeepClone();
        }
    }

    /// <summary>A request becomes a meeting at once, where Google may answer <c>pending</c> first.</summary>
    private static JsonObject Conference(JsonObject asked, Func<string> newCode)
    {
        if (asked["createRequest"] is not JsonObject request || asked["conferenceId"] is not null)
            return asked.DeepClone().AsObject();
        if (request["requestId"] is not JsonValue)
            throw GoogleRefusal.Invalid("Invalid conference create request.");

        var code = newCode();
        var made = request.DeepClone().AsObject();
        made["status"] = new JsonObject { ["statusCode"] = "success" };
        return new JsonObject
        {
            ["createRequest"] = made,
            ["conferenceId"] = code,
            ["conferenceSolution"] = new JsonObject { ["key"] = new JsonObject { ["type"] = "hangoutsMeet" }, ["name"] = "Google Meet" },
            ["entryPoints"] = new JsonArray(new JsonObject { ["entryPointType"] = "video", ["uri"] = $"https://meet.google.com/{code}", ["label"] = $"meet.google.com/{code}" }),
        };
    }

    [GeneratedRegex("^[a-v0-9]{5,1024}$", RegexOptions.CultureInvariant)]
    private static partial Regex Id();
}
