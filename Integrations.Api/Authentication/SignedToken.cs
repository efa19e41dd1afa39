using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;

namespace Integrations.Api.Authentication;

/// <summary>A compact JWS token (RFC 7515 section 7.1), taken apart and not yet believed.</summary>
/// <param name="Algorithm">What its header says. It is compared with the algorithm of a key and chooses none.</param>
/// <param name="KeyId">An opaque name, compared character by character; null when the header has none.</param>
/// <remarks>
/// A key has one algorithm (<see cref="TokenKey"/>), so <c>none</c> and the confusion of public keys with shared secrets are out of
/// reach. Headers that bring a key or an address of one along are refused: whose key counts is decided here alone.
/// </remarks>
internal sealed record SignedToken(string Algorithm, string? KeyId, byte[] SigningInput, byte[] Payload, byte[] Signature)
{
    /// <summary>Characters. A user service's token is a few hundred, twice that with an RSA signature; more is refused before anything is decoded.</summary>
    public const int MaxLength = 8192;

    private const int MaxKeyId = 256;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 8 };

    /// <summary>RFC 7515 sections 4.1.2, 4.1.3, 4.1.5 and 4.1.6, and 4.1.11: whoever does not understand what <c>crit</c> lists must refuse, and we understand no extension.</summary>
    private static readonly string[] RefusedHeaders = ["jku", "jwk", "x5u", "x5c", "crit"];

    /// <summary>Null for what is no such token. Says nothing of its signature.</summary>
    public static SignedToken? Read(string token)
    {
        if (token.Length is 0 or > MaxLength)
            return null;

        var firstDot = token.IndexOf('.', StringComparison.Ordinal);
        var lastDot = token.LastIndexOf('.');
        if (firstDot <= 0 || lastDot == firstDot || token.IndexOf('.', firstDot + 1) != lastDot)
            return null;

        // Decoding comes first: it leaves nothing in the signing input that is not ASCII.
        return TryDecode(token.AsSpan(0, firstDot), out var header)
            && TryDecode(token.AsSpan(firstDot + 1, lastDot - firstDot - 1), out var payload)
            && TryDecode(token.AsSpan(lastDot + 1), out var signature)
            && TryReadHeader(header, out var algorithm, out var keyId)
                ? new(algorithm, keyId, Encoding.ASCII.GetBytes(token[..lastDot]), payload, signature)
                : null;
    }

    /// <summary>Whether the key made the signature, by the key's own algorithm, which the header must name.</summary>
    public bool IsSignedBy(TokenKey key) =>
        string.Equals(Algorithm, key.Algorithm, StringComparison.Ordinal) && key.Verifies(SigningInput, Signature);

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

    private static bool TryReadHeader(byte[] header, [NotNullWhen(true)] out string? algorithm, out string? keyId)
    {
        (algorithm, keyId) = (null, null);
        using var document = Parse(header);
        if (document is null)
            return false;

        var root = document.RootElement;
        if (RefusedHeaders.Any(name => root.TryGetProperty(name, out _)))
            return false;

        algorithm = Text(root, "alg");
        keyId = Text(root, "kid");
        return algorithm is not null
            && (keyId is { Length: > 0 and <= MaxKeyId } || !root.TryGetProperty("kid", out _))
            && (!root.TryGetProperty("typ", out _) || IsTokenType(Text(root, "typ")));
    }

    /// <summary>RFC 7519 section 5.1 and RFC 9068 section 2.1; media types are compared without regard to case.</summary>
    private static bool IsTokenType(string? type) =>
        "JWT".Equals(type, StringComparison.OrdinalIgnoreCase) || "at+jwt".Equals(type, StringComparison.OrdinalIgnoreCase);

    /// <summary>Parses a header, a payload or a key set strictly: one object, no property twice.</summary>
    internal static JsonDocument? Parse(byte[] json)
    {
        try
        {
            var document = JsonDocument.Parse(json, Strict);
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

    /// <summary>A text by its name; null for what is none.</summary>
    internal static string? Text(JsonElement root, string name) => root.TryGetProperty(name, out var value) ? Text(value) : null;

    internal static string? Text(JsonElement value)
    {
        if (value.ValueKind is not JsonValueKind.String)
            return null;

        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            // How the reader reports half a surrogate pair; such a text is as good as none.
            return null;
        }
    }
}
