using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Integrations.Sandbox.Telegram;

namespace Integrations.Sandbox.Tests.Telegram.Proxies;

/// <summary>
/// A proxy of Telegram's own kind, written from its description and without the library's own obfuscation: it takes a stream whose keys depend on
/// its secret, reads which data centre is meant, and passes the packets on in clear.
/// </summary>
internal sealed class ARelay : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly SandboxTelegram _sandbox;
    private readonly byte[] _secret;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentBag<Task> _relays = [];
    private readonly Task _accepting;

    public ARelay(SandboxTelegram sandbox, byte[] secret)
    {
        (_sandbox, _secret) = (sandbox, secret);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>The data centres that were asked for.</summary>
    public ConcurrentQueue<int> Asked { get; } = new();

    /// <summary>Streams whose keys did not fit the secret.</summary>
    public int Refused { get; private set; }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.WhenAll(_relays).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
            _relays.Add(RelayAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
    }

    private async Task RelayAsync(TcpClient client)
    {
        using (client)
        {
            var stream = client.GetStream();
            var init = new byte[64];
            await stream.ReadExactlyAsync(init, _stop.Token);
            var reversed = init.Reverse().ToArray();
            using var decrypt = new Keystream(SHA256.HashData([.. init[8..40], .. _secret]), init[40..56]);
            using var encrypt = new Keystream(SHA256.HashData([.. reversed[8..40], .. _secret]), reversed[40..56]);
            var plain = init.ToArray();
            decrypt.Process(plain);
            var tag = plain[56..60];
            if (!tag.All(value => value == tag[0]) || tag[0] is not (0xdd or 0xee or 0xef))
            {
                Refused++;
                return;
            }

            var dc = Math.Abs((int)BinaryPrimitives.ReadInt16LittleEndian(plain.AsSpan(60)));
            Asked.Enqueue(dc);
            var address = _sandbox.Dcs.Single(known => known.Id == dc);
            using var server = new TcpClient();
            await server.ConnectAsync(address.Host, address.Port, _stop.Token);
            var behind = server.GetStream();
            await behind.WriteAsync(tag[0] == 0xef ? tag[..1] : tag, _stop.Token);
            await Task.WhenAny(CopyAsync(stream, behind, decrypt), CopyAsync(behind, stream, encrypt));
        }
    }

    private async Task CopyAsync(NetworkStream from, NetworkStream to, Keystream keystream)
    {
        var buffer = new byte[16 * 1024];
        while (await from.ReadAsync(buffer, _stop.Token) is > 0 and var count)
        {
            keystream.Process(buffer.AsSpan(0, count));
            await to.WriteAsync(buffer.AsMemory(0, count), _stop.Token);
        }
    }

    /// <summary>AES-256 in counter mode, by the framework's single blocks.</summary>
    private sealed class Keystream : IDisposable
    {
        private readonly Aes _aes = Aes.Create();
        private readonly byte[] _counter;
        private readonly byte[] _block = new byte[16];
        private int _used = 16;

        public Keystream(byte[] key, byte[] iv)
        {
            _aes.Key = key;
            _counter = iv;
        }

        public void Process(Span<byte> data)
        {
            for (var i = 0; i < data.Length; i++)
            {
                if (_used == _block.Length)
                {
                    _aes.EncryptEcb(_counter, _block, PaddingMode.None);
                    for (var digit = _counter.Length - 1; digit >= 0 && ++_counter[digit] == 0; digit--)
                    {
                        // The next digit takes the carry.
                    }

                    _used = 0;
                }

                data[i] ^= _block[_used++];
            }
        }

        public void Dispose() => _aes.Dispose();
    }
}
