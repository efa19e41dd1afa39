namespace Integrations.Mtproto.Tests;

internal static class Hex
{
    public static byte[] Bytes(string hex) => Convert.FromHexString(hex);

    public static string Text(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(bytes);

    /// <summary>first, first + 1, … as bytes.</summary>
    public static byte[] Sequence(int count, int first = 0) => [.. Enumerable.Range(first, count).Select(value => (byte)value)];
}
