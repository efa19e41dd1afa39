using System.Buffers.Binary;

namespace Integrations.Mtproto.Crypto;

internal static class RandomSourceExtensions
{
    public static byte[] NextBytes(this IRandomSource random, int count)
    {
        var bytes = new byte[count];
        random.Fill(bytes);
        return bytes;
    }

    public static long NextInt64(this IRandomSource random)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        random.Fill(bytes);
        return BinaryPrimitives.ReadInt64LittleEndian(bytes);
    }

    public static uint NextUInt32(this IRandomSource random)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        random.Fill(bytes);
        return BinaryPrimitives.ReadUInt32LittleEndian(bytes);
    }

    /// <summary>A fraction in [0, 1), for jitter; its slight bias does not matter there.</summary>
    public static double NextFraction(this IRandomSource random) => random.NextUInt32() / ((double)uint.MaxValue + 1);
}
