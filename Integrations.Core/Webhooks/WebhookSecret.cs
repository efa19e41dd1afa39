using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Integrations.Core.Webhooks;

/// <summary>A secret of one endpoint, for HMAC-SHA256: <c>whsec_</c> and the base64 of the key's bytes. The prefix is no part of the key.</summary>
public sealed class WebhookSecret : WebhookKey
{
    public const string Prefix = "whsec_";

    /// <summary>Bytes of a key, as the specification bounds them.</summary>
    public const int MinBytes = 24;
    public const int MaxBytes = 64;

    /// <summary>As much as the hash gives: a longer key adds nothing.</summary>
    private const int MadeBytes = 32;

    private readonly byte[] _key;

    private WebhookSecret(ReadOnlySpan<byte> key) => _key = key.ToArray();

    public override string Version => "v1";

    /// <summary>A new one from the system's random numbers.</summary>
    public static WebhookSecret Make() => new(RandomNumberGenerator.GetBytes(MadeBytes));

    /// <summary>With the prefix or without it; of 24 to 64 bytes.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out WebhookSecret? secret)
    {
        Span<byte> key = stackalloc byte[MaxLength];
        var count = Decode(text, Prefix, key);
        secret = count is >= MinBytes and <= MaxBytes ? new WebhookSecret(key[..count]) : null;
        CryptographicOperations.ZeroMemory(key);
        return secret is not null;
    }

    public override string Reveal() => Prefix + Convert.ToBase64String(_key);

    internal override string Sign(ReadOnlySpan<byte> content)
    {
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(_key, content, hash);
        return $"v1,{Convert.ToBase64String(hash)}";
    }
}
