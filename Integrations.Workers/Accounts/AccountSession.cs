using Integrations.Core.Telegram.Clients;
using Integrations.Workers.Channels;
using Integrations.Workers.Media;
using Integrations.Workers.Receiving;
using Integrations.Workers.Sending;

namespace Integrations.Workers.Accounts;

/// <summary>Why a session ended without a failure.</summary>
internal abstract record SessionEnd
{
    private SessionEnd()
    {
    }

    /// <summary>The host lets the account go.</summary>
    public sealed record Stopped : SessionEnd;

    /// <summary>Something else is wanted of the account; its client is still connected.</summary>
    public sealed record LookAgain : SessionEnd;

    /// <summary>Telegram says that the session is gone, which a second connection must confirm.</summary>
    public sealed record Suspect(TelegramRefusedException Refusal) : SessionEnd;

    /// <summary>The account holds more memory than it may.</summary>
    public sealed record TooLarge(long Bytes) : SessionEnd;
}

/// <summary>The time in which an account is connected: it receives, sends, and watches what is wanted of it.</summary>
/// <param name="account">Whose session.</param>
/// <param name="client">Connected.</param>
/// <param name="mailbox">Open while the session can send.</param>
/// <param name="tools">Shared by the host.</param>
/// <param name="wake">Raised when what is wanted may have changed.</param>
/// <param name="wanted">What the newest reconciliation found: null while there was none, and whether it did not list the account at all.</param>
/// <param name="ready">Called when the mailbox is open.</param>
internal sealed class AccountSession(
    OwnedAccount account, ITelegramClient client, Mailbox mailbox, AccountTools tools, WakeSignal wake, Func<(AccountRow? Row, bool Unlisted)> wanted, Action ready)
{
    /// <summary>What a claimed message takes in the mailbox, roughly: most texts are short.</summary>
    private const int BytesPerMessage = 1_024;

    /// <summary>The actor itself with its tasks and channels.</summary>
    private const int BytesAtRest = 32 * 1_024;

    /// <summary>A client that has not come back by then is made anew: its servers may have moved.</summary>
    private static readonly TimeSpan ReconnectPatience = TimeSpan.FromSeconds(30);

    /// <summary>How long catching up may take before the session is asked for again.</summary>
    private static readonly TimeSpan CatchUpPatience = TimeSpan.FromSeconds(5);

    private readonly InFlight _inFlight = new();

    /// <param name="file">What is stored of the account.</param>
    /// <param name="restartFollowed">The newest request to start afresh that this session answers.</param>
    /// <param name="stop">Let the account go in good order.</param>
    /// <param name="abort">Let it go at once.</param>
    public async Task<SessionEnd> RunAsync(AccountFile file, long restartFollowed, CancellationToken stop, CancellationToken abort)
    {
        using var life = CancellationTokenSource.CreateLinkedTokenSource(abort);
        using var taking = CancellationTokenSource.CreateLinkedTokenSource(stop, abort);
        var files = new AccountFiles(account, client, tools.Files);
        var receiver = new AccountReceiver(account, client, _inFlight, tools, files.Wake) { Accepts = file.Accepts };
        var sender = new AccountSender(account, client, mailbox, _inFlight, tools, tools.Logger<AccountSender>());

        // A session that was ended while nobody ran it is noticed here, not at its first send.
        await client.WhoAmIAsync(taking.Token);
        await client.StartReceivingAsync(file.Position ?? await client.CurrentPositionAsync(taking.Token), file.Channels, taking.Token);
        var opened = tools.Telemetry.SessionOpened(account.Id, Estimate);
        var receiving = receiver.RunAsync(life.Token);
        var fetching = files.RunAsync(taking.Token);
        var live = new LiveClient(account, client, taking.Token);
        Task? sending = null;
        try
        {
            await tools.Records.ConnectedAsync(account, file.Status is not Core.Telegram.Accounts.AccountStatus.Active || file.HasTrouble, restartFollowed, taking.Token);
            tools.Live.Add(live);
            sending = SendWhenCaughtUpAsync(receiver, sender, taking.Token, life.Token);
            var watching = WatchAsync(receiver, restartFollowed, taking.Token);
            var first = await Task.WhenAny(receiving, sending, watching, sender.Suspect);
            if (first == sender.Suspect)
                return new SessionEnd.Suspect(await sender.Suspect);

            await first;
            return await watching;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested && !abort.IsCancellationRequested)
        {
            return new SessionEnd.Stopped();
        }
        finally
        {
            tools.Live.Remove(live);
            await taking.CancelAsync();
            await DrainAsync(sending, receiving, abort);
            await life.CancelAsync();
            await Task.WhenAll(receiving, fetching, sending ?? Task.CompletedTask).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            // Once more: a session that was over in the moment in which it had caught up has opened the box after it was closed. Nobody reads
            // it any more, so nothing may come in either; what has come is given back by the actor.
            mailbox.Close();
            tools.Telemetry.SessionClosed(account.Id, opened);
        }
    }

    /// <summary>
    /// What an earlier owner sent comes back in what is caught up with; only when that is stored is it known what is still to be sent.
    /// </summary>
    private async Task SendWhenCaughtUpAsync(AccountReceiver receiver, AccountSender sender, CancellationToken taking, CancellationToken life)
    {
        await receiver.CaughtUp.WaitAsync(taking);
        var sending = sender.RunAsync(life);
        ready();
        await sending;
    }

    /// <summary>Takes nothing more, and waits a little for the sends under way: their outcomes are stored by the receiving side.</summary>
    private async Task DrainAsync(Task? sending, Task receiving, CancellationToken abort)
    {
        mailbox.Close();
        if (sending is null || receiving.IsCompleted || abort.IsCancellationRequested)
            return;

        using var grace = new CancellationTokenSource(tools.Accounts.HandOverGrace, tools.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(grace.Token, abort);
        var drained = DrainedAsync(sending, either.Token);
        await Task.WhenAny(drained, receiving);
        await either.CancelAsync();
        await drained.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task DrainedAsync(Task sending, CancellationToken ct)
    {
        await sending.WaitAsync(ct);
        await _inFlight.WhenEmptyAsync(ct);
    }

    /// <summary>Watches what is wanted, what the client tells, and the memory.</summary>
    private async Task<SessionEnd> WatchAsync(AccountReceiver receiver, long restartFollowed, CancellationToken ct)
    {
        DateTimeOffset? awaySince = null;
        var told = false;
        while (true)
        {
            var (row, unlisted) = wanted();
            if (unlisted)
                return new SessionEnd.LookAgain();

            if (row is not null)
            {
                receiver.Accepts = row.Accepts;
                if (row.Goal is not Core.Telegram.Accounts.AccountGoal.Connected || row.LoginIsOpen || row.RestartRequested > restartFollowed)
                    return new SessionEnd.LookAgain();
            }

            if (Estimate() is var bytes && bytes > tools.Accounts.MemoryLimitBytes)
                return new SessionEnd.TooLarge(bytes);

            var limit = tools.Accounts.MemoryCheckInterval;
            if (awaySince is { } since)
            {
                var left = since + ReconnectPatience - tools.Time.GetUtcNow();
                if (left <= TimeSpan.Zero)
                    throw new TelegramUnavailableException("the connection was lost and did not come back");
                limit = left < limit ? left : limit;

                var untold = since + tools.Accounts.TroubleToldAfter - tools.Time.GetUtcNow();
                if (!told && untold <= TimeSpan.Zero)
                {
                    told = true;
                    await tools.Records.DroppedAsync(account, since, ct);
                }
                else if (!told && untold < limit)
                {
                    limit = untold;
                }
            }

            // An account that does not catch up may have lost its session between the first question and the difference.
            var isBehind = !receiver.CaughtUp.IsCompleted;
            if (isBehind && limit > CatchUpPatience)
                limit = CatchUpPatience;

            switch (await NextAsync(limit, ct))
            {
                case null when isBehind && !receiver.CaughtUp.IsCompleted && client.IsConnected:
                    if (await CheckAsync(ct) is { } lost)
                        return lost;
                    break;
                case TelegramNotice.Connected when awaySince is not null:
                    if (await CheckAsync(ct) is { } end)
                        return end;

                    awaySince = null;
                    told = false;
                    await tools.Records.ConnectedAsync(account, news: false, restartFollowed, ct);
                    break;
                case TelegramNotice.Disconnected:
                    awaySince ??= tools.Time.GetUtcNow();
                    break;
                case TelegramNotice.SessionRefused refused:
                    return new SessionEnd.Suspect(refused.Refusal);
                default:
                    break;
            }
        }
    }

    /// <summary>
    /// A session that was ended while its connection was away would otherwise be noticed only by the next send: nothing is pushed to it.
    /// </summary>
    private async Task<SessionEnd?> CheckAsync(CancellationToken ct)
    {
        try
        {
            await client.WhoAmIAsync(ct);
            return null;
        }
        catch (TelegramRefusedException e) when (e.SaysSessionIsGone)
        {
            return new SessionEnd.Suspect(e);
        }
        catch (TelegramRefusedException)
        {
            // It was heard and known, which is all that was asked.
            return null;
        }
    }

    /// <summary>The next notice; null when something in the rows has changed, or the limit has passed.</summary>
    private async Task<TelegramNotice?> NextAsync(TimeSpan limit, CancellationToken ct)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var woken = wake.WaitAsync(limit, tools.Time, waiting.Token);
        var noticed = client.Notices.WaitToReadAsync(waiting.Token).AsTask();
        await Task.WhenAny(woken, noticed);
        await waiting.CancelAsync();
        await Task.WhenAll((Task)woken, noticed).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        ct.ThrowIfCancellationRequested();
        // A wake that came together with a notice is not lost: the rows are looked at before each wait.
        return client.Notices.TryRead(out var notice) ? notice : null;
    }

    private long Estimate() => BytesAtRest + client.EstimatedBytes + (long)mailbox.Count * BytesPerMessage;
}
