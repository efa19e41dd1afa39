using System.Diagnostics.CodeAnalysis;

namespace Integrations.Core.Webhooks;

/// <summary>
/// What deliveries to one endpoint are signed with, by Standard Webhooks 1.0.0: a <see cref="WebhookSecret"/> that both sides know, or a
/// <see cref="WebhookKeyPair"/> of which the receiver knows the public half. It shows itself masked wherever it is written out.
/// </summary>
public abstract class WebhookKey
{
    /// <summary>Characters; the longest form there is has 94.</summary>
    public const int MaxLength = 128;

    private protected WebhookKey()
    {
    }

    /// <summary>What marks its signatures: <c>v1</c> or <c>v1a</c>.</summary>
    public abstract string Version { get; }

    /// <summary>Enough to tell two keys apart: <c>whsec_…LaSw</c>.</summary>
    public string Masked => Mask(Reveal());

    /// <summary>
    /// The secret itself, as it is sealed and as <see cref="TryParse"/> takes it. A method, so that nothing that lists properties writes it out.
    /// </summary>
    public abstract string Reveal();

    public sealed override string ToString() => Masked;

    /// <summary>Reads a secret (<c>whsec_</c>, or its base64 alone as other senders show it) or a private key (<c>whsk_</c>).</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out WebhookKey? key)
    {
        key = text?.StartsWith(WebhookKeyPair.PrivatePrefix, StringComparison.Ordinal) is true
            ? WebhookKeyPair.TryParse(text, out var pair) ? pair : null
            : WebhookSecret.TryParse(text, out var secret) ? secret : null;
        return key is not null;
    }

    /// <summary>For one that was checked before it was stored.</summary>
    /// <exception cref="FormatException">It is none; the message does not show it.</exception>
    public static WebhookKey Parse(string text) => TryParse(text, out var key) ? key : throw new FormatException("Not a key for webhooks.");

    /// <summary>One item of <c>webhook-signature</c>: <c>v1,base64</c>.</summary>
    internal abstract string Sign(ReadOnlySpan<byte> content);

    /// <summary>The bytes behind the prefix, of at most <paramref name="room"/>'s length; 0 for anything else.</summary>
    private protected static int Decode(string? text, string prefix, Span<byte> room)
    {
        if (text is null or { Length: > MaxLength })
            return 0;

        var base64 = text.AsSpan(text.StartsWith(prefix, StringComparison.Ordinal) ? prefix.Length : 0);
        return Convert.TryFromBase64Chars(base64, room, out var count) ? count : 0;
    }

    private static string Mask(string secret)
    {
        var clear = secret.TrimEnd('=');
        return $"{clear[..(clear.IndexOf('_', StringComparison.Ordinal) + 1)]}…{clear[^4..]}";
    }
}
