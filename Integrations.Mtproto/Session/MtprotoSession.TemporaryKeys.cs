using Integrations.Mtproto.Crypto;
using Integrations.Mtproto.Envelope;
using Integrations.Mtproto.Handshake;
using Integrations.Mtproto.Transport;

namespace Integrations.Mtproto.Session;

// Perfect forward secrecy (core.telegram.org/api/pfs): making temporary keys, binding them, going over from one to the next.
public sealed partial class MtprotoSession
{
    /// <summary>A key is renewed between these parts of its life: a thousand accounts that began together do not do it together.</summary>
    private const double RenewFrom = 0.75;
    private const double RenewUntil = 0.85;

    /// <summary>The part of a key's life after which a connection does not begin under it.</summary>
    private const double Reliable = 0.95;

    /// <summary>The key that the session speaks under; null before the first, after the loss of one, and without forward secrecy.</summary>
    private TemporaryKey? _temporary;

    /// <summary>The binding that is not answered yet.</summary>
    private KeyBindingCall? _binding;
    private PreparedConnection? _prepared;
    private Task _renewal = Task.CompletedTask;
    private TimeSpan _renewAt = TimeSpan.MaxValue;
    private bool _isRenewing;
    private TimeSpan? _refusedSince;

    /// <summary>Under the gate: whether calls may go out. A permanent key needs no binding.</summary>
    private bool MayCall => _options.ForwardSecrecy is null || (_temporary is not null && _binding is null);

    /// <summary>Under the gate: with the next key at hand, nothing new is begun under the old one.</summary>
    private bool IsDraining => _prepared is not null;

    /// <summary>Under the gate: when the next key is to be made.</summary>
    private TimeSpan RenewalDue => _isRenewing || _prepared is not null ? TimeSpan.MaxValue : _renewAt;

    /// <summary>Whether it is time to leave for the connection of the next key: everything is answered, or was waited for long enough.</summary>
    private bool HasDrained
    {
        get
        {
            lock (_gate)
                return _prepared is { } next && ((_calls.Count == 0 && _again.Count == 0) || next.SwitchBy <= Uptime);
        }
    }

    /// <summary>A connection that a key is at hand for: with forward secrecy, one is made on it where there is none.</summary>
    private async ValueTask<FrameConnection> OpenAsync(CancellationTokenSource limit, CancellationToken cancellationToken)
    {
        var connection = await _options.ConnectAsync(cancellationToken);
        if (_options.ForwardSecrecy is not { } secrecy || (_temporary is { } present && Uptime < present.LapsesAt))
            return connection;
        try
        {
            limit.CancelAfter(_timings.ExchangeTimeout);
            Use(await MakeKeyAsync(connection, secrecy, cancellationToken));
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>
    /// The connection that was made ready for the next key; null when there is none. One whose key has lapsed meanwhile, as during a long
    /// wait between two attempts to connect, is thrown away: it would be refused, and the wait after that let the next one lapse too.
    /// </summary>
    private FrameConnection? TakePrepared()
    {
        PreparedConnection prepared;
        bool isGood;
        lock (_gate)
        {
            if (_prepared is not { } ready || _closed)
                return null;
            (prepared, _prepared) = (ready, null);
            isGood = Uptime < prepared.Key.LapsesAt;
            if (isGood)
                _connection = prepared.Connection;
        }

        if (!isGood)
        {
            prepared.Connection.Dispose();
            prepared.Key.Key.Clear();
            return null;
        }

        Use(prepared.Key);
        LogKeyRenewed(_key.Id);
        return prepared.Connection;
    }

    private async Task<TemporaryKey> MakeKeyAsync(FrameConnection connection, ForwardSecrecy secrecy, CancellationToken cancellationToken)
    {
        // The key's life is counted from before it begins, which errs on the safe side.
        var begun = Uptime;
        var life = (int)secrecy.Lifetime.TotalSeconds;
        var handshake = new ClientHandshake(secrecy.ServerKeys, secrecy.DcId, _random) { ExpiresIn = life };
        var made = await KeyExchange.RunAsync(connection, handshake, new MessageIdSource(_time) { Offset = _ids.Offset }, cancellationToken);
        var renewAt = begun + (secrecy.Lifetime * (RenewFrom + ((RenewUntil - RenewFrom) * _random.NextFraction())));
        return new TemporaryKey(
            made.AuthKey,
            made.ServerSalt,
            made.ServerTime - _time.GetUtcNow(),
            (int)made.ServerTime.ToUnixTimeSeconds() + life,
            renewAt,
            begun + (secrecy.Lifetime * Reliable));
    }

    /// <summary>
    /// Goes on under another key, while there is no connection under the old one. Sessions and salts belong to a key, so both begin anew;
    /// calls without an answer go again.
    /// </summary>
    private void Use(TemporaryKey next)
    {
        lock (_gate)
        {
            _temporary?.Key.Clear();
            (_temporary, _key, _renewAt) = (next, next.Key, next.RenewAt);
            _salts.Replace([new ServerSalt(next.Salt, 0, 0)]);
            _saltsAskedAt = TimeSpan.MinValue;
            _clock.Start(next.ClockOffset);
            if (_binding is { } unanswered)
                Forget(unanswered);
            RestartSession();
            Bind(next);
        }
    }

    /// <summary>Under the gate: queues the binding.</summary>
    private void Bind(TemporaryKey temporary)
    {
        _binding = new KeyBindingCall(
            messageId => KeyBinding.Create(_options.AuthKey, temporary.Key, _sessionId, messageId, temporary.ExpiresAt, _random), Bound);
        SendAgain(_binding);
    }

    private void Bound()
    {
        lock (_gate)
        {
            _binding = null;
            _refusedSince = null;
        }

        // Calls may go out now.
        _wake.Set();
    }

    /// <summary>Under the gate: the server says that the key in use is bound to none. Whoever hears it first binds it once more.</summary>
    private void BindAgain()
    {
        if (_temporary is { } temporary && _binding is null)
            Bind(temporary);
    }

    /// <summary>The key in use is of no use any more; the next connection makes another. The permanent key has no part in this.</summary>
    private void DropKey()
    {
        lock (_gate)
        {
            _temporary?.Key.Clear();
            _temporary = null;
            _renewAt = TimeSpan.MaxValue;
        }
    }

    /// <summary>What a refused binding means for the permanent key: nothing, until it has been refused for long.</summary>
    private AuthKeyUnknownException? Judge(KeyBindingRefusedException refusal)
    {
        DropKey();
        if (!refusal.IsKeyDoubtful)
            return null;
        _refusedSince ??= Uptime;
        return Uptime - _refusedSince >= _timings.BindingPatience ? new AuthKeyUnknownException() : null;
    }

    /// <summary>Under the gate: begins to make the next key when the time has come.</summary>
    private void RenewWhenDue(TimeSpan now)
    {
        if (_options.ForwardSecrecy is not { } secrecy || RenewalDue > now)
            return;
        _isRenewing = true;
        _renewal = RenewAsync(secrecy);
    }

    /// <summary>Makes the next key on a connection of its own, while the old one goes on being used.</summary>
    private async Task RenewAsync(ForwardSecrecy secrecy)
    {
        // Whoever found that it is due holds the gate.
        await Task.Yield();
        FrameConnection? connection = null;
        try
        {
            using var limit = new CancellationTokenSource(_timings.ConnectTimeout, _time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _stop.Token);
            connection = await _options.ConnectAsync(either.Token);
            limit.CancelAfter(_timings.ExchangeTimeout);
            var key = await MakeKeyAsync(connection, secrecy, either.Token);
            lock (_gate)
                _prepared = new PreparedConnection(connection, key, Uptime + _timings.DrainTimeout);
            connection = null;
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The session is being ended.
        }
        catch (Exception e)
        {
            // The key in use is good for a while yet.
            lock (_gate)
            {
                LogRenewalFailed(e, _key.Id);
                _renewAt = Uptime + _timings.RenewalRetry;
            }
        }
        finally
        {
            connection?.Dispose();
            lock (_gate)
                _isRenewing = false;
        }

        _wake.Set();
    }

    /// <summary>Leaves no temporary key in memory.</summary>
    private async Task ForgetKeysAsync()
    {
        _stop.Cancel();
        await _renewal;
        PreparedConnection? prepared;
        lock (_gate)
            (prepared, _prepared) = (_prepared, null);
        prepared?.Connection.Dispose();
        prepared?.Key.Key.Clear();
        DropKey();
    }
}
