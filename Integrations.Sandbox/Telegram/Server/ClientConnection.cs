using System.Net.Sockets;
using System.Threading.Channels;
using Integrations.Mtproto.Crypto;
using Integrations.Mtproto.Envelope;
using Integrations.Mtproto.Handshake;
using Integrations.Mtproto.Transport;
using Integrations.Sandbox.Telegram.Faults;

namespace Integrations.Sandbox.Telegram.Server;

/// <summary>How a connection ends, or pretends not to.</summary>
internal enum ConnectionEnd
{
    Close,
    Reset,

    /// <summary>Stays open, and nothing is read, answered or pushed any more.</summary>
    Freeze,
}

/// <summary>One connection of a client: transport, handshakes, and the envelope of every message.</summary>
internal sealed partial class ClientConnection : IDisposable
{
    /// <summary>Packets waiting for a slow client; beyond it the connection is given up, and the session keeps what was not acknowledged.</summary>
    private const int OutgoingLimit = 10_000;

    private readonly ServerParts _parts;
    private readonly IClientStream _stream;
    private readonly ServerHandshake _handshake;
    private readonly ILogger _logger;

    // Never disposed: others may end the connection while it ends, and the source holds nothing that needs it.
    private readonly CancellationTokenSource _ended = new();

    private readonly Channel<byte[]> _outgoing =
        Channel.CreateBounded<byte[]>(new BoundedChannelOptions(OutgoingLimit) { SingleReader = true });

    private readonly Dictionary<long, AuthKey> _keys = [];
    private readonly TaskCompletionSource _endTold = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _endBegun;
    private long _lastKeyId;
    private readonly Lock _timing = new();
    private ITimer? _disconnectTimer;
    private bool _isDisposed;
    private volatile bool _isFrozen;

    public ClientConnection(ServerParts parts, int dcId, long number, IClientStream stream, ServerHandshakeOptions handshake, ILogger logger)
    {
        _parts = parts;
        DcId = dcId;
        Number = number;
        _stream = stream;
        _handshake = new ServerHandshake(handshake);
        _logger = logger;
    }

    public int DcId { get; }

    /// <summary>Rises with every accepted connection of this sandbox.</summary>
    public long Number { get; }

    public bool IsOpen => !_ended.IsCancellationRequested;

    /// <summary>Bytes that this process has read.</summary>
    public long Received => _stream.Received;

    /// <summary>Bytes that the client has sent, as far as its machine's kernel knows.</summary>
    public long Arrived => _stream.Arrived;

    /// <summary>Keys under which messages came; written and read by the reading task only.</summary>
    public ICollection<long> KeyIds => _keys.Keys;

    /// <summary>Who is signed in under the key of the last message.</summary>
    public long? PersonId => Interlocked.Read(ref _lastKeyId) is var keyId and not 0 ? _parts.PersonOf(keyId) : null;

    /// <summary>Reads until the stream ends. Whatever a client sends ends at most its own connection.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        using var stop = stopping.Register(() => End(ConnectionEnd.Reset));
        FrameConnection? frames = null;
        Task writing = Task.CompletedTask;
        try
        {
            frames = await FrameConnection.AcceptAsync(_stream, _parts.Random, cancellationToken: _ended.Token);
            if (frames is null)
                return;
            writing = WriteAsync(frames);
            while (await frames.ReadAsync(_ended.Token) is { } frame)
            {
                if (_isFrozen || frame.Kind != FrameKind.Payload)
                    continue;
                if (_parts.Faults.Standing(FaultKind.Latency, new FaultScope(DcId)) is { Milliseconds: { } milliseconds })
                    await Task.Delay(TimeSpan.FromMilliseconds(milliseconds), _parts.Clock, _ended.Token);
                if (await TakeAsync(frames, frame.Payload) is false)
                    break;
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException or ObjectDisposedException)
        {
            LogEnded(Number, DcId, e.GetType().Name);
        }
        finally
        {
            End(ConnectionEnd.Close);
            await _endTold.Task;
            await writing;
            frames?.Dispose();
            _parts.Traffic.Ended(this);
        }
    }

    /// <summary>Queues one sealed packet; nothing waits for a slow client.</summary>
    public void Send(byte[] packet)
    {
        if (_isFrozen || !IsOpen)
            return;
        if (!_outgoing.Writer.TryWrite(packet))
            End(ConnectionEnd.Reset);
    }

    public void End(ConnectionEnd end)
    {
        if (end == ConnectionEnd.Freeze)
        {
            _isFrozen = true;
            return;
        }
        if (end == ConnectionEnd.Reset)
            _stream.Dispose();
        _outgoing.Writer.TryComplete();
        // Asynchronously: the reading task goes on as a consequence, and the caller may hold a lock that it needs.
        if (Interlocked.Exchange(ref _endBegun, 1) == 0)
            _ = TellEndAsync();
    }

    /// <summary>Never fails: whoever ends a connection is not concerned with how it takes it.</summary>
    private async Task TellEndAsync()
    {
        try
        {
            await Task.Yield();
            _ended.Cancel();
        }
        catch (AggregateException e)
        {
            LogEndFailed(e, Number, DcId);
        }
        finally
        {
            _endTold.SetResult();
        }
    }

    /// <summary>Ends the connection unless another such request comes in time.</summary>
    public void DisconnectAfter(TimeSpan delay)
    {
        lock (_timing)
        {
            _disconnectTimer?.Dispose();
            // A session may still serve a message of a connection that has just ended; a timer of it would be nobody's.
            _disconnectTimer = _isDisposed ? null : _parts.Clock.CreateTimer(_ => End(ConnectionEnd.Close), null, delay, Timeout.InfiniteTimeSpan);
        }
    }

    public void Dispose()
    {
        lock (_timing)
        {
            _isDisposed = true;
            _disconnectTimer?.Dispose();
        }
        _stream.Dispose();
    }

    /// <returns>False when the connection is to end.</returns>
    private async ValueTask<bool> TakeAsync(FrameConnection frames, ReadOnlyMemory<byte> packet)
    {
        if (EncryptedMessage.KeyIdOf(packet.Span) is not { } keyId)
            return await RefuseAsync(frames, TransportError.KeyUnknown);
        if (keyId == 0)
            return await ShakeHandsAsync(frames, packet);
        if (!_keys.TryGetValue(keyId, out var key))
        {
            if (_parts.FindKey(keyId, DcId) is not { } stored)
                return await RefuseAsync(frames, TransportError.KeyUnknown);
            _keys[keyId] = key = new AuthKey(stored.Secret);
        }
        var scope = new FaultScope(DcId, _parts.PersonOf(keyId));
        if (_parts.Faults.Take(FaultKind.TransportError, scope) is { Code: { } code })
            return await RefuseAsync(frames, -Math.Abs(code));

        DecryptedMessage message;
        try
        {
            message = EncryptedMessage.Decrypt(key, MessageDirection.ClientToServer, packet.Span);
        }
        catch (EnvelopeException)
        {
            return await RefuseAsync(frames, TransportError.KeyUnknown);
        }
        // The key may have been destroyed, or have expired, since this connection first used it.
        if (_parts.FindKey(keyId, DcId) is null)
            return await RefuseAsync(frames, TransportError.KeyUnknown);
        Interlocked.Exchange(ref _lastKeyId, keyId);
        _parts.Traffic.Sent(keyId, this);
        _parts.World.MarkSeen(_parts.TemporaryKeys.AccountKeyOf(keyId));
        _parts.Sessions.GetOrAdd(_parts, key, message.Header.SessionId, DcId).Receive(this, message.Header, message.Body);
        return true;
    }

    private async ValueTask<bool> ShakeHandsAsync(FrameConnection frames, ReadOnlyMemory<byte> packet)
    {
        if (_parts.Faults.Take(FaultKind.TransportError, new FaultScope(DcId, Method: "handshake")) is { Code: { } code })
            return await RefuseAsync(frames, -Math.Abs(code));
        var reply = _handshake.Handle(packet);
        if (reply.Completed is { ExpiresIn: { } expiresIn } temporary)
            _parts.TemporaryKeys.Add(temporary.AuthKey, DcId, temporary.ServerSalt, expiresIn);
        else if (reply.Completed is { } made)
            _parts.World.AddKey(made.AuthKey.Id, made.AuthKey.Export(), DcId, made.ServerSalt);
        if (reply.Packet is { } answer)
            Send(answer);
        if (reply.Error is not { } error)
            return true;
        await frames.WriteErrorAsync(error, _ended.Token);
        return true;
    }

    private async ValueTask<bool> RefuseAsync(FrameConnection frames, int error)
    {
        LogRefused(Number, DcId, error);
        await frames.WriteErrorAsync(error, _ended.Token);
        return false;
    }

    private async Task WriteAsync(FrameConnection frames)
    {
        try
        {
            while (await _outgoing.Reader.WaitToReadAsync())
            {
                while (_outgoing.Reader.TryRead(out var packet))
                    await frames.WriteAsync(packet, CancellationToken.None);
            }

            await frames.CloseAsync();
            _stream.Close();
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            LogEnded(Number, DcId, e.GetType().Name);
            End(ConnectionEnd.Reset);
        }
    }

    [LoggerMessage(EventId = 6001, Level = LogLevel.Debug, Message = "Connection {Number} to data centre {DcId} ended: {Reason}")]
    private partial void LogEnded(long number, int dcId, string reason);

    [LoggerMessage(EventId = 6005, Level = LogLevel.Warning, Message = "Ending connection {Number} to data centre {DcId} met something that had ended before it")]
    private partial void LogEndFailed(Exception exception, long number, int dcId);

    [LoggerMessage(EventId = 6002, Level = LogLevel.Debug, Message = "Connection {Number} to data centre {DcId} was refused with {Error}")]
    private partial void LogRefused(long number, int dcId, int error);
}
