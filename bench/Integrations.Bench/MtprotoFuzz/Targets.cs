using System.Buffers.Binary;
using Integrations.Mtproto.Crypto;
using Integrations.Mtproto.Envelope;
using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Tl;
using Integrations.Mtproto.Transport;
using EncryptedMessage = Integrations.Mtproto.Envelope.EncryptedMessage;

namespace Integrations.Bench.MtprotoFuzz;

/// <summary>The reader of TL, through every constructor.</summary>
internal sealed class TlTarget : FuzzTarget
{
    public override string Name => "tl";

    public override int Weight => 300;

    public override byte[] Make(Mutator mutator) => mutator.Next(8) switch
    {
        0 => mutator.Bytes(4, 512),
        1 or 2 => mutator.Words(1, 200),
        _ => AtLeastOneWord(mutator.Change(mutator.Any(Samples.All))),
    };

    public override void Read(byte[] input) => TlRegistry.Read(input);

    public override bool IsDocumented(Exception exception) => exception is TlException;

    private static byte[] AtLeastOneWord(byte[] bytes) => bytes.Length < 4 ? [.. bytes, 0, 0, 0, 0] : bytes;
}

/// <summary>Compressed messages.</summary>
internal sealed class GzipTarget : FuzzTarget
{
    private const int MaxInflated = 64 * 1024;

    private readonly byte[][] _good = [.. Samples.All.Select(body => GzipPacked.Of(body).ToBytes()), GzipPacked.Of(new byte[60_000]).ToBytes()];

    public override string Name => "gzip";

    public override int Weight => 40;

    public override byte[] Make(Mutator mutator)
    {
        var changed = mutator.Next(6) == 0 ? mutator.Bytes(24, 400) : mutator.Change(mutator.Any(_good));
        if (changed.Length >= 4)
            BinaryPrimitives.WriteUInt32LittleEndian(changed, GzipPacked.Id);
        return changed;
    }

    public override void Read(byte[] input) => TlGzip.Unpack(input, MaxInflated);

    public override bool IsDocumented(Exception exception) => exception is TlException;

    public override long Allowance(int length) => base.Allowance(length) + MaxInflated;
}

/// <summary>The encrypted envelope, with a key that is right: what no stranger can make, a broken server can.</summary>
internal sealed class EnvelopeTarget : FuzzTarget
{
    private readonly AuthKey _key = new(Enumerable.Range(0, AuthKey.Size).Select(i => (byte)(i * 7)).ToArray());

    public override string Name => "envelope";

    public override int Weight => 150;

    public override byte[] Make(Mutator mutator)
    {
        var random = mutator.Bytes(72, 600);
        BinaryPrimitives.WriteInt64LittleEndian(random, _key.Id);
        if (mutator.Next(4) == 0)
            return random;
        var body = mutator.Any(Samples.All);
        body = body[..(Math.Min(body.Length, mutator.Next(600)) & ~3)];
        var bare = 32 + body.Length;
        var padding = ((16 - (bare % 16)) % 16) + (16 * mutator.Next(70));
        var header = new MessageHeader(1, 2, mutator.Next(int.MaxValue), mutator.Next(9));
        int? length = mutator.Next(3) == 0 ? BitConverter.ToInt32(mutator.Words(1, 1)) : null;
        var sealedPacket = EncryptedMessage.Seal(_key, MessageDirection.ServerToClient, header, body, padding, mutator, length);
        return mutator.Next(2) == 0 ? sealedPacket : mutator.Change(sealedPacket);
    }

    public override void Read(byte[] input) => EncryptedMessage.Decrypt(_key, MessageDirection.ServerToClient, input);

    public override bool IsDocumented(Exception exception) => exception is EnvelopeException;
}

/// <summary>The plain envelope of the key exchange.</summary>
internal sealed class PlainTarget : FuzzTarget
{
    private readonly byte[] _good = PlainMessage.Write(5, Samples.All[0]);

    public override string Name => "plain";

    public override int Weight => 150;

    public override byte[] Make(Mutator mutator) => mutator.Next(3) == 0 ? [0, 0, 0, 0, 0, 0, 0, 0, .. mutator.Bytes(12, 200)] : mutator.Change(_good);

    public override void Read(byte[] input) => PlainMessage.Read(input, out _);

    public override bool IsDocumented(Exception exception) => exception is EnvelopeException;
}

/// <summary>The framings, each from both sides, and the first bytes by which a server tells them.</summary>
internal sealed class TransportTarget : FuzzTarget
{
    private const int MaxPayload = 4096;

    public override string Name => "transport";

    public override int Weight => 300;

    public override byte[] Make(Mutator mutator)
    {
        // The first byte says which reader.
        var format = (TransportFormat)mutator.Next(4);
        var isServer = mutator.Next(2) == 0;
        var head = (byte)((int)format | (isServer ? 8 : 0) | (mutator.Next(8) == 0 ? 16 : 0));
        if (mutator.Next(4) == 0)
            return [head, .. mutator.Bytes(4, 200)];
        var output = new System.Buffers.ArrayBufferWriter<byte>();
        var codec = FrameCodec.Create(format, !isServer, MaxPayload, mutator);
        for (var frames = mutator.Next(3) + 1; frames > 0; frames--)
            codec.Write(output, mutator.Words(1, 90));
        var bytes = output.WrittenSpan.ToArray();
        return [head, .. mutator.Next(5) == 0 ? bytes : mutator.Change(bytes)];
    }

    public override void Read(byte[] input)
    {
        if (input.Length == 0)
            return;
        var stream = input.AsMemory(1);
        if ((input[0] & 16) != 0)
        {
            TransportDetection.Detect(new System.Buffers.ReadOnlySequence<byte>(stream), out _, out var obfuscation, out _);
            obfuscation?.Dispose();
            return;
        }

        var codec = FrameCodec.Create((TransportFormat)(input[0] & 3), (input[0] & 8) != 0, MaxPayload, SystemRandomSource.Instance);
        while (codec.TryRead(stream, out var consumed, out var frame))
        {
            if (consumed <= 0 || frame.Payload.Length > stream.Length)
                throw new InvalidOperationException("A frame that takes nothing, or more than there is.");
            stream = stream[consumed..];
        }
    }

    public override bool IsDocumented(Exception exception) => exception is TransportException;
}

/// <summary>A reader with the bugs that this is to find: it takes memory before it looks at a count, and reads past the end.</summary>
internal sealed class KnownBugTarget : FuzzTarget
{
    public override string Name => "known-bug";

    public override int Weight => 1;

    public override byte[] Make(Mutator mutator) => mutator.Words(1, 40);

    public override void Read(byte[] input)
    {
        var at = 0;
        while (at < input.Length)
        {
            var id = BinaryPrimitives.ReadUInt32LittleEndian(input.AsSpan(at));
            at += 4;
            if (id != TlConstructors.Vector)
                continue;
            var items = new long[BinaryPrimitives.ReadInt32LittleEndian(input.AsSpan(at)) & 0xfffff];
            if (items.Length > 4096)
                throw new TlException("Too many items.");
            for (var i = 0; i < items.Length; i++, at += 8)
                items[i] = BinaryPrimitives.ReadInt64LittleEndian(input.AsSpan(at));
        }
    }

    public override bool IsDocumented(Exception exception) => exception is TlException;
}
