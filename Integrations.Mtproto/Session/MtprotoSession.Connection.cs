using System.Buffers;
using System.Net.Sockets;
using System.Security.Cryptography;
using Integrations.Mtproto.Crypto;
using Integrations.Mtproto.Envelope;
using Integrations.Mtproto.Handshake;
using Integrations.Mtproto.Transport;

namespace Integrations.Mtproto.Session;

// Connecting, losing the connection, connecting again.
public sealed partial class MtprotoSession
{
    /// <summary>-404 on so many connections in a row, with nothing received between, and the key counts as unknown.</summary>
    private const int KeyUnknownLimit = 2;

    private const ConfigureAwaitOptions Quietly = ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext;

    private int _keyUnknown;

    private async Task RunAsync()
    {
        // Whoever calls Start holds the gate.
        await Task.Yield();
        Exception? failure = null;
        try
        {
            var first = true;
            var delay = TimeSpan.Zero;
            while (!_stop.IsCancellationRequested)
            {
                if (await ConnectAsync(delay) is not { } connection)
                    break;

                var connectedAt = Uptime;
                Enter(connection, first);
                first = false;
                var loss = await ServeAsync(connection);
                Leave(connection);
                if (_stop.IsCancellationRequested)
                    break;
                if (Uptime - connectedAt >= _timings.GoodConnection)
                    _delay.Succeeded();
                if (loss is null)
                {
                    delay = TimeSpan.Zero;
                    continue;
                }

                LogConnectionLost(_key.Id, (long)(Uptime - connectedAt).TotalMilliseconds, loss.Message);
                failure = Terminal(loss);
                if (failure is not null)
                    break;
                delay = _delay.Next(flooded: loss is TransportErrorException { Code: TransportError.Flood });
            }
        }
        catch (Exception e) when (!_stop.IsCancellationRequested)
        {
            // A fault of ours: without this the calls would wait for ever on a session that nobody serves.
            LogSessionFailed(e, _key.Id);
            failure = e;
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Disposed or aborted while connecting.
        }

        End(failure);
        await ForgetKeysAsync();
        if (failure is not null)
            throw failure;
    }

    /// <summary>Tries until there is a connection; null when the session is being ended.</summary>
    private async Task<FrameConnection?> ConnectAsync(TimeSpan delay)
    {
        ChangeState(SessionState.Connecting);
        var flooded = false;
        for (; !_stop.IsCancellationRequested; delay = _delay.Next(flooded))
        {
            if (delay > TimeSpan.Zero && TakePrepared() is { } ready)
                return ready;
            if (delay > TimeSpan.Zero)
                await Task.Delay(delay, _time, _stop.Token);
            if (TakePrepared() is { } prepared)
                return prepared;

            using var limit = new CancellationTokenSource(_timings.ConnectTimeout, _time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _stop.Token);
            try
            {
                var connection = await OpenAsync(limit, either.Token);
                lock (_gate)
                {
                    if (!_closed)
                    {
                        _connection = connection;
                        return connection;
                    }
                }

                connection.Dispose();
                return null;
            }
            catch (Exception e) when (IsPassing(e))
            {
                flooded = e is TransportErrorException { Code: TransportError.Flood };
                LogConnectFailed(_key.Id, e.Message);
            }
        }

        return null;
    }

    /// <summary>A failure to connect that another attempt may not meet.</summary>
    private bool IsPassing(Exception e) => e switch
    {
        WriteFencedException or TransportErrorException { Code: TransportError.WrongDc } => false,
        IOException or SocketException or HandshakeException => true,
        OperationCanceledException => !_stop.IsCancellationRequested,
        _ => false,
    };

    private void Enter(FrameConnection connection, bool first)
    {
        lock (_gate)
        {
            _introduced = false;
            _pings.Restart(Uptime);
            _service.Clear();
            foreach (var call in UnderWay())
            {
                // What the server has acknowledged it will answer on the new connection too, and is only asked after; the rest may
                // never have arrived. A binding may be repeated as often as one likes, and everything waits for it.
                if (call.IsAcknowledged && call != _binding)
                    call.PolledAt = TimeSpan.MinValue;
                else
                    SendAgain(call);
            }
        }

        LogConnected(_key.Id, connection.Format);
        ChangeState(SessionState.Connected);
        if (!first)
            _notices.Missed(MissReason.Reconnected);
    }

    /// <summary>Runs both loops until one ends, and returns why; null when the connection was left for that of the next key.</summary>
    private async Task<Exception?> ServeAsync(FrameConnection connection)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        var reading = ReadLoopAsync(connection, stop.Token);
        var writing = WriteLoopAsync(connection, stop.Token);
        var ended = await Task.WhenAny(reading, writing);
        connection.Abort();
        stop.Cancel();
        await Task.WhenAll(reading, writing).ConfigureAwait(Quietly);

        // The loop that ended first knows the reason; the other one only saw the connection being closed under it. A fallen fence
        // outranks both, because it ends the session.
        var loss = ended.Exception?.InnerException;
        if (writing.Exception?.InnerException is WriteFencedException fenced)
            loss = fenced;
        if (ended == writing && writing.IsCompletedSuccessfully)
            return null;
        return loss ?? new TransportException("The connection was closed.");
    }

    private void Leave(FrameConnection connection)
    {
        lock (_gate)
            _connection = null;
        connection.Dispose();
        ChangeState(SessionState.Connecting);
    }

    /// <summary>What no further connection can mend; null for everything else.</summary>
    private Exception? Terminal(Exception loss)
    {
        switch (loss)
        {
            case WriteFencedException:
                return loss;
            case TransportErrorException { Code: TransportError.KeyUnknown } when _options.ForwardSecrecy is not null:
                // Only the temporary key is meant, which the server may forget whenever it likes.
                DropKey();
                return null;
            case KeyBindingRefusedException refusal:
                return Judge(refusal);
            case TransportErrorException { Code: TransportError.KeyUnknown }:
                // One -404 may be a passing fault of the server: a key is never given up for it.
                return ++_keyUnknown >= KeyUnknownLimit ? new AuthKeyUnknownException() : null;
            case TransportErrorException { Code: TransportError.WrongDc }:
                return loss;
            default:
                return null;
        }
    }

    private async Task ReadLoopAsync(FrameConnection connection, CancellationToken cancellationToken)
    {
        while (true)
        {
            var frame = await _answers.Meanwhile(connection.ReadAsync(cancellationToken))
                ?? throw new TransportException("The server closed the connection.");
            switch (frame.Kind)
            {
                case FrameKind.Error:
                    throw new TransportErrorException(frame.Code);
                case FrameKind.QuickAck:
                    continue;
                case FrameKind.Payload:
                    Open(frame.Payload.Span);
                    break;
            }
        }
    }

    /// <summary>Opens one packet and acts upon it. Whatever is kept of it is copied by then, so that its memory goes back to the pool, emptied.</summary>
    private void Open(ReadOnlySpan<byte> packet)
    {
        var size = EncryptedMessage.BufferFor(packet.Length);
        var buffer = ArrayPool<byte>.Shared.Rent(size);
        try
        {
            // A packet that does not open means a connection that cannot be trusted any further: it is left, not skipped.
            var message = EncryptedMessage.Decrypt(_key, MessageDirection.ServerToClient, packet, buffer);
            _keyUnknown = 0;
            if (IsOurSession(message.Header.SessionId))
                Receive(message);
        }
        catch
        {
            // The connection ends here, and nobody waits for its next packet meanwhile: whoever has his answer goes on elsewhere.
            _answers.Release();
            throw;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(buffer.AsSpan(0, size));
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private bool IsOurSession(long sessionId)
    {
        lock (_gate)
        {
            if (sessionId == _sessionId)
                return true;

            // What was on its way when a new session was begun speaks of messages that have gone out again since.
            return sessionId == _previousSessionId ? false : throw new EnvelopeException();
        }
    }

    private void ChangeState(SessionState state)
    {
        lock (_gate)
        {
            if (State == state || State == SessionState.Closed)
                return;
            State = state;
        }

        _options.StateChanged(state);
    }
}
