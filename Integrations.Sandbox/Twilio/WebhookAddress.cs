using System.Globalization;

namespace Integrations.Sandbox.Twilio;

/// <summary>Why a try of a webhook failed, in the words of the override <c>rp</c>.</summary>
internal enum WebhookFailure
{
    /// <summary><c>ct</c>: no connection, or not in time.</summary>
    Connect,

    /// <summary><c>rt</c>: no answer, or not in time.</summary>
    Read,

    /// <summary><c>4xx</c></summary>
    ClientError,

    /// <summary><c>5xx</c></summary>
    ServerError,

    /// <summary>Redirects without end; only <c>all</c> tries those again.</summary>
    Redirects,
}

/// <summary>A configured webhook: the address that is requested and signed, and from its fragment how.</summary>
/// <remarks>For example <c>https://host/hook#rc=3&amp;rp=ct,rt,5xx&amp;rt=5000</c>; times are milliseconds. What is out of bounds is brought within them.</remarks>
internal sealed record WebhookAddress(string Url, TimeSpan Connect, TimeSpan Read, TimeSpan Total, int Retries, IReadOnlySet<WebhookFailure> Retried)
{
    public static WebhookAddress Parse(string configured)
    {
        var hash = configured.IndexOf('#', StringComparison.Ordinal);
        var overrides = (hash < 0 ? "" : configured[(hash + 1)..]).Split('&').Select(pair => pair.Split('=', 2)).Where(pair => pair.Length == 2)
            .GroupBy(pair => pair[0]).ToDictionary(same => same.Key, same => same.Last()[1], StringComparer.Ordinal);
        return new WebhookAddress(
            hash < 0 ? configured : configured[..hash],
            TimeSpan.FromMilliseconds(Number("ct", 5000, 100, 10_000)),
            TimeSpan.FromMilliseconds(Number("rt", 15_000, 100, 15_000)),
            TimeSpan.FromMilliseconds(Number("tt", 15_000, 100, 15_000)),
            Number("rc", 1, 0, 5),
            (overrides.GetValueOrDefault("rp") ?? "ct").Split(',').SelectMany(Failures).ToHashSet());

        int Number(string name, int otherwise, int least, int most) =>
            overrides.TryGetValue(name, out var text) && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                ? Math.Clamp(number, least, most)
                : otherwise;
    }

    private static WebhookFailure[] Failures(string policy) => policy switch
    {
        "ct" => [WebhookFailure.Connect],
        "rt" => [WebhookFailure.Read],
        "4xx" => [WebhookFailure.ClientError],
        "5xx" => [WebhookFailure.ServerError],
        "all" => Enum.GetValues<WebhookFailure>(),
        _ => [],
    };
}
