namespace Integrations.Sandbox.Google.Calendar;

/// <summary>Wall clocks of IANA's time zones, and the hours that they skip or have twice.</summary>
internal static class TimeZones
{
    /// <summary>Null for a name that IANA does not have.</summary>
    public static TimeZoneInfo? Find(string id) => TimeZoneInfo.TryFindSystemTimeZoneById(id, out var zone) && (zone.HasIanaId || id == "UTC") ? zone : null;

    /// <summary>
    /// The moment at which the clock shows this. An hour that comes twice is the first one; one that is skipped is as long after the change as it
    /// would have been (RFC 5545, 3.3.5).
    /// </summary>
    public static DateTimeOffset Instant(DateTime wall, TimeZoneInfo zone)
    {
        wall = DateTime.SpecifyKind(wall, DateTimeKind.Unspecified);
        var offset = zone.IsAmbiguousTime(wall) ? zone.GetAmbiguousTimeOffsets(wall).Max()
            : zone.IsInvalidTime(wall) ? zone.GetUtcOffset(wall.AddHours(-3))
            : zone.GetUtcOffset(wall);
        return new DateTimeOffset(wall, offset);
    }

    public static DateTime Wall(DateTimeOffset instant, TimeZoneInfo zone) => TimeZoneInfo.ConvertTime(instant, zone).DateTime;
}
