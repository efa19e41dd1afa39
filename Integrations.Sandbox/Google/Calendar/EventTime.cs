using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Integrations.Sandbox.Google.Calendar;

/// <summary>The start or end of an event: a day, or a moment and the time zone in which it was said.</summary>
/// <param name="Day">Of an all-day event; its end is the day after.</param>
/// <param name="At">Of any other; unused for a day.</param>
/// <param name="ZoneId">Null where the calendar's own is meant.</param>
internal sealed partial record EventTime(DateOnly? Day, DateTimeOffset At, string? ZoneId)
{
    private const string DayFormat = "yyyy-MM-dd";

    public static EventTime On(DateOnly day) => new(day, default, null);

    public static EventTime Of(DateTimeOffset at, string? zoneId) => new(null, at, zoneId);

    /// <summary>Reads <c>{"date"}</c> or <c>{"dateTime","timeZone"}</c>; a moment without an offset is of the zone beside it.</summary>
    /// <param name="which">start or end, for the refusal.</param>
    public static EventTime Read(JsonNode? json, string which)
    {
        if (json is not JsonObject time || (Text(time, "date"), Text(time, "dateTime")) is (null, null))
            throw GoogleRefusal.Required($"Missing {which} time.");

        var (date, dateTime, zoneId) = (Text(time, "date"), Text(time, "dateTime"), Text(time, "timeZone"));
        var zone = zoneId is null ? null : TimeZones.Find(zoneId) ?? throw GoogleRefusal.Invalid($"Invalid time zone definition for {which} time.");
        if (date is not null)
        {
            return dateTime is null && DateOnly.TryParseExact(date, DayFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)
                ? On(day)
                : throw GoogleRefusal.Invalid($"Invalid {which} time.");
        }

        if (!TryParse(dateTime!, out var parsed))
            throw GoogleRefusal.Invalid($"Invalid {which} time.");
        if (WithOffset().IsMatch(dateTime!))
            return Of(parsed, zoneId);

        return Of(TimeZones.Instant(parsed.DateTime, zone ?? throw GoogleRefusal.Required($"Missing time zone definition for {which} time.")), zoneId);
    }

    /// <summary>RFC 3339 with its offset, as <c>timeMin</c> and its like are.</summary>
    public static DateTimeOffset? Bound(GoogleRequest request, string name) =>
        request.Value(name) is not { } text ? null
        // A plus that nobody encoded arrives as a space.
        : TryParse(text.Replace(' ', '+'), out var parsed) && WithOffset().IsMatch(text.Replace(' ', '+')) ? parsed
        : throw GoogleRefusal.BadRequest("Bad Request");

    public DateTimeOffset Instant(TimeZoneInfo calendarZone) => Day is { } day ? TimeZones.Instant(day.ToDateTime(TimeOnly.MinValue), calendarZone) : At;

    /// <summary>The end that belongs to another start, with the same length in days or in time.</summary>
    public EventTime Following(EventTime start, EventTime newStart) => Day is { } day
        ? On(newStart.Day!.Value.AddDays(day.DayNumber - start.Day!.Value.DayNumber))
        : this with { At = newStart.At + (At - start.At) };

    /// <summary>What an occurrence's id ends with: <c>20260512</c> or <c>20260512T080000Z</c>.</summary>
    public string Suffix => Day is { } day
        ? day.ToString("yyyyMMdd", CultureInfo.InvariantCulture)
        : At.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);

    /// <summary>With the offset of the zone in which the caller sees the calendar.</summary>
    public JsonObject Json(TimeZoneInfo shown)
    {
        if (Day is { } day)
            return new JsonObject { ["date"] = day.ToString(DayFormat, CultureInfo.InvariantCulture) };

        var json = new JsonObject { ["dateTime"] = Rfc3339(TimeZoneInfo.ConvertTime(At, shown)) };
        if (ZoneId is not null)
            json["timeZone"] = ZoneId;
        return json;
    }

    public static string Rfc3339(DateTimeOffset moment) =>
        moment.ToString(moment.Offset == TimeSpan.Zero ? "yyyy-MM-dd'T'HH:mm:ss'Z'" : "yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture);

    private static bool TryParse(string text, out DateTimeOffset parsed)
    {
        string[] formats = ["yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd'T'HH:mmK"];
        var isTime = DateTimeOffset.TryParseExact(text, formats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out parsed);
        parsed = parsed.AddTicks(-(parsed.Ticks % TimeSpan.TicksPerSecond));
        return isTime;
    }

    private static string? Text(JsonObject json, string name) => json[name] is JsonValue value && value.TryGetValue<string>(out var text) && text.Length > 0 ? text : null;

    [GeneratedRegex(@"(Z|[+-]\d\d:\d\d)$", RegexOptions.CultureInvariant)]
    private static partial Regex WithOffset();
}
