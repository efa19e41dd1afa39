using System.IO.Pipelines;
using Integrations.Mtproto.Crypto;
using Integrations.Mtproto.Envelope;
using Integrations.Mtproto.Transport;

namespace Integrations.Mtproto.Tests.Envelope;

/// <summary>Sealing, framing, cutting and opening a message takes no memory of its own, once the pools are filled.</summary>
public sealed class AllocationTests
{
    private const int Rounds = 300;

    private static readonly AuthKey Key = new(Hex.Sequence(256, 3));

    private readonly CancellationToken _token = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(64)]
    [InlineData(1024)]
    [InlineData(16 * 1024)]
    public void Sealing_and_opening_takes_only_what_the_cipher_takes(int length)
    {
        var body = Hex.Sequence(length, 5);
        var header = new MessageHeader(1, 2, 5, 0);
        var packet = new byte[EncryptedMessage.SizeOf(length)];
        var buffer = new byte[EncryptedMessage.BufferFor(packet.Length)];
        var random = new ConstantRandom(7);

        var taken = Measure(() =>
        {
            EncryptedMessage.Encrypt(Key, MessageDirection.ServerToClient, header, body, random, packet);
            EncryptedMessage.Decrypt(Key, MessageDirection.ServerToClient, packet, buffer);
        });

        // The cipher is measured by itself: what it takes is the platform's, and may be nothing.
        var (key, iv, plain, sealedBytes) = (new byte[32], new byte[32], new byte[packet.Length - 24], new byte[packet.Length - 24]);
        var cipher = Measure(() =>
        {
            AesIge.Encrypt(key, iv, plain, sealedBytes);
            AesIge.Decrypt(key, iv, sealedBytes, plain);
        });
        Assert.Equal(cipher, taken);
    }

    [Theory]
    [InlineData(TransportFormat.Abridged, false)]
    [InlineData(TransportFormat.Intermediate, false)]
    [InlineData(TransportFormat.PaddedIntermediate, false)]
    [InlineData(TransportFormat.Full, false)]
    [InlineData(TransportFormat.Intermediate, true)]
    public void Framing_takes_nothing_in_either_direction(TransportFormat format, bool obfuscated)
    {
        var options = new PipeOptions(readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline, useSynchronizationContext: false);
        var (up, down) = (new Pipe(options), new Pipe(options));
        using var client = FrameConnection.Connect(new End(down.Reader, up.Writer), format, obfuscated, new SeededRandom(3));
        var payload = Hex.Sequence(1024, 5).AsMemory();
        Done(client.WriteAsync(payload, _token));
        using var server = Done(FrameConnection.AcceptAsync(new End(up.Reader, down.Writer), new SeededRandom(4), cancellationToken: _token))!;

        var wrong = 0;

        var taken = Measure(() =>
        {
            if (Done(server.ReadAsync(_token)) is not { Kind: FrameKind.Payload, Payload.Length: >= 1024 })
                wrong++;
            Done(client.WriteAsync(payload, _token));
        });

        // As above, of the key stream.
        using var stream = new AesCtr(new byte[32], new byte[16]);
        var bytes = new byte[1028];
        var cipher = obfuscated ? 2 * Measure(() => stream.Process(bytes)) : 0;
        Assert.Equal((0, cipher), (wrong, taken));
    }

    /// <summary>Bytes per round, as a rule: another use of the pools or the compiler may come between some rounds.</summary>
    private static long Measure(Action round)
    {
        for (var i = 0; i < Rounds; i++)
            round();
        var taken = new List<long>(Rounds);
        for (var i = 0; i < Rounds; i++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            round();
            taken.Add(GC.GetAllocatedBytesForCurrentThread() - before);
        }

        taken.Sort();
        return taken[Rounds / 2];
    }

    /// <summary>Everything is there at once, so nothing is waited for.</summary>
    private static void Done(ValueTask task) => task.GetAwaiter().GetResult();

    private static T Done<T>(ValueTask<T> task) => task.GetAwaiter().GetResult();

    private sealed record End(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
