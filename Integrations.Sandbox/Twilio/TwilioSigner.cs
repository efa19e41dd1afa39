using System.Security.Cryptography;
using System.Text;

namespace Integrations.Sandbox.Twilio;

/// <summary>
/// What Twilio puts into <c>X-Twilio-Signature</c>. Written apart from the product's verifier: a simulation that signed by the code under test
/// would agree with its mistakes.
/// </summary>
public static class TwilioSigner
{
    /// <param name="url">Exactly as requested, without the fragment.</param>
    /// <param name="form">Decoded; empty for GET and for JSON. A name that stands twice counts with each of its values once, in ordinal order.</param>
    public static string Sign(string authToken, string url, IEnumerable<KeyValuePair<string, string>> form)
    {
        ArgumentNullException.ThrowIfNull(authToken);
        var data = new StringBuilder(url);
        var pairs = form.Distinct().OrderBy(pair => pair.Key, StringComparer.Ordinal).ThenBy(pair => pair.Value, StringComparer.Ordinal);
        foreach (var (name, value) in pairs)
            data.Append(name).Append(value);

#pragma warning disable CA5350 // Twilio's signature is HMAC-SHA1, and nobody may choose another.
        return Convert.ToBase64String(HMACSHA1.HashData(Encoding.UTF8.GetBytes(authToken), Encoding.UTF8.GetBytes(data.ToString())));
#pragma warning restore CA5350
    }

    /// <summary>The address of a JSON webhook: with the body's hash, which the signature covers in this way.</summary>
    public static string WithBodyHash(string url, ReadOnlySpan<byte> body) =>
        $"{url}{(url.Contains('?', StringComparison.Ordinal) ? '&' : '?')}bodySHA256={Convert.ToHexStringLower(SHA256.HashData(body))}";
}
