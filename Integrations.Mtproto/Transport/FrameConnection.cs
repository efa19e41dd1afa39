using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Integrations.Mtproto.Crypto;
using Integrations.Mtproto.Proxies;

namespace Integrations.Mtproto.Transport;

/// <summary>A byte stream on which both sides speak in packets.</summary>
/// <remarks>
/// One reader and any number of writers: writes queue behind a gate, each packet reaches the stream whole. While nothing arrives the
/// connection holds no buffer. A pipe that is <see cref="IDisposable"/> (a <see cref="SocketPipe"/>) is disposed by <see cref="Abort"/>.
/// </remarks>
public sealed class FrameConnection : IDisposable
{
    /// <summary>The longest packet accepted by default, in bytes: several times the largest answer that servers give.</summary>
    public const int DefaultMaxPayload = 8 * 1024 * 1024;

    private readonly IDuplexPipe _pipe;
    private readonly FrameCodec _codec;
    private readonly Obfuscation? _obfuscation;
    private readonly SemaphoreSlim _writeGate = new(1, 1);
    private readonly FrameBuffer _framed = new();

    /// <summary>Sent before the first packet of a client, in the same write; null afterwards and for a server.</summary>
    private byte[]? _preamble;

    /// <summary>Received and decrypted; the part from <see cref="_start"/> to <see cref="_end"/> is not yet consumed. Empty when idle.</summary>
    private byte[] _buffer = [];
    private int _start;
    private int _end;
    private int _aborted;

    private FrameConnection(IDuplexPipe pipe, FrameCodec codec, Obfuscation? obfuscation, byte[]? preamble)
    {
        _pipe = pipe;
        _codec = codec;
        _obfuscation = obfuscation;
        _preamble = preamble;
    }

    public TransportFormat Format => _codec.Format;

    public bool IsObfuscated => _obfuscation is not null;

    /// <summary>The client's side of a fresh stream. Nothing is sent until the first packet.</summary>
    public static FrameConnection Connect(
        IDuplexPipe pipe,
        TransportFormat format,
        bool obfuscated,
        IRandomSource random,
        int maxPayload = DefaultMaxPayload)
    {
        ArgumentNullException.ThrowIfNull(pipe);
        ArgumentNullException.ThrowIfNull(random);
        var codec = FrameCodec.Create(format, isServer: false, maxPayload, random);
        if (!obfuscated)
            return new FrameConnection(pipe, codec, null, codec.Tag.IsEmpty ? null : codec.Tag.ToArray());

        var obfuscation = Obfuscation.Start(format, random, out var init);
        return new FrameConnection(pipe, codec, obfuscation, init);
    }

    /// <summary>The client's side of a fresh stream to a proxy of Telegram's own kind, which passes it on to a data centre.</summary>
    /// <param name="pipe">The stream to the proxy.</param>
    /// <param name="proxy">Its secret decides the keys, and where it asks for padding also the format.</param>
    /// <param name="dcId">The data centre: +10000 for a test one.</param>
    /// <param name="format">The format where the secret leaves it open.</param>
    /// <param name="random">Where key material and padding come from.</param>
    /// <param name="maxPayload">The longest packet that is accepted, in bytes.</param>
    public static FrameConnection Connect(
        IDuplexPipe pipe, MtprotoProxy proxy, int dcId, TransportFormat format, IRandomSource random, int maxPayload = DefaultMaxPayload)
    {
        ArgumentNullException.ThrowIfNull(pipe);
        ArgumentNullException.ThrowIfNull(proxy);
        ArgumentNullException.ThrowIfNull(random);
        if (proxy.IsPadded)
            format = TransportFormat.PaddedIntermediate;
        var obfuscation = Obfuscation.Start(format, random, out var init, proxy.Key, dcId);
        return new FrameConnection(pipe, FrameCodec.Create(format, isServer: false, maxPayload, random), obfuscation, init);
    }

    /// <summary>The server's side: waits for the first bytes and tells the client's format from them.</summary>
    /// <returns>Null when the client closed the stream before it said anything.</returns>
    /// <exception cref="TransportException">The first bytes are of no known format.</exception>
    public static async ValueTask<FrameConnection?> AcceptAsync(
        IDuplexPipe pipe,
        IRandomSource random,
        int maxPayload = DefaultMaxPayload,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(pipe);
        ArgumentNullException.ThrowIfNull(random);
        while (true)
        {
            var result = await pipe.Input.ReadAsync(cancellationToken);
            var nothing = result.Buffer.IsEmpty;
            var verdict = TransportDetection.Detect(result.Buffer, out var format, out var obfuscation, out var tagLength);
            if (verdict == DetectionVerdict.Known)
                pipe.Input.AdvanceTo(result.Buffer.GetPosition(tagLength));
            else
                pipe.Input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            switch (verdict)
            {
                case DetectionVerdict.Known:
                    var codec = FrameCodec.Create(format, isServer: true, maxPayload, random);
                    return new FrameConnection(pipe, codec, obfuscation, preamble: null);
                case DetectionVerdict.Unknown:
                    throw new TransportException("The first bytes are of no known transport.");
                case DetectionVerdict.NeedsMore when result.IsCompleted:
                    return nothing ? null : throw new TransportException("The stream ended before the transport could be told.");
                case DetectionVerdict.NeedsMore:
                    break;
            }
        }
    }

    /// <summary>Waits for the next packet.</summary>
    /// <returns>Null when the other side closed the stream between packets.</returns>
    /// <exception cref="TransportException">The stream is broken or ended inside a packet.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<Frame?> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (_end > _start && _codec.TryRead(_buffer.AsMemory(_start, _end - _start), out var consumed, out var frame))
            {
                _start += consumed;
                return frame;
            }

            Compact();
            var result = await _pipe.Input.ReadAsync(cancellationToken);
            if (result.IsCanceled)
                throw new OperationCanceledException("The connection was aborted while it was being read.");
            var nothing = result.Buffer.IsEmpty;
            Append(result.Buffer);
            _pipe.Input.AdvanceTo(result.Buffer.End);
            if (!result.IsCompleted || !nothing)
                continue;
            if (_end > _start)
                throw new TransportException($"The stream ended inside a packet, after {_end - _start} bytes.");
            return null;
        }
    }

    /// <summary>Sends one packet and waits until the stream has taken it.</summary>
    /// <param name="payload">The message; the format's own padding is added.</param>
    /// <param name="cancellationToken">Gives up waiting for other writers. A write that has begun is ended only by <see cref="Abort"/>.</param>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        await _writeGate.WaitAsync(cancellationToken);
        try
        {
            Put(payload.Span);

            // Once the keystream and the sequence number have moved, the packet must go out whole: half of one would put the stream
            // out of step. So only the wait for the gate is cancellable; a write that hangs is ended by Abort.
            var result = await _pipe.Output.FlushAsync(CancellationToken.None);
            if (result.IsCompleted)
                throw new TransportException("The other side has closed the stream.");
        }
        finally
        {
            _writeGate.Release();
        }
    }

    /// <summary>Sends a four-byte error instead of a packet (a server's way to refuse).</summary>
    /// <param name="code">See <see cref="TransportError"/>.</param>
    /// <param name="cancellationToken">Gives up waiting for the stream.</param>
    public async ValueTask WriteErrorAsync(int code, CancellationToken cancellationToken)
    {
        var payload = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(payload, code);
        await WriteAsync(payload, cancellationToken);
    }

    /// <summary>Ends the stream in order. With a write under way, which may hang for ever, it aborts instead.</summary>
    public async ValueTask CloseAsync()
    {
        if (!await _writeGate.WaitAsync(TimeSpan.Zero, CancellationToken.None))
        {
            Abort();
            return;
        }

        try
        {
            if (Interlocked.Exchange(ref _aborted, 1) != 0)
                return;
            if (_pipe is SocketPipe socket)
            {
                socket.Close();
                return;
            }

            await _pipe.Output.CompleteAsync();
            _pipe.Input.CancelPendingRead();
        }
        finally
        {
            _writeGate.Release();
        }
    }

    /// <summary>Ends the stream at once; what was not yet sent never is. A pending read ends with an exception.</summary>
    public void Abort()
    {
        if (Interlocked.Exchange(ref _aborted, 1) == 0)
            EndPipe();
    }

    /// <summary>Aborts and frees the keys. The reader has returned by now.</summary>
    public void Dispose()
    {
        Abort();
        (_pipe as IDisposable)?.Dispose();
        _obfuscation?.Dispose();
        ReleaseBuffer();
    }

    private void EndPipe()
    {
        if (_pipe is IDisposable disposable)
        {
            disposable.Dispose();
            return;
        }

        _pipe.Output.Complete(new OperationCanceledException("The connection was aborted."));
        _pipe.Input.CancelPendingRead();
    }

    /// <summary>Puts one packet into the stream's own buffer.</summary>
    private void Put(ReadOnlySpan<byte> payload)
    {
        var output = _pipe.Output;
        if (_obfuscation is null)
        {
            PutPreamble(output);
            _codec.Write(output, payload);
            return;
        }

        try
        {
            _codec.Write(_framed, payload);
            PutPreamble(output);
            _obfuscation.Encryptor.Process(_framed.Written);
            output.Write(_framed.Written);
        }
        finally
        {
            _framed.Release();
        }
    }

    private void PutPreamble(PipeWriter output)
    {
        if (_preamble is not { } preamble)
            return;
        output.Write(preamble);
        _preamble = null;
    }

    private void Append(ReadOnlySequence<byte> received)
    {
        if (received.IsEmpty)
            return;
        var length = checked((int)received.Length);
        if (_buffer.Length - _end < length)
            Grow(length);
        var target = _buffer.AsSpan(_end, length);
        received.CopyTo(target);
        _obfuscation?.Decryptor.Process(target);
        _end += length;
    }

    private void Grow(int length)
    {
        var kept = _end - _start;
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(kept + length, Math.Min(_buffer.Length * 2, DefaultMaxPayload)));
        _buffer.AsSpan(_start, kept).CopyTo(larger);
        ReturnArray();
        (_buffer, _start, _end) = (larger, 0, kept);
    }

    /// <summary>Before waiting: gives the buffer back when all of it is consumed, so that an idle connection holds none.</summary>
    private void Compact()
    {
        if (_start == _end)
            ReleaseBuffer();
    }

    private void ReleaseBuffer()
    {
        ReturnArray();
        (_buffer, _start, _end) = ([], 0, 0);
    }

    private void ReturnArray()
    {
        if (_buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(_buffer);
    }
}
