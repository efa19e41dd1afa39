using System.Globalization;
using Integrations.Web.Texts;
using Microsoft.Extensions.Localization;

namespace Integrations.Web.Layout;

/// <summary>A length of time as people say it, in the reader's language and with one unit.</summary>
internal static class Duration
{
    public static string Of(TimeSpan time, IStringLocalizer<Text> texts) => time switch
    {
        { TotalSeconds: < 1 } => texts["Unit_ms", Number(time.TotalMilliseconds, 0)],
        { TotalSeconds: < 10 } => texts["Unit_s", Number(time.TotalSeconds, 1)],
        { TotalMinutes: < 2 } => texts["Unit_s", Number(time.TotalSeconds, 0)],
        { TotalHours: < 2 } => texts["Unit_min", Number(time.TotalMinutes, 0)],
        { TotalDays: < 2 } => texts["Unit_h", Number(time.TotalHours, 0)],
        _ => texts["Unit_d", Number(time.TotalDays, 0)],
    };

    private static string Number(double value, int decimals) => Math.Round(value, decimals).ToString("#,0.#", CultureInfo.CurrentCulture);
}
