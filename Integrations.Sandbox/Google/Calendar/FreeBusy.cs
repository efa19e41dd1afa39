using System.Globalization;
using System.Text.Json.Nodes;

namespace Integrations.Sandbox.Google.Calendar;

/// <summary><c>calendar.freebusy.query</c>. The answer is 200 also where a calendar could not be read; the error stands beside it.</summary>
internal sealed class FreeBusy(GoogleCalendars calendars)
{
    private const int CalendarsMax = 50;

    public GoogleAnswer Query(GoogleRequest request, CalendarCaller caller)
    {
        caller.Need(CalendarCaller.ReadsFreeBusy);
        var (from, until) = (Bound(request, "timeMin"), Bound(request, "timeMax"));
        if (from >= until)
            throw GoogleRefusal.EmptyRange();

        var zone = request.Body["timeZone"]?.ToString() is { } id ? TimeZones.Find(id) ?? throw GoogleRefusal.Invalid("Invalid time zone.") : TimeZoneInfo.Utc;
        var most = request.Body["calendarExpansionMax"] is JsonValue value && value.TryGetValue<int>(out var asked) ? Math.Min(asked, CalendarsMax) : CalendarsMax;
        var answers = new JsonObject();
        foreach (var item in request.Body["items"] as JsonArray ?? [])
        {
            if (item?["id"]?.ToString() is { } name && !answers.ContainsKey(name))
                answers[name] = answers.Count >= most ? Error("tooManyCalendarsRequested") : Calendar(name, caller, from, until, zone);
        }

        return new GoogleAnswer(200, new JsonObject
        {
            ["kind"] = "calendar#freeBusy",
            ["timeMin"] = EventTime.Rfc3339(TimeZoneInfo.ConvertTime(from, zone)),
            ["timeMax"] = EventTime.Rfc3339(TimeZoneInfo.ConvertTime(until, zone)),
            ["calendars"] = answers,
        });
    }

    private JsonObject Calendar(string name, CalendarCaller caller, DateTimeOffset from, DateTimeOffset until, TimeZoneInfo zone)
    {
        GoogleCalendar calendar;
        try
        {
            calendar = calendars.Open(caller, name, CalendarRole.FreeBusyReader).Calendar;
        }
        catch (GoogleRefusal refusal)
        {
            return Error(refusal.Reason);
        }

        var busy = new List<(DateTimeOffset Start, DateTimeOffset End)>();
        foreach (var (start, end) in Times(calendar, from, until).Where(time => time.End > from && time.Start < until).OrderBy(time => time.Start))
        {
            var (first, last) = (start < from ? from : start, end > until ? until : end);
            if (busy is [.., var before] && before.End >= first)
                busy[^1] = (before.Start, before.End > last ? before.End : last);
            else
                busy.Add((first, last));
        }

        return new JsonObject
        {
            ["busy"] = new JsonArray([.. busy.Select(time => new JsonObject
            {
                ["start"] = EventTime.Rfc3339(TimeZoneInfo.ConvertTime(time.Start, zone)),
                ["end"] = EventTime.Rfc3339(TimeZoneInfo.ConvertTime(time.End, zone)),
            })]),
        };
    }

    private static IEnumerable<(DateTimeOffset Start, DateTimeOffset End)> Times(GoogleCalendar calendar, DateTimeOffset from, DateTimeOffset until) =>
        calendar.Events.Values
            .Where(stored => !stored.IsCancelled && stored.Content.Text("transparency") != "transparent" && !IsDeclined(stored, calendar.Owner))
            .SelectMany(stored => stored.Content.Recurrence is null ? [EventItem.Of(stored)] : calendar.Occurrences(stored, until))
            .Select(item => (item.Start.Instant(calendar.Zone), item.End.Instant(calendar.Zone)));

    private static bool IsDeclined(CalendarEvent stored, string owner) =>
        (stored.Content.Fields["attendees"] as JsonArray ?? []).Any(attendee =>
            string.Equals(attendee?["email"]?.ToString(), owner, StringComparison.OrdinalIgnoreCase) && attendee?["responseStatus"]?.ToString() == "declined");

    private static JsonObject Error(string reason) => new()
    {
        ["errors"] = new JsonArray(new JsonObject { ["domain"] = "global", ["reason"] = reason }),
        ["busy"] = new JsonArray(),
    };

    private static DateTimeOffset Bound(GoogleRequest request, string name)
    {
        if (request.Body[name]?.ToString() is not { } text)
            throw GoogleRefusal.Required($"Missing {name}.");

        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var bound) ? bound : throw GoogleRefusal.BadRequest("Bad Request");
    }
}
