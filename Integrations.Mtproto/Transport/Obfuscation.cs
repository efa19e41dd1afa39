using System.Buffers.Binary;
using System.Security.Cryptography;
using Integrations.Mtproto.Crypto;

namespace Integrations.Mtproto.Transport;

/// <summary>
/// Transport obfuscation: both directions under AES-256-CTR whose keys come from 64 random bytes sent first
/// (core.telegram.org/mtproto/mtproto-transports#transport-obfuscation). It hides the protocol from middleboxes; it protects nothing.
/// </summary>
internal sealed class Obfuscation : IDisposable
{
    /// <summary>Length of the initial payload in bytes.</summary>
    public const int InitSize = 64;

    private const int TagOffset = 56;
    private const int DcOffset = 60;

    private Obfuscation(AesCtr encryptor, AesCtr decryptor)
    {
        Encryptor = encryptor;
        Decryptor = decryptor;
    }

    public AesCtr Encryptor { get; }

    public AesCtr Decryptor { get; }

    /// <summary>The client's side: makes the initial payload, which is sent as it stands before anything else.</summary>
    /// <param name="format">The format of the packets.</param>
    /// <param name="random">Where the key material comes from.</param>
    /// <param name="init">What is sent first.</param>
    /// <param name="secret">Of a proxy of Telegram's own kind, 16 bytes; empty towards a data centre.</param>
    /// <param name="dcId">What such a proxy connects to: <c>p_q_inner_data_dc</c>'s number.</param>
    public static Obfuscation Start(TransportFormat format, IRandomSource random, out byte[] init, ReadOnlySpan<byte> secret = default, int dcId = 0)
    {
        init = new byte[InitSize];
        do
            random.Fill(init);
        while (LooksLikeAnotherProtocol(init));

        init.AsSpan(TagOffset, 4).Fill(Marker(format));
        if (!secret.IsEmpty)
            BinaryPrimitives.WriteInt16LittleEndian(init.AsSpan(DcOffset), (short)dcId);
        var (forward, backward) = Keys(init, secret);

        // Only the tag and what follows is sent encrypted; the key material before it is sent as it is, though its place in the
        // keystream is spent.
        var encrypted = init.AsSpan().ToArray();
        forward.Process(encrypted);
        encrypted.AsSpan(TagOffset).CopyTo(init.AsSpan(TagOffset));
        return new Obfuscation(forward, backward);
    }

    /// <summary>The server's side: null when the 64 bytes do not hold a known tag.</summary>
    public static Obfuscation? Accept(ReadOnlySpan<byte> init, out TransportFormat format)
    {
        var (forward, backward) = Keys(init);
        var plain = init.ToArray();
        forward.Process(plain);

        TransportFormat? found = BinaryPrimitives.ReadUInt32LittleEndian(plain.AsSpan(TagOffset)) switch
        {
            0xefefefef => TransportFormat.Abridged,
            0xeeeeeeee => TransportFormat.Intermediate,
            0xdddddddd => TransportFormat.PaddedIntermediate,
            _ => null,
        };
        format = found ?? default;
        if (found is not null)
            return new Obfuscation(backward, forward);

        forward.Dispose();
        backward.Dispose();
        return null;
    }

    /// <summary>First bytes by which a server tells its other protocols; an obfuscated stream must not begin with them.</summary>
    public static bool LooksLikeAnotherProtocol(ReadOnlySpan<byte> start)
    {
        if (start[0] == 0xef || start[4..8].SequenceEqual("\0\0\0\0"u8))
            return true;
        var first = start[..4];
        return first.SequenceEqual("HEAD"u8) || first.SequenceEqual("POST"u8) || first.SequenceEqual("GET "u8) || first.SequenceEqual("OPTI"u8)
            || BinaryPrimitives.ReadUInt32BigEndian(first) is 0x16030102 or 0xdddddddd or 0xeeeeeeee;
    }

    public void Dispose()
    {
        Encryptor.Dispose();
        Decryptor.Dispose();
    }

    private static (AesCtr Forward, AesCtr Backward) Keys(ReadOnlySpan<byte> init, ReadOnlySpan<byte> secret = default)
    {
        // encryptKey = init[8..40], encryptIV = init[40..56]; the other direction takes them from the reversed bytes.
        var forward = new AesCtr(Key(init[8..40], secret), init[40..56]);
        Span<byte> reversed = stackalloc byte[InitSize];
        init.CopyTo(reversed);
        reversed.Reverse();
        return (forward, new AesCtr(Key(reversed[8..40], secret), reversed[40..56]));
    }

    // Through a proxy, SHA256(key + secret) is the key.
    private static byte[] Key(ReadOnlySpan<byte> material, ReadOnlySpan<byte> secret) =>
        secret.IsEmpty ? material.ToArray() : SHA256.HashData([.. material, .. secret]);

    private static byte Marker(TransportFormat format) => format switch
    {
        TransportFormat.Abridged => 0xef,
        TransportFormat.Intermediate => 0xee,
        TransportFormat.PaddedIntermediate => 0xdd,
        TransportFormat.Full => throw new ArgumentException("The full format has no tag and cannot be obfuscated.", nameof(format)),
        _ => throw new ArgumentOutOfRangeException(nameof(format), format, "Not a transport format."),
    };
}
