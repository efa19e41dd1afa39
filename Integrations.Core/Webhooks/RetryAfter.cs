using System.Globalization;
using System.Net.Http.Headers;

namespace Integrations.Core.Webhooks;

/// <summary>The header <c>Retry-After</c> (RFC 9110, 10.2.3): <c>120</c>, or <c>Fri, 31 Dec 1999 23:59:59 GMT</c>.</summary>
internal static class RetryAfter
{
    /// <summary>What is longer counts as this: a bound for the arithmetic, not for the waiting.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromDays(365);

    /// <summary>How long from now; nothing for a time that is past.</summary>
    /// <param name="header">Seconds may have fractions, which some servers send and which are rounded up.</param>
    /// <returns>Null for what is neither form.</returns>
    public static TimeSpan? Read(string? header, DateTimeOffset now)
    {
        // To double.TryParse NaN and Infinity are numbers as well.
        if (header?.Trim() is [>= '0' and <= '9', ..] text && double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds))
            return seconds < Longest.TotalSeconds ? TimeSpan.FromSeconds(Math.Ceiling(seconds)) : Longest;

        if (!RetryConditionHeaderValue.TryParse(header, out var parsed) || parsed.Date is not { } date)
            return null;

        var wait = date - now;
        return wait < TimeSpan.Zero ? TimeSpan.Zero : wait > Longest ? Longest : wait;
    }
}
