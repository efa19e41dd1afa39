using System.Globalization;
using Microsoft.JSInterop;

namespace Integrations.Web.Api;

/// <summary>The time zone of the person in front of the page: the one he chose, else as the browser names it; UTC until it is known.</summary>
internal sealed class ReaderZone(IJSRuntime browser, IntegrationsApi api, TimeProvider time)
{
    private TimeZoneInfo? _zone;

    private static CultureInfo Culture => CultureInfo.CurrentCulture;

    /// <summary>The zones that can be chosen, by their names in the IANA database.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        "UTC",
        .. TimeZoneInfo.GetSystemTimeZones().Where(zone => zone.HasIanaId).Select(zone => zone.Id)
            .Where(id => id.Contains('/', StringComparison.Ordinal) && !id.StartsWith("Etc/", StringComparison.Ordinal)).Distinct().Order(StringComparer.Ordinal),
    ];

    /// <summary>Asks for the choice, or the browser, once for each circuit.</summary>
    public async Task TakeAsync(CancellationToken cancellationToken)
    {
        if (_zone is not null)
            return;
        await ChooseAsync(await ChosenAsync(cancellationToken), cancellationToken);
    }

    /// <param name="name">Of the IANA database; null for the browser's.</param>
    public async Task ChooseAsync(string? name, CancellationToken cancellationToken)
    {
        name ??= await browser.InvokeAsync<string?>("integrations.zone", cancellationToken);
        _zone = name is not null && TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) ? zone : TimeZoneInfo.Utc;
    }

    private async Task<string?> ChosenAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await api.PreferencesAsync(cancellationToken)).TimeZone;
        }
        catch (Exception e) when (e is ApiException or HttpRequestException)
        {
            // The page says that the Api is away; times are the browser's until it is back.
            return null;
        }
    }

    /// <summary>As the Api takes it.</summary>
    public string Name => _zone?.Id ?? "UTC";

    public DateTimeOffset Now => In(time.GetUtcNow());

    public DateTimeOffset In(DateTimeOffset moment) => TimeZoneInfo.ConvertTime(moment, _zone ?? TimeZoneInfo.Utc);

    /// <summary>A moment that the reader names by his clock. Of an hour that comes twice the first is meant; one that does not come is as far after the change.</summary>
    public DateTimeOffset Of(DateTime local)
    {
        var zone = _zone ?? TimeZoneInfo.Utc;
        var clock = DateTime.SpecifyKind(local, DateTimeKind.Unspecified);
        var offset = zone.IsAmbiguousTime(clock) ? zone.GetAmbiguousTimeOffsets(clock).Max() : zone.GetUtcOffset(clock);
        return new(clock, offset);
    }

    /// <summary>The time of a moment of today, otherwise its date.</summary>
    public string Short(DateTimeOffset moment)
    {
        var local = In(moment);
        return local.Date == Now.Date ? local.ToString("t", Culture) : local.ToString(local.Year == Now.Year ? "M" : "d", Culture);
    }
}
