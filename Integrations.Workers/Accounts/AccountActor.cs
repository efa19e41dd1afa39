using System.Diagnostics;
using Integrations.Core.Errors;
using Integrations.Core.Ownership;
using Integrations.Core.Secrets;
using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Telegram.Clients;
using Integrations.Workers.Postgres;
using Integrations.Workers.Sending;
using Integrations.Workers.Telemetry;
using Npgsql;

namespace Integrations.Workers.Accounts;

/// <summary>One account on this host: its own loop, mailbox and cancellation. Whatever fails in it restarts it alone.</summary>
internal sealed partial class AccountActor : IAsyncDisposable
{
    private readonly OwnedAccount _account;
    private readonly AccountTools _tools;
    private readonly ILogger _logger;
    private readonly Mailbox _mailbox;
    private readonly Action _ready;
    private readonly WakeSignal _wake = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _abort = new();
    private volatile AccountRow? _row;
    private volatile bool _unlisted;
    private volatile ITelegramClient? _client;

    /// <summary>The client has begun to receive, which it does once: its unread batches belong to the session that is over.</summary>
    private bool _hasReceived;
    private string? _toldTrouble;
    private long _woken;
    private long _looked;

    /// <param name="account">Which account, under which claim.</param>
    /// <param name="row">What the reconciliation found.</param>
    /// <param name="tools">Shared by the host.</param>
    /// <param name="ready">Called when the mailbox has opened: what waits in the queue can be claimed.</param>
    public AccountActor(OwnedAccount account, AccountRow row, AccountTools tools, Action ready)
    {
        _account = account;
        _tools = tools;
        _logger = tools.Logger<AccountActor>();
        _mailbox = new Mailbox(tools.Accounts.MailboxCapacity, tools.Accounts.FileSendsAtOnce);
        _row = row;
        _ready = ready;
        Completion = Task.Run(SuperviseAsync);
    }

    private enum Next
    {
        Finished,
        Again,

        /// <summary>After the pause that a failure would cost: what led here may do so again.</summary>
        AgainLater,
    }

    /// <summary>Completes when there is nothing more to do for the account, or it was let go. Never fails.</summary>
    public Task Completion { get; }

    public Mailbox Mailbox => _mailbox;

    /// <summary>Something has changed since the actor last looked at its rows.</summary>
    public bool HasUnseenWake => Volatile.Read(ref _woken) > Volatile.Read(ref _looked);

    /// <summary>Tells what a reconciliation found.</summary>
    public void Wake(AccountRow row)
    {
        var before = _row;
        _row = row;
        // An open login may have an input that waits; the row itself does not show it.
        if (row == before && !row.LoginIsOpen)
            return;

        Interlocked.Increment(ref _woken);
        _wake.Raise();
    }

    /// <summary>A reconciliation did not list the account: it is not to be run any more, or has just changed.</summary>
    public void Unlisted()
    {
        _unlisted = true;
        Interlocked.Increment(ref _woken);
        _wake.Raise();
    }

    /// <summary>Finishes or gives back what is under way, closes the sockets, and ends.</summary>
    public async Task StopAsync(CancellationToken deadline)
    {
        await _stop.CancelAsync();
        await using (deadline.UnsafeRegister(static state => ((AccountActor)state!).Abort(), this))
            await Completion;
    }

    /// <summary>Drops the sockets before it returns; nothing is written or stored any more.</summary>
    public void Abort()
    {
        _client?.Abort();
        _abort.Cancel();
        _stop.Cancel();
    }

    public async ValueTask DisposeAsync()
    {
        await Completion;
        _stop.Dispose();
        _abort.Dispose();
    }

    private async Task SuperviseAsync()
    {
        var failures = 0;
        while (!_stop.IsCancellationRequested)
        {
            var started = _tools.Time.GetTimestamp();
            TimeSpan? asked = null;
            try
            {
                var next = await RunOnceAsync();
                if (next is Next.Finished && !HasUnseenWake)
                    break;

                if (next is not Next.AgainLater)
                {
                    failures = 0;
                    continue;
                }
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                break;
            }
            catch (StaleEpochException)
            {
                // The shard is another's: not one byte more.
                Abort();
                break;
            }
            catch (Exception e)
            {
                // So that our log and the customer's line name the same trace.
                using var activity = WorkerTelemetry.Activities.StartActivity("telegram account failed");
                asked = (e as TelegramRefusedException)?.Wait;
                LogFailed(_logger, e, _account.Id);
                _tools.Telemetry.Restarted("failure");
                // What comes again after a healthy while is news again.
                if (_tools.Time.GetElapsedTime(started) >= _tools.Accounts.HealthyAfter)
                    _toldTrouble = null;
                await TellTroubleAsync(e);
                await CloseAsync();
            }

            failures = _tools.Time.GetElapsedTime(started) >= _tools.Accounts.HealthyAfter ? 1 : failures + 1;
            var pause = BackOff.After(failures, _tools.Accounts.FirstRestartDelay, _tools.Accounts.MaxRestartDelay, _tools.Random);
            await PauseAsync(asked > pause ? asked.Value : pause);
        }

        await CloseAsync();
        LogEnded(_logger, _account.Id);
    }

    private async Task PauseAsync(TimeSpan pause)
    {
        try
        {
            await _wake.WaitAsync(pause, _tools.Time, _stop.Token);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The loop sees it.
        }
    }

    /// <summary>Looks at the rows and does the one thing that they want next.</summary>
    private async Task<Next> RunOnceAsync()
    {
        var ct = _stop.Token;
        // Before the read: what a reconciliation finds from now on may be newer than the file, what it found before is not.
        Volatile.Write(ref _looked, Volatile.Read(ref _woken));
        _row = null;
        _unlisted = false;
        var file = await _tools.Records.LoadAsync(_account, ct);
        if (file is null)
            return Next.Finished;

        if (file.Goal is AccountGoal.Disconnected or AccountGoal.Deleted)
            return await DisconnectAsync(file, ct);

        if (file.Goal is AccountGoal.Paused)
        {
            await CloseAsync();
            if (file.Status is not AccountStatus.Paused)
                await _tools.Records.PausedAsync(_account, ct);
            return Next.Finished;
        }

        if (file.Login is { IsOpen: true } login)
            return await LogInAsync(file, login, ct);

        if (file.Status is not (AccountStatus.Active or AccountStatus.Paused) && !file.RestartIsDue)
            return Next.Finished;

        if (file.Session is null)
        {
            await _tools.Records.FailedAsync(_account, ErrorCodes.TelegramSessionExpired, "There is no session to go on with; log in again.", file.RestartRequested, ct);
            return Next.Finished;
        }

        if (file.RestartIsDue)
            await CloseAsync();

        return await ConnectAsync(file, ct);
    }

    private async Task<Next> ConnectAsync(AccountFile file, CancellationToken ct)
    {
        if (_hasReceived)
            await CloseAsync();

        TelegramRefusedException refusal;
        try
        {
            var client = await ClientAsync(file, ct);
            _hasReceived = true;
            switch (await new AccountSession(_account, client, _mailbox, _tools, _wake, () => (_row, _unlisted), _ready)
                .RunAsync(file, file.RestartRequested, _stop.Token, _abort.Token))
            {
                case SessionEnd.Stopped:
                    return Next.Finished;
                case SessionEnd.LookAgain:
                    await GiveBackAsync();
                    return Next.Again;
                case SessionEnd.TooLarge large:
                    LogTooLarge(_logger, _account.Id, large.Bytes);
                    _tools.Telemetry.Restarted("memory");
                    await CloseAsync();
                    return Next.AgainLater;
                case SessionEnd.Suspect suspect:
                    refusal = suspect.Refusal;
                    break;
                case var other:
                    throw new InvalidOperationException($"Unknown end {other.GetType().Name}.");
            }
        }
        catch (TelegramRefusedException e) when (e.SaysSessionIsGone)
        {
            refusal = e;
        }

        return await ConfirmAsync(file, refusal, ct);
    }

    /// <summary>One 401 may be a fault of one connection; what a second, fresh one says is final.</summary>
    private async Task<Next> ConfirmAsync(AccountFile file, TelegramRefusedException refusal, CancellationToken ct)
    {
        using var activity = WorkerTelemetry.Activities.StartActivity("telegram session confirm", ActivityKind.Client);
        LogSuspect(_logger, _account.Id, refusal.Code, refusal.Type);
        await CloseAsync();
        try
        {
            var client = await ClientAsync(file, ct);
            await client.WhoAmIAsync(ct);
            return Next.AgainLater;
        }
        catch (TelegramRefusedException e) when (e.SaysSessionIsGone)
        {
            await CloseAsync();
            await _tools.Records.FailedAsync(
                _account, ErrorCodes.TelegramSessionExpired, $"Telegram has ended the session ({e.Type}); log in again.", file.RestartRequested, ct);
            return Next.Finished;
        }
    }

    private async Task<Next> DisconnectAsync(AccountFile file, CancellationToken ct)
    {
        if (file.Session is not null)
        {
            try
            {
                var client = await ClientAsync(file, ct);
                await client.LogOutAsync(ct);
            }
            catch (TelegramRefusedException e) when (e.SaysSessionIsGone)
            {
                // Somebody was faster, on the phone perhaps: it is gone, which is what was wanted.
                LogGoneAlready(_logger, _account.Id, e.Type);
            }
        }

        await CloseAsync();
        await _tools.Records.DisconnectedAsync(_account, file.Goal is AccountGoal.Deleted, ct);
        return Next.Finished;
    }

    /// <summary>The connected client; the login's own where there was a login.</summary>
    private async Task<ITelegramClient> ClientAsync(AccountFile file, CancellationToken ct)
    {
        if (_client is { } there)
            return there;

        var client = await _tools.Clients.CreateAsync(_account, file, ct);
        _client = client;
        if (_abort.IsCancellationRequested)
            client.Abort();

        await client.ConnectAsync(ct);
        return client;
    }

    /// <summary>Closes the connection, and gives back to the queue what was taken from it.</summary>
    private async Task CloseAsync()
    {
        _mailbox.Close();
        _hasReceived = false;
        if (Interlocked.Exchange(ref _client, null) is { } client)
            await client.DisposeAsync();

        await GiveBackAsync();
    }

    private async Task GiveBackAsync()
    {
        var left = _tools.Held.OfAccount(_account.Claim.Shard, _account.Id);
        if (left.Count == 0 || _abort.IsCancellationRequested)
            return;

        try
        {
            await _tools.Outcomes.WriteAsync(_account.Claim, OutcomeSet.Of(_account.Id, [.. left.Select(Outcome.GivenBack)]), _abort.Token);
        }
        catch (Exception e) when (e is StaleEpochException or OperationCanceledException or ObjectDisposedException)
        {
            // The next owner recovers them.
        }
        catch (PostgresException e)
        {
            LogNotGivenBack(_logger, e, _account.Id, left.Count);
            _tools.Held.Disown(_account.Claim.Shard, left.Select(message => message.Id));
        }
    }

    /// <summary>The same trouble is told once, not at every try.</summary>
    private async Task TellTroubleAsync(Exception exception)
    {
        var (code, detail) = exception switch
        {
            TelegramUnavailableException => (ErrorCodes.TelegramUnavailable, "Telegram cannot be reached; the connection is tried again."),
            TelegramRefusedException { Wait: { } wait } => (ErrorCodes.TelegramFlood, $"Telegram asks this account to wait {Math.Ceiling(wait.TotalSeconds)} s."),
            TelegramRefusedException e => (ErrorCodes.TelegramUnavailable, $"Telegram refused the connection ({e.Code} {e.Type}); it is tried again."),
            SecretUnavailableException { Obstacle: SecretObstacle.Sealed } =>
                (ErrorCodes.SecretsUnavailable, "Vault, which keeps the key of the session, is sealed; the account waits until it is unsealed."),
            SecretUnavailableException => (ErrorCodes.SecretsUnavailable, "The key that opens the session is not available; the account waits for it."),
            _ when DatabaseFailures.MayPass(exception) => (null, ""),
            _ => (ErrorCodes.Internal, "Something failed on our side and was logged; the account is started again."),
        };
        if (code is null || code == _toldTrouble)
            return;

        try
        {
            await _tools.Records.TroubledAsync(_account, code, detail, _stop.Token);
            _toldTrouble = code;
        }
        catch (Exception e) when (e is StaleEpochException or OperationCanceledException || DatabaseFailures.MayPass(e))
        {
            // It is told at the next failure, or is no longer ours to tell.
        }
    }

    [LoggerMessage(EventId = 4001, Level = LogLevel.Warning, Message = "Account {AccountId} has failed; it alone is started again")]
    private static partial void LogFailed(ILogger logger, Exception exception, Guid accountId);

    [LoggerMessage(EventId = 4002, Level = LogLevel.Debug, Message = "The actor of account {AccountId} has ended")]
    private static partial void LogEnded(ILogger logger, Guid accountId);

    [LoggerMessage(EventId = 4003, Level = LogLevel.Warning, Message = "Account {AccountId} holds about {Bytes} bytes, over its limit; it alone is started again")]
    private static partial void LogTooLarge(ILogger logger, Guid accountId, long bytes);

    [LoggerMessage(EventId = 4004, Level = LogLevel.Warning, Message = "Telegram refuses the session of account {AccountId} ({Code} {Type}); a second connection is asked")]
    private static partial void LogSuspect(ILogger logger, Guid accountId, int code, string type);

    [LoggerMessage(EventId = 4006, Level = LogLevel.Error, Message = "{Count} messages of account {AccountId} could not be given back; the shard's next claim does it")]
    private static partial void LogNotGivenBack(ILogger logger, Exception exception, Guid accountId, int count);

    [LoggerMessage(EventId = 4005, Level = LogLevel.Information, Message = "The session of account {AccountId} was gone already ({Type})")]
    private static partial void LogGoneAlready(ILogger logger, Guid accountId, string type);
}
