using System.Globalization;
using System.Text.Json.Nodes;

namespace Integrations.Sandbox.Google.Calendar;

/// <summary>The lines of an event's <c>recurrence</c>: one RRULE, and RDATE and EXDATE lines.</summary>
internal sealed class EventRecurrence
{
    /// <summary>Bounds what a rule without an end costs.</summary>
    private const int OccurrencesMax = 20_000;

    private readonly RecurrenceRule? _rule;
    private readonly List<EventTime> _added = [];
    private readonly HashSet<DateTimeOffset> _excludedTimes = [];
    private readonly HashSet<DateOnly> _excludedDays = [];

    private EventRecurrence(JsonArray lines, EventTime start)
    {
        foreach (var line in lines)
        {
            var text = line is JsonValue value && value.TryGetValue<string>(out var found) ? found : "";
            var colon = text.IndexOf(':', StringComparison.Ordinal);
            if (colon < 0)
                throw Refuse();

            string[] head = text[..colon].Split(';');
            switch (head[0].ToUpperInvariant())
            {
                case "RRULE" when _rule is null:
                    _rule = RecurrenceRule.Parse(text[(colon + 1)..]);
                    break;
                case "RDATE":
                    _added.AddRange(Times(head, text[(colon + 1)..], start));
                    break;
                case "EXDATE":
                    foreach (var time in Times(head, text[(colon + 1)..], start))
                    {
                        if (time.Day is { } day)
                            _excludedDays.Add(day);
                        else
                            _excludedTimes.Add(time.At);
                    }

                    break;
                default:
                    throw Refuse();
            }
        }
    }

    /// <summary>Null where the event does not recur.</summary>
    public static EventRecurrence? Read(JsonNode? json, EventTime start) => json switch
    {
        null => null,
        JsonArray { Count: 0 } => null,
        JsonArray when start.Day is null && start.ZoneId is null => throw GoogleRefusal.Required("Missing time zone definition for start time."),
        JsonArray lines => new EventRecurrence(lines, start),
        _ => throw Refuse(),
    };

    /// <summary>The starts in order, up to but without <paramref name="before"/>; the first is the event's own, whether the rule has it or not.</summary>
    public IEnumerable<EventTime> Occurrences(EventTime start, TimeZoneInfo calendarZone, DateTimeOffset before)
    {
        var added = new Queue<EventTime>(_added.DistinctBy(time => time.Suffix).OrderBy(time => time.Instant(calendarZone)));
        EventTime? last = null;
        foreach (var ruled in Ruled(start, calendarZone).Take(OccurrencesMax))
        {
            var isPast = ruled.Instant(calendarZone) >= before;
            var limit = isPast ? before : ruled.Instant(calendarZone);
            while (added.TryPeek(out var extra) && extra.Instant(calendarZone) < limit)
            {
                if (IsKept(added.Dequeue(), last, calendarZone))
                    yield return last = extra;
            }

            if (isPast)
                yield break;
            if (IsKept(ruled, last, calendarZone))
                yield return last = ruled;
        }

        foreach (var extra in added.Where(extra => extra.Instant(calendarZone) < before))
        {
            if (IsKept(extra, last, calendarZone))
                yield return last = extra;
        }
    }

    private bool IsKept(EventTime time, EventTime? last, TimeZoneInfo calendarZone) =>
        time.Suffix != last?.Suffix
        && (time.Day is { } day
            ? !_excludedDays.Contains(day)
            : !_excludedTimes.Contains(time.At) && !_excludedDays.Contains(DateOnly.FromDateTime(TimeZones.Wall(time.At, Zone(time, calendarZone)))));

    private IEnumerable<EventTime> Ruled(EventTime start, TimeZoneInfo calendarZone)
    {
        yield return start;
        if (_rule is null)
            yield break;

        var zone = Zone(start, calendarZone);
        var wall = start.Day is { } first ? first.ToDateTime(TimeOnly.MinValue) : TimeZones.Wall(start.At, zone);
        var count = 1;
        foreach (var next in _rule.Walk(wall).SkipWhile(next => next == wall))
        {
            var time = start.Day is null ? EventTime.Of(TimeZones.Instant(next, zone), start.ZoneId) : EventTime.On(DateOnly.FromDateTime(next));
            if (++count > _rule.Count || DateOnly.FromDateTime(next) > _rule.UntilDay || time.Instant(calendarZone) > _rule.UntilAt)
                yield break;

            yield return time;
        }
    }

    private static TimeZoneInfo Zone(EventTime time, TimeZoneInfo calendarZone) => time.ZoneId is { } id ? TimeZones.Find(id)! : calendarZone;

    /// <summary>Of <c>EXDATE;TZID=Europe/Berlin:20260512T100000,20260513T100000</c>, <c>…:20260512T080000Z</c> or <c>…;VALUE=DATE:20260512</c>.</summary>
    private static IEnumerable<EventTime> Times(string[] head, string values, EventTime start)
    {
        var zoneId = head.Skip(1).FirstOrDefault(part => part.StartsWith("TZID=", StringComparison.OrdinalIgnoreCase))?["TZID=".Length..] ?? start.ZoneId;
        var zone = zoneId is null ? TimeZoneInfo.Utc : TimeZones.Find(zoneId) ?? throw Refuse();
        foreach (var value in values.Split(','))
        {
            // A timed event may leave out a day, but it cannot have one added.
            if (DateOnly.TryParseExact(value, "yyyyMMdd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) && (start.Day is not null || !head[0].StartsWith('R')))
                yield return EventTime.On(day);
            else if (start.Day is null && DateTime.TryParseExact(value.TrimEnd('Z'), "yyyyMMdd'T'HHmmss", CultureInfo.InvariantCulture, DateTimeStyles.None, out var wall))
                yield return EventTime.Of(TimeZones.Instant(wall, value.EndsWith('Z') ? TimeZoneInfo.Utc : zone), start.ZoneId);
            else
                throw Refuse();
        }
    }

    private static GoogleRefusal Refuse() => GoogleRefusal.Invalid("Invalid recurrence rule.");
}
