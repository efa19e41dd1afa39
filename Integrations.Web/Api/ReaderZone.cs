using System.Globalization;
using Microsoft.JSInterop;

namespace Integrations.Web.Api;

/// <summary>The time zone of the person in front of the page, as the browser names it; UTC until it is known.</summary>
internal sealed class ReaderZone(IJSRuntime browser, TimeProvider time)
{
    private TimeZoneInfo? _zone;

    private static CultureInfo Culture => CultureInfo.CurrentCulture;

    /// <summary>Asks the browser once for each circuit.</summary>
    public async Task TakeAsync(CancellationToken cancellationToken)
    {
        if (_zone is not null)
            return;
        var name = await browser.InvokeAsync<string?>("integrations.zone", cancellationToken);
        _zone = name is not null && TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) ? zone : TimeZoneInfo.Utc;
    }

    public DateTimeOffset Now => In(time.GetUtcNow());

    public DateTimeOffset In(DateTimeOffset moment) => TimeZoneInfo.ConvertTime(moment, _zone ?? TimeZoneInfo.Utc);

    /// <summary>The time of a moment of today, otherwise its date.</summary>
    public string Short(DateTimeOffset moment)
    {
        var local = In(moment);
        return local.Date == Now.Date ? local.ToString("t", Culture) : local.ToString(local.Year == Now.Year ? "M" : "d", Culture);
    }
}
