namespace Integrations.Sandbox.Google.Calendar;

/// <summary>What somebody may do with a calendar.</summary>
public enum CalendarRole
{
    FreeBusyReader,
    Reader,
    Writer,
    Owner,
}

/// <summary>A calendar and its events. Whoever calls holds the lock of <see cref="SandboxGoogle"/>.</summary>
internal sealed class GoogleCalendar(string id, string owner, string summary, string timeZone, string resourceId)
{
    /// <summary>How far a series without an end is looked at where nobody says.</summary>
    private static readonly TimeSpan Reach = TimeSpan.FromDays(731);

    public string Id => id;

    public string Owner => owner;

    public string Summary => summary;

    public string? Description { get; init; }

    public string? Location { get; init; }

    public string TimeZone => timeZone;

    public TimeZoneInfo Zone { get; } = TimeZones.Find(timeZone) ?? throw GoogleRefusal.Invalid("Invalid time zone.");

    /// <summary>Of push channels: the same for all that watch this calendar's events.</summary>
    public string ResourceId => resourceId;

    public bool IsPrimary => id == owner;

    /// <summary>By address.</summary>
    public Dictionary<string, CalendarRole> Roles { get; } = new(StringComparer.OrdinalIgnoreCase) { [owner] = CalendarRole.Owner };

    public Dictionary<string, CalendarEvent> Events { get; } = new(StringComparer.Ordinal);

    /// <summary>Counts what was written.</summary>
    public long Change { get; set; }

    /// <summary>Sync tokens of an earlier one are answered with 410.</summary>
    public int SyncEpoch { get; set; }

    public DateTimeOffset Updated { get; set; }

    /// <summary>An event by its id, or an occurrence by that of its series and its time; null where there is none.</summary>
    public EventItem? Find(string eventId)
    {
        if (Events.TryGetValue(eventId, out var stored))
            return EventItem.Of(stored);
        if (eventId.LastIndexOf('_') is not (> 0 and var cut) || !Events.TryGetValue(eventId[..cut], out var series) || series.Content.Recurrence is null || series.IsCancelled)
            return null;

        return Occurrences(series, DateTimeOffset.MaxValue).FirstOrDefault(item => item.Id == eventId);
    }

    /// <summary>The occurrences that are as their series says; those that differ are events of their own.</summary>
    public IEnumerable<EventItem> Occurrences(CalendarEvent series, DateTimeOffset before)
    {
        var content = series.Content;
        foreach (var start in content.Recurrence!.Occurrences(content.Start, Zone, before))
        {
            var occurrence = $"{series.Id}_{start.Suffix}";
            if (!Events.ContainsKey(occurrence))
                yield return new EventItem(series, occurrence, start, content.End.Following(content.Start, start), start);
        }
    }

    /// <summary>Where a look at a series ends that nobody bounded.</summary>
    public DateTimeOffset Horizon(CalendarEvent series, DateTimeOffset now, DateTimeOffset? from = null) =>
        new[] { now, series.Content.Start.Instant(Zone), from ?? now }.Max() + Reach;

    /// <summary>What those who see single events see of it.</summary>
    public IReadOnlyList<EventItem> Singles(CalendarEvent stored, DateTimeOffset now) =>
        stored.IsCancelled ? [] : stored.Content.Recurrence is null ? [EventItem.Of(stored)] : [.. Occurrences(stored, Horizon(stored, now))];
}
