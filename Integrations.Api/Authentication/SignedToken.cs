using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Integrations.Api.Authentication;

/// <summary>Opens compact JWS tokens (RFC 7515 section 7.1) that are signed with HS256 (RFC 7518 section 3.2), and nothing else.</summary>
/// <remarks>
/// The algorithm is pinned here and only compared with the token's own <c>alg</c>: a token never chooses how it is verified,
/// so <c>none</c> and the confusion of public keys with shared secrets are out of reach.
/// </remarks>
internal static class SignedToken
{
    /// <summary>Characters. A user service's token is a few hundred; more is refused before anything is decoded.</summary>
    public const int MaxLength = 8192;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 8 };

    /// <summary>The payload of a token whose signature holds, or null. Says nothing of the claims inside.</summary>
    public static byte[]? Open(string token, ReadOnlySpan<byte> key)
    {
        if (token.Length is 0 or > MaxLength)
            return null;

        var firstDot = token.IndexOf('.', StringComparison.Ordinal);
        var lastDot = token.LastIndexOf('.');
        if (firstDot <= 0 || lastDot == firstDot || token.IndexOf('.', firstDot + 1) != lastDot)
            return null;

        if (!TryDecode(token.AsSpan(lastDot + 1), out var signature) || signature.Length != HMACSHA256.HashSizeInBytes)
            return null;

        // The signing input is the text as received; anything that is not ASCII turns into '?' and cannot match.
        var expected = HMACSHA256.HashData(key, Encoding.ASCII.GetBytes(token[..lastDot]));
        if (!CryptographicOperations.FixedTimeEquals(expected, signature))
            return null;

        return TryDecode(token.AsSpan(0, firstDot), out var header) && IsOurs(header)
            && TryDecode(token.AsSpan(firstDot + 1, lastDot - firstDot - 1), out var payload) ? payload : null;
    }

    /// <summary>base64url without padding (RFC 7515 section 2), in the one spelling that a value has.</summary>
    internal static bool TryDecode(ReadOnlySpan<char> text, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = null;
        // The framework's decoder passes over whitespace and accepts padding; both would be second spellings of one value.
        foreach (var c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_'))
                return false;
        }

        var buffer = new byte[Base64Url.GetMaxDecodedLength(text.Length)];
        if (Base64Url.DecodeFromChars(text, buffer, out _, out var written) is not OperationStatus.Done)
            return false;

        bytes = buffer[..written];
        // The unused bits of the last character must be zero: the value has to be spelled as we would spell it.
        return text.SequenceEqual(Base64Url.EncodeToString(bytes));
    }

    private static bool IsOurs(byte[] header)
    {
        try
        {
            using var document = JsonDocument.Parse(header, Strict);
            var root = document.RootElement;
            return root.ValueKind is JsonValueKind.Object
                && root.TryGetProperty("alg", out var alg) && alg.ValueKind is JsonValueKind.String && alg.ValueEquals("HS256")
                // RFC 7515 section 4.1.11: whoever does not understand what is listed must refuse, and we understand no extension.
                && !root.TryGetProperty("crit", out _)
                && (!root.TryGetProperty("typ", out var type)
                    || (type.ValueKind is JsonValueKind.String && IsTokenType(type.GetString()!)));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The latter is how the reader reports half a surrogate pair.
            return false;
        }
    }

    /// <summary>RFC 7519 section 5.1 and RFC 9068 section 2.1; media types are compared without regard to case.</summary>
    private static bool IsTokenType(string type) =>
        type.Equals("JWT", StringComparison.OrdinalIgnoreCase) || type.Equals("at+jwt", StringComparison.OrdinalIgnoreCase);

    /// <summary>Parses a payload as strictly as the header: one object, no property twice.</summary>
    internal static JsonDocument? Parse(byte[] payload)
    {
        try
        {
            var document = JsonDocument.Parse(payload, Strict);
            if (document.RootElement.ValueKind is JsonValueKind.Object)
                return document;
            document.Dispose();
            return null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
