using Integrations.Core.Errors;
using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Telegram.Clients;
using Integrations.Core.Telegram.Logins;
using Integrations.Workers.Accounts;

namespace Integrations.Workers.Logins;

/// <summary>What became of a login.</summary>
internal enum LoginEnd
{
    /// <summary>The account is active; the client goes on as its own.</summary>
    Completed,

    /// <summary>There will be no account; the client and its key are of no more use.</summary>
    Over,

    /// <summary>Something else is wanted of the account now.</summary>
    LookAgain,
}

/// <summary>One login on one client, from wherever an earlier owner left it to its end.</summary>
/// <remarks>
/// The key has been stored before any call here. An answer that does not come throws
/// <see cref="TelegramUnavailableException"/>: the rows still say where the login stands, so the next run goes on from there.
/// </remarks>
internal sealed partial class LoginFlow(OwnedAccount account, ITelegramClient client, LoginRecords records, WakeSignal wake, TimeProvider time, ILogger logger)
{
    /// <summary>Telegram's clock may differ from ours; no code is replaced sooner than this.</summary>
    private static readonly TimeSpan ShortestScan = TimeSpan.FromSeconds(2);

    /// <summary>How long giving up a key may take before it is left to the disconnection that follows.</summary>
    private static readonly TimeSpan LogOutPatience = TimeSpan.FromSeconds(5);

    private LoginFile _login = null!;

    private enum Signal
    {
        Woken,
        Accepted,
        Reconnected,
        TimeUp,
    }

    public async Task<LoginEnd> RunAsync(LoginFile login, CancellationToken ct)
    {
        _login = login;
        try
        {
            return login.Method switch
            {
                _ when time.GetUtcNow() >= login.Generation => await ExpireAsync(ct),
                LoginMethod.Qr => await QrAsync(ct),
                LoginMethod.Phone => await PhoneAsync(ct),
                LoginMethod.Import => await ImportAsync(ct),
                _ => throw new InvalidOperationException($"Login {account.Id} has the unknown method {login.Method}."),
            };
        }
        catch (TelegramRefusedException e) when (login.Method is not LoginMethod.Import || e.SaysSessionIsGone)
        {
            return await EndAsync(LoginFailures.Of(login, e, time.GetUtcNow()), null, ct);
        }
    }

    /// <summary>The session is somebody's already; whose is all there is to ask.</summary>
    private async Task<LoginEnd> ImportAsync(CancellationToken ct)
    {
        var (end, input) = await LookAsync(ct);
        return end ?? await CompleteAsync(await client.WhoAmIAsync(ct), input, ct);
    }

    private async Task<LoginEnd> QrAsync(CancellationToken ct)
    {
        var step = await ResumeAsync(ct) ?? await client.ExportLoginTokenAsync(ct);
        while (true)
        {
            switch (step)
            {
                case LoginStep.Scan scan:
                    if (!await records.ShowQrAsync(account, _login, scan, ct))
                        return LoginEnd.LookAgain;

                    if (await WaitForScanAsync(scan, ct) is { } end)
                        return end;

                    step = await client.ExportLoginTokenAsync(ct);
                    break;
                case LoginStep.PasswordWanted:
                    return await PasswordAsync(null, ct);
                case LoginStep.Done done:
                    return await CompleteAsync(done.Self, null, ct);
                default:
                    throw new InvalidOperationException($"A QR login was answered with {step.GetType().Name}.");
            }
        }
    }

    /// <summary>Where an earlier owner got to without storing it; null where the login stands as its row says.</summary>
    private async Task<LoginStep?> ResumeAsync(CancellationToken ct)
    {
        if (_login.IsFresh)
            return null;

        try
        {
            return new LoginStep.Done(await client.WhoAmIAsync(ct));
        }
        catch (TelegramRefusedException e) when (e.Code is 401)
        {
            return e.Type is "SESSION_PASSWORD_NEEDED" || _login.State is LoginState.PasswordRequired ? new LoginStep.PasswordWanted() : null;
        }
    }

    /// <summary>Null when the token is to be exported again: it was accepted, it has run out, or an acceptance may have been missed.</summary>
    private async Task<LoginEnd?> WaitForScanAsync(LoginStep.Scan scan, CancellationToken ct)
    {
        var earliest = time.GetUtcNow() + ShortestScan;
        var rotation = scan.ExpiresAt > earliest ? scan.ExpiresAt : earliest;
        while (true)
        {
            var until = rotation < _login.Generation ? rotation : _login.Generation;
            switch (await NextSignalAsync(until, ct))
            {
                case Signal.Accepted:
                    return await records.PendingAsync(account, _login, ct) ? null : LoginEnd.LookAgain;
                case Signal.Reconnected:
                    return null;
                case Signal.TimeUp:
                    return time.GetUtcNow() < _login.Generation ? null : await ExpireAsync(ct);
                case Signal.Woken:
                    var (end, input) = await LookAsync(ct);
                    if (end is not null)
                        return end;
                    if (input is not null && await OutOfPlaceAsync(input, ct) is { } refused)
                        return refused;
                    break;
                default:
                    throw new InvalidOperationException("Unknown signal.");
            }
        }
    }

    /// <summary>What the rows want: an end, or an input that waits for its verdict.</summary>
    private async Task<(LoginEnd? End, LoginInput? Input)> LookAsync(CancellationToken ct)
    {
        var (goal, login, input) = await records.LookAsync(account, ct);
        if (goal is not AccountGoal.Connected || login is not { IsOpen: true } || login.Generation != _login.Generation)
            return (LoginEnd.LookAgain, null);

        return input?.Kind is LoginInputKinds.Cancel ? (await CancelAsync(input, ct), null) : (null, input);
    }

    /// <summary>Typed at a step that has no use for it.</summary>
    private async Task<LoginEnd?> OutOfPlaceAsync(LoginInput input, CancellationToken ct)
    {
        if (!await records.RejectAsync(account, _login, input, ErrorCodes.TelegramLoginState, null, ct))
            return LoginEnd.LookAgain;

        // Another one may wait behind it.
        wake.Raise();
        return null;
    }

    private async Task<LoginEnd> CompleteAsync(TelegramSelf self, LoginInput? input, CancellationToken ct)
    {
        // Asked before the account is called active: what is written to it from now on is news, not history.
        var position = await client.CurrentPositionAsync(ct);
        switch (await records.CompleteAsync(account, _login, self, position, input, ct))
        {
            case LoginRecords.Completion.Done:
                LogCompleted(logger, account.Id, self.Id);
                return LoginEnd.Completed;
            case LoginRecords.Completion.AlreadyConnected:
                return await EndAsync(LoginFailures.AlreadyConnected, input, ct);
            case LoginRecords.Completion.Superseded:
                return LoginEnd.LookAgain;
            default:
                throw new InvalidOperationException("Unknown completion.");
        }
    }

    private Task<LoginEnd> ExpireAsync(CancellationToken ct) => EndAsync(LoginFailures.Expired(_login), null, ct);

    private Task<LoginEnd> CancelAsync(LoginInput input, CancellationToken ct) => EndAsync(LoginFailures.Cancelled, input, ct);

    /// <summary>Gives up the key, so that no device stays on anybody's account, and closes the login.</summary>
    /// <remarks>A key that another program made may still be that one's: it is forgotten here and lives on there.</remarks>
    private async Task<LoginEnd> EndAsync(LoginEnding ending, LoginInput? input, CancellationToken ct)
    {
        var givenUp = _login.Method is LoginMethod.Import || await GiveUpKeyAsync(ct);
        await records.EndAsync(account, _login, ending with { KeyGivenUp = givenUp }, input, ct);
        LogEnded(logger, account.Id, ending.State, ending.Code);
        return LoginEnd.Over;
    }

    private async Task<bool> GiveUpKeyAsync(CancellationToken ct)
    {
        using var patience = new CancellationTokenSource(LogOutPatience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, patience.Token);
        try
        {
            await client.LogOutAsync(either.Token);
            return true;
        }
        catch (TelegramRefusedException)
        {
            // Nobody's key: there is nothing to give up.
            return true;
        }
        catch (Exception e) when (e is TelegramUnavailableException || e is OperationCanceledException && !ct.IsCancellationRequested)
        {
            LogKeyKept(logger, account.Id);
            return false;
        }
    }

    /// <summary>Waits for the first of: a change in the rows, a word from Telegram, the given moment.</summary>
    private async Task<Signal> NextSignalAsync(DateTimeOffset until, CancellationToken ct)
    {
        while (true)
        {
            using var waiting = CancellationTokenSource.CreateLinkedTokenSource(ct);
            var left = until - time.GetUtcNow();
            var woken = wake.WaitAsync(waiting.Token);
            var noticed = client.Notices.WaitToReadAsync(waiting.Token).AsTask();
            var timeUp = Task.Delay(left > TimeSpan.Zero ? left : TimeSpan.Zero, time, waiting.Token);
            await Task.WhenAny(woken, noticed, timeUp);
            await waiting.CancelAsync();
            await Task.WhenAll(woken, noticed, timeUp).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            ct.ThrowIfCancellationRequested();

            if (woken.IsCompletedSuccessfully)
                return Signal.Woken;

            if (client.Notices.TryRead(out var notice))
            {
                switch (notice)
                {
                    case TelegramNotice.LoginTokenAccepted:
                        return Signal.Accepted;
                    case TelegramNotice.Connected:
                        return Signal.Reconnected;
                    case TelegramNotice.SessionRefused refused:
                        throw refused.Refusal;
                    default:
                        continue;
                }
            }

            if (noticed.IsCompletedSuccessfully && !noticed.Result)
                throw new TelegramUnavailableException("The client was closed.");

            if (timeUp.IsCompletedSuccessfully)
                return Signal.TimeUp;
        }
    }

    [LoggerMessage(EventId = 4101, Level = LogLevel.Information, Message = "Login {LoginId} is completed: Telegram user {TelegramUserId}")]
    private static partial void LogCompleted(ILogger logger, Guid loginId, long telegramUserId);

    [LoggerMessage(EventId = 4102, Level = LogLevel.Information, Message = "Login {LoginId} has ended as {State} with {Code}")]
    private static partial void LogEnded(ILogger logger, Guid loginId, LoginState state, string code);

    [LoggerMessage(EventId = 4103, Level = LogLevel.Warning, Message = "The key of login {LoginId} could not be given up now; it is tried until Telegram answers")]
    private static partial void LogKeyKept(ILogger logger, Guid loginId);
}
