using System.Buffers;
using System.Diagnostics;
using Integrations.Mtproto.Crypto;
using Integrations.Mtproto.Envelope;

namespace Integrations.Bench.Mtproto;

/// <summary>The cipher and the envelope by themselves, on one core.</summary>
internal static class CipherFigures
{
    private const int BufferSize = 512 * 1024;
    private const int Messages = 20_000;

    /// <summary>So short that some of them see the core to themselves also on a machine that is shared.</summary>
    private static readonly TimeSpan Round = TimeSpan.FromMilliseconds(20);

    /// <summary>AES-256-IGE of 512 KiB at a time, 10^6 bytes a second; the slower of both directions, the best of several rounds.</summary>
    public static double IgeMbPerSecond()
    {
        var (key, iv, clear, sealed_) = (new byte[32], new byte[AesIge.IvSize], new byte[BufferSize], new byte[BufferSize]);
        SystemRandomSource.Instance.Fill(key);
        SystemRandomSource.Instance.Fill(iv);
        SystemRandomSource.Instance.Fill(clear);
        return Math.Min(Best(() => AesIge.Encrypt(key, iv, clear, sealed_)), Best(() => AesIge.Decrypt(key, iv, sealed_, clear)));

        static double Best(Action round)
        {
            var best = 0.0;
            for (var tries = 0; tries < 100; tries++)
            {
                var began = Stopwatch.GetTimestamp();
                var rounds = 0;
                do
                {
                    round();
                    rounds++;
                }
                while (Stopwatch.GetElapsedTime(began) < Round);
                best = Math.Max(best, (double)rounds * BufferSize / Stopwatch.GetElapsedTime(began).TotalSeconds / 1_000_000);
            }

            return best;
        }
    }

    /// <summary>Bytes allocated for one message sealed or opened, of 100 bytes, as a session does it: in memory that it has from a pool.</summary>
    public static double AllocatedPerMessage()
    {
        var secret = new byte[AuthKey.Size];
        SystemRandomSource.Instance.Fill(secret);
        var key = new AuthKey(secret);
        var body = new byte[100];
        var header = new MessageHeader(1, 2, 5, 1);
        Pass(1000);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Pass(Messages);
        return (GC.GetAllocatedBytesForCurrentThread() - before) / (2.0 * Messages);

        void Pass(int count)
        {
            for (var i = 0; i < count; i++)
            {
                var size = EncryptedMessage.SizeOf(body.Length);
                var packet = ArrayPool<byte>.Shared.Rent(size);
                var buffer = ArrayPool<byte>.Shared.Rent(EncryptedMessage.BufferFor(size));
                EncryptedMessage.Encrypt(key, MessageDirection.ServerToClient, header, body, SystemRandomSource.Instance, packet.AsSpan(0, size));
                EncryptedMessage.Decrypt(key, MessageDirection.ServerToClient, packet.AsSpan(0, size), buffer);
                ArrayPool<byte>.Shared.Return(packet);
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }
}
