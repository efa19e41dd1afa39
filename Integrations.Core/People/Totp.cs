using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Integrations.Core.People;

/// <summary>One-time passwords by time (RFC 6238) as authenticator apps make them: HMAC-SHA-1, six digits, steps of 30 seconds from 1970.</summary>
public static class Totp
{
    public const int Digits = 6;

    /// <summary>RFC 4226 section 4 asks for 160 bits.</summary>
    public const int SecretBytes = 20;

    private const int StepSeconds = 30;

    /// <summary>Steps by which a phone's clock may be off, in either direction (RFC 6238 section 5.2).</summary>
    private const int Drift = 1;

    private const string Base32Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

    /// <summary>The step of this moment or of a neighbour whose code this is; null when it is none of theirs.</summary>
    /// <remarks>All steps are compared, each in constant time.</remarks>
    public static long? StepOf(ReadOnlySpan<byte> secret, string code, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(code);
        var current = now.ToUnixTimeSeconds() / StepSeconds;
        long? found = null;
        for (var step = current - Drift; step <= current + Drift; step++)
        {
            if (CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(CodeOf(secret, step)), Encoding.UTF8.GetBytes(code)))
                found = step;
        }

        return found;
    }

    public static string CodeAt(ReadOnlySpan<byte> secret, DateTimeOffset time) => CodeOf(secret, time.ToUnixTimeSeconds() / StepSeconds);

    /// <summary>What an authenticator reads from a QR code: <c>otpauth://totp/…</c> with the secret in base32.</summary>
    public static string Address(string issuer, string account, ReadOnlySpan<byte> secret) =>
        $"otpauth://totp/{Uri.EscapeDataString(issuer)}:{Uri.EscapeDataString(account)}?secret={Base32(secret)}&issuer={Uri.EscapeDataString(issuer)}";

    /// <summary>RFC 4648 section 6, without padding, which authenticators do not expect.</summary>
    public static string Base32(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder((bytes.Length * 8 + 4) / 5);
        int buffer = 0, bits = 0;
        foreach (var b in bytes)
        {
            buffer = (buffer << 8) | b;
            bits += 8;
            while (bits >= 5)
            {
                bits -= 5;
                text.Append(Base32Alphabet[(buffer >> bits) & 31]);
            }

            buffer &= (1 << bits) - 1;
        }

        if (bits > 0)
            text.Append(Base32Alphabet[(buffer << (5 - bits)) & 31]);
        return text.ToString();
    }

    /// <summary>RFC 4226 section 5.3 over the number of the step.</summary>
    internal static string CodeOf(ReadOnlySpan<byte> secret, long step, int digits = Digits)
    {
        Span<byte> counter = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(counter, step);
        Span<byte> hash = stackalloc byte[HMACSHA1.HashSizeInBytes];
#pragma warning disable CA5350 // The algorithm that authenticator apps have; HMAC does not rest on what is broken in SHA-1.
        HMACSHA1.HashData(secret, counter, hash);
#pragma warning restore CA5350
        var offset = hash[^1] & 15;
        var number = BinaryPrimitives.ReadInt32BigEndian(hash[offset..]) & int.MaxValue;
        return (number % (int)Math.Pow(10, digits)).ToString(CultureInfo.InvariantCulture).PadLeft(digits, '0');
    }
}
