using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using NSec.Cryptography;

namespace Integrations.Core.Webhooks;

/// <summary>
/// An ed25519 key pair (RFC 8032): the receiver checks with <see cref="PublicKey"/> and cannot sign. The private half is <c>whsk_</c> and the base64 of
/// the 32 bytes of the seed followed by the 32 of the public key.
/// </summary>
/// <remarks>The computation is libsodium's, which takes the same time for every key.</remarks>
public sealed class WebhookKeyPair : WebhookKey
{
    public const string PrivatePrefix = "whsk_";
    public const string PublicPrefix = "whpk_";

    private const int SeedBytes = 32;
    private const int PublicBytes = 32;

    private readonly byte[] _seed;
    private readonly byte[] _public;

    private WebhookKeyPair(ReadOnlySpan<byte> seed)
    {
        using var key = Import(seed);
        (_seed, _public) = (seed.ToArray(), key.PublicKey.Export(KeyBlobFormat.RawPublicKey));
    }

    public override string Version => "v1a";

    /// <summary>What the receiver is given; no secret.</summary>
    public string PublicKey => PublicPrefix + Convert.ToBase64String(_public);

    /// <summary>A new one from the system's random numbers.</summary>
    public static WebhookKeyPair Make()
    {
        Span<byte> seed = stackalloc byte[SeedBytes];
        RandomNumberGenerator.Fill(seed);
        var pair = new WebhookKeyPair(seed);
        CryptographicOperations.ZeroMemory(seed);
        return pair;
    }

    /// <summary>False as well where the two halves do not belong together: nobody could check what they sign.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out WebhookKeyPair? pair)
    {
        pair = null;
        if (text?.StartsWith(PrivatePrefix, StringComparison.Ordinal) is not true)
            return false;

        Span<byte> bytes = stackalloc byte[MaxLength];
        if (Decode(text, PrivatePrefix, bytes) == SeedBytes + PublicBytes)
        {
            var parsed = new WebhookKeyPair(bytes[..SeedBytes]);
            if (bytes[SeedBytes..(SeedBytes + PublicBytes)].SequenceEqual(parsed._public))
                pair = parsed;
        }

        CryptographicOperations.ZeroMemory(bytes);
        return pair is not null;
    }

    public override string Reveal() => PrivatePrefix + Convert.ToBase64String([.. _seed, .. _public]);

    internal override string Sign(ReadOnlySpan<byte> content)
    {
        // Imported each time: the library's own key is memory of the system that somebody would have to give back.
        using var key = Import(_seed);
        return $"v1a,{Convert.ToBase64String(SignatureAlgorithm.Ed25519.Sign(key, content))}";
    }

    private static Key Import(ReadOnlySpan<byte> seed) => Key.Import(SignatureAlgorithm.Ed25519, seed, KeyBlobFormat.RawPrivateKey);
}
