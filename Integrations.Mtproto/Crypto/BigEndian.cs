using System.Numerics;

namespace Integrations.Mtproto.Crypto;

/// <summary>Unsigned big-endian numbers, the form in which MTProto carries all of them.</summary>
internal static class BigEndian
{
    public static BigInteger Read(ReadOnlySpan<byte> bytes) => new(bytes, isUnsigned: true, isBigEndian: true);

    /// <summary>Without leading zeros.</summary>
    public static byte[] Minimal(BigInteger value) => value.ToByteArray(isUnsigned: true, isBigEndian: true);

    /// <summary>Left-padded with zeros to <paramref name="size"/> bytes.</summary>
    public static byte[] Padded(BigInteger value, int size)
    {
        var bytes = new byte[size];
        var needed = value.GetByteCount(isUnsigned: true);
        if (needed > size)
            throw new ArgumentOutOfRangeException(nameof(value), $"The number needs {needed} bytes and {size} are given.");

        value.TryWriteBytes(bytes.AsSpan(size - needed), out _, isUnsigned: true, isBigEndian: true);
        return bytes;
    }
}
