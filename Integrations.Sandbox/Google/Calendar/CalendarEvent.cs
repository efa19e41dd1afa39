namespace Integrations.Sandbox.Google.Calendar;

/// <summary>An event as it is stored: one by itself, a series, or one occurrence of a series that differs from it.</summary>
internal sealed class CalendarEvent(string id, EventContent content, string creator, DateTimeOffset created)
{
    public string Id => id;

    public string Creator => creator;

    public DateTimeOffset Created => created;

    public EventContent Content { get; set; } = content;

    public DateTimeOffset Updated { get; set; }

    /// <summary><c>confirmed</c>, <c>tentative</c>, or <c>cancelled</c>: a deleted event stays, for those who synchronise.</summary>
    public string Status { get; set; } = "confirmed";

    public bool IsCancelled => Status == "cancelled";

    /// <summary>The series of an occurrence that differs; null for every other event.</summary>
    public string? SeriesId { get; init; }

    /// <summary>When that occurrence would have been.</summary>
    public EventTime? OriginalStart { get; init; }

    public int Sequence { get; set; }

    /// <summary>The calendar's change that touched it last: what sync tokens count by, and the etag.</summary>
    public long Change { get; set; }

    public string ETag => $"\"{Change + 3_400_000_000_000_000}\"";

    /// <summary>What those who see single events saw of it once and do not any more: by id, with the change that took it away.</summary>
    public Dictionary<string, (EventTime? Original, long Change)> Gone { get; } = new(StringComparer.Ordinal);
}

/// <summary>What a caller sees as one event: a stored one, or an occurrence that is as its series says.</summary>
/// <param name="Source">The stored event; of an occurrence, its series.</param>
/// <param name="Original">Set for every occurrence, whether it differs or not.</param>
internal sealed record EventItem(CalendarEvent Source, string Id, EventTime Start, EventTime End, EventTime? Original)
{
    public bool IsCancelled => Source.IsCancelled;

    /// <summary>An occurrence that nobody stored.</summary>
    public bool IsVirtual => Id != Source.Id;

    public string? SeriesId => IsVirtual ? Source.Id : Source.SeriesId;

    public static EventItem Of(CalendarEvent stored) => new(stored, stored.Id, stored.Content.Start, stored.Content.End, stored.OriginalStart);
}
