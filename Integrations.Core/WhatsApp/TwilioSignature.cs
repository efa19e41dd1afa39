using System.Security.Cryptography;
using System.Text;

namespace Integrations.Core.WhatsApp;

/// <summary>
/// Whether a webhook comes from Twilio: the header <c>X-Twilio-Signature</c>, an HMAC-SHA1 under the account's primary auth token
/// (https://www.twilio.com/docs/usage/webhooks/webhooks-security). An API key's secret signs nothing.
/// </summary>
public static class TwilioSignature
{
    public const string Header = "X-Twilio-Signature";

    private const string BodyHash = "bodySHA256";

    /// <param name="authTokens">Of the account that the webhook is about; two while its token is being replaced.</param>
    /// <param name="signature">The header's value; null where it is absent.</param>
    /// <param name="url">
    /// The address as Twilio was given it: the public one, from configuration and not from <c>Host</c>. Its fragment does not count, and neither does
    /// whether it names its port, for Twilio signs either way.
    /// </param>
    /// <param name="form">All parameters received, decoded, also those that nobody knows; none for GET.</param>
    public static bool IsValid(IReadOnlyList<string> authTokens, string? signature, string url, IEnumerable<KeyValuePair<string, string>> form)
    {
        ArgumentNullException.ThrowIfNull(authTokens);
        ArgumentNullException.ThrowIfNull(url);
        if (signature is null)
            return false;

        var (given, parameters, isValid) = (Encoding.UTF8.GetBytes(signature), Flatten(form), false);
        var (bare, withPort) = PortVariants(url);
        foreach (var token in authTokens)
        {
            // Every variant is computed and compared, so that the time tells nothing.
            isValid |= Matches(given, token, bare, parameters);
            isValid |= Matches(given, token, withPort, parameters);
        }

        return isValid;
    }

    /// <summary>For a JSON body: the signature covers the address, and in it the body's hash.</summary>
    /// <param name="url">With the query, in which <c>bodySHA256</c> stands.</param>
    /// <param name="body">As received, byte for byte.</param>
    public static bool IsValidWithBody(IReadOnlyList<string> authTokens, string? signature, string url, ReadOnlySpan<byte> body)
    {
        ArgumentNullException.ThrowIfNull(url);
        var hash = Encoding.ASCII.GetBytes(Convert.ToHexStringLower(SHA256.HashData(body)));
        return HashIn(url) is { } named
            && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(named), hash)
            && IsValid(authTokens, signature, url, []);
    }

    private static bool Matches(byte[] given, string token, string url, string parameters)
    {
#pragma warning disable CA5350 // Twilio's signature is HMAC-SHA1, and nobody may choose another.
        var mac = HMACSHA1.HashData(Encoding.UTF8.GetBytes(token), Encoding.UTF8.GetBytes(url + parameters));
#pragma warning restore CA5350
        return CryptographicOperations.FixedTimeEquals(given, Encoding.ASCII.GetBytes(Convert.ToBase64String(mac)));
    }

    /// <summary>Names and values without anything between them, sorted; of a name that stands more than once, each value once.</summary>
    private static string Flatten(IEnumerable<KeyValuePair<string, string>> form) => string.Concat(
        form.Distinct().OrderBy(pair => pair.Key, StringComparer.Ordinal).ThenBy(pair => pair.Value, StringComparer.Ordinal).Select(pair => pair.Key + pair.Value));

    /// <summary>
    /// The address without a port, and with one: its own, or else that of its scheme. By hand, for <see cref="Uri"/> would change what Twilio signed:
    /// <c>https://user:pw@host:8443/it's?a=b#rc=3</c>.
    /// </summary>
    private static (string Bare, string WithPort) PortVariants(string url)
    {
        var end = url.IndexOf('#', StringComparison.Ordinal);
        if (end >= 0)
            url = url[..end];
        var begin = url.IndexOf("://", StringComparison.Ordinal) + 3;
        if (begin < 3)
            return (url, url);

        var rest = url.AsSpan(begin).IndexOfAny('/', '?');
        var pathAt = rest < 0 ? url.Length : begin + rest;
        var hostAt = url.LastIndexOf('@', pathAt - 1, pathAt - begin) is >= 0 and var at ? at + 1 : begin;
        // A colon within the brackets of an IPv6 address begins no port.
        var afterBracket = url.LastIndexOf(']', pathAt - 1, pathAt - hostAt) is >= 0 and var bracket ? bracket : hostAt;
        var portAt = url.IndexOf(':', afterBracket, pathAt - afterBracket);
        if (portAt >= 0)
            return (url[..portAt] + url[pathAt..], url);

        var port = url.StartsWith("https:", StringComparison.OrdinalIgnoreCase) ? ":443" : ":80";
        return (url, url[..pathAt] + port + url[pathAt..]);
    }

    private static string? HashIn(string url)
    {
        var query = url.IndexOf('?', StringComparison.Ordinal);
        return query < 0
            ? null
            : url[(query + 1)..].Split('#')[0].Split('&').Select(pair => pair.Split('=', 2)).FirstOrDefault(pair => pair is [BodyHash, _])?[1];
    }
}
