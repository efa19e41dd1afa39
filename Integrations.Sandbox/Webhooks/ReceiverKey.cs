using System.Security.Cryptography;
using NSec.Cryptography;
using PublicKey = NSec.Cryptography.PublicKey;

namespace Integrations.Sandbox.Webhooks;

/// <summary>
/// What a receiver checks signatures with. Written from the specification alone and sharing no code with the sender: if both
/// misread it, they do not misread it alike.
/// </summary>
internal sealed class ReceiverKey
{
    private const string SecretPrefix = "whsec_";
    private const string PublicPrefix = "whpk_";

    private readonly byte[]? _secret;
    private readonly PublicKey? _public;

    private ReceiverKey(byte[]? secret, PublicKey? publicKey) => (_secret, _public) = (secret, publicKey);

    public static bool IsKey(string? text) => TryRead(text) is not null;

    /// <exception cref="ArgumentException">It is none; the message does not show it.</exception>
    public static ReceiverKey Read(string? text) => TryRead(text) ?? throw new ArgumentException("Not a key of a receiver.", nameof(text));

    /// <summary>Whether one of the items is its signature of the content. The first field is the version, <c>v1</c> for HMAC-SHA256 and <c>v1a</c> for ed25519.</summary>
    public bool HasSigned(ReadOnlySpan<byte> content, IReadOnlyList<(string Version, byte[] Bytes)> signatures)
    {
        if (_secret is not null)
        {
            Span<byte> expected = stackalloc byte[HMACSHA256.HashSizeInBytes];
            HMACSHA256.HashData(_secret, content, expected);
            foreach (var (version, bytes) in signatures)
            {
                if (version == "v1" && CryptographicOperations.FixedTimeEquals(bytes, expected))
                    return true;
            }

            return false;
        }

        foreach (var (version, bytes) in signatures)
        {
            if (version == "v1a" && SignatureAlgorithm.Ed25519.Verify(_public!, content, bytes))
                return true;
        }

        return false;
    }

    private static ReceiverKey? TryRead(string? text)
    {
        if (text is null)
            return null;

        if (text.StartsWith(SecretPrefix, StringComparison.Ordinal))
            return Base64(text[SecretPrefix.Length..]) is { Length: >= 24 and <= 64 } secret ? new ReceiverKey(secret, null) : null;

        return text.StartsWith(PublicPrefix, StringComparison.Ordinal)
            && Base64(text[PublicPrefix.Length..]) is { } bytes
            && PublicKey.TryImport(SignatureAlgorithm.Ed25519, bytes, KeyBlobFormat.RawPublicKey, out var key)
            ? new ReceiverKey(null, key)
            : null;
    }

    internal static byte[]? Base64(string text)
    {
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out var count) ? bytes[..count] : null;
    }
}
