using Integrations.Core.Errors;
using Integrations.Core.Telegram.Clients;

namespace Integrations.Workers.Logins;

internal sealed partial class LoginFlow
{
    private async Task<LoginEnd> PhoneAsync(CancellationToken ct)
    {
        switch (await ResumeAsync(ct))
        {
            case LoginStep.Done done:
                return await CompleteAsync(done.Self, null, ct);
            case LoginStep.PasswordWanted:
                return await PasswordAsync(null, ct);
            default:
                break;
        }

        var phone = _login.Phone ?? throw new InvalidOperationException($"Phone login {account.Id} has no phone.");
        string hash;
        if (_login.ResumeSealed is not null)
        {
            // The code that an earlier owner asked for is still good: it belongs to the key and its hash.
            hash = await records.CodeHashAsync(account, _login, ct);
        }
        else
        {
            var sent = await client.SendCodeAsync(phone, ct);
            hash = sent.Hash;
            if (!await records.CodeSentAsync(account, _login, sent, null, ct))
                return LoginEnd.LookAgain;
        }

        wake.Raise();
        while (true)
        {
            switch (await NextSignalAsync(_login.Generation, ct))
            {
                case Signal.TimeUp:
                    return await ExpireAsync(ct);
                case Signal.Woken:
                    var (end, input) = await LookAsync(ct);
                    if (end is not null)
                        return end.Value;

                    switch (input?.Kind)
                    {
                        case null:
                            break;
                        case LoginInputKinds.Code:
                            if (await TryCodeAsync(phone, hash, input, ct) is { } done)
                                return done;
                            break;
                        case LoginInputKinds.ResendCode:
                            (end, hash) = await ResendAsync(phone, hash, input, ct);
                            if (end is not null)
                                return end.Value;
                            break;
                        default:
                            if (await OutOfPlaceAsync(input, ct) is { } refused)
                                return refused;
                            break;
                    }

                    break;
                default:
                    break;
            }
        }
    }

    /// <summary>Null when the login stays open at this step.</summary>
    private async Task<LoginEnd?> TryCodeAsync(string phone, string hash, LoginInput input, CancellationToken ct)
    {
        LoginStep step;
        try
        {
            step = await client.SignInAsync(phone, hash, await records.OpenAsync(account, input, ct), ct);
        }
        catch (TelegramRefusedException e) when (LoginFailures.Retryable(e) is { } code)
        {
            return await RejectAsync(input, code, e, ct);
        }

        return step switch
        {
            LoginStep.Done done => await CompleteAsync(done.Self, input, ct),
            LoginStep.PasswordWanted => await PasswordAsync(input, ct),
            LoginStep.NobodyThere => await EndAsync(LoginFailures.PhoneUnknown, input, ct),
            _ => throw new InvalidOperationException($"A code was answered with {step.GetType().Name}."),
        };
    }

    private async Task<(LoginEnd? End, string Hash)> ResendAsync(string phone, string hash, LoginInput input, CancellationToken ct)
    {
        PhoneCode sent;
        try
        {
            try
            {
                sent = await client.ResendCodeAsync(phone, hash, ct);
            }
            catch (TelegramRefusedException e) when (e.Type is "PHONE_CODE_EXPIRED" or "PHONE_CODE_HASH_EMPTY")
            {
                sent = await client.SendCodeAsync(phone, ct);
            }
        }
        catch (TelegramRefusedException e) when (e.Wait is not null || e.Type is "SEND_CODE_UNAVAILABLE")
        {
            return (await RejectAsync(input, e.Wait is null ? ErrorCodes.TelegramLoginState : ErrorCodes.TelegramFlood, e, ct), hash);
        }

        return await records.CodeSentAsync(account, _login, sent, input, ct) ? (null, sent.Hash) : (LoginEnd.LookAgain, hash);
    }

    /// <summary>The second factor. Every try asks Telegram for a fresh challenge; the code or scan before it is not needed again.</summary>
    /// <param name="after">The input that led here.</param>
    /// <param name="ct">Ends the wait.</param>
    private async Task<LoginEnd> PasswordAsync(LoginInput? after, CancellationToken ct)
    {
        var question = await client.AskAboutPasswordAsync(ct);
        if (!await records.PasswordWantedAsync(account, _login, question, after, ct))
            return LoginEnd.LookAgain;

        wake.Raise();
        while (true)
        {
            switch (await NextSignalAsync(_login.Generation, ct))
            {
                case Signal.TimeUp:
                    return await ExpireAsync(ct);
                case Signal.Woken:
                    var (end, input) = await LookAsync(ct);
                    if (end is not null)
                        return end.Value;

                    var done = input is null ? null : await TryPasswordInputAsync(input, ct);
                    if (done is not null)
                        return done.Value;
                    break;
                default:
                    break;
            }
        }
    }

    private async Task<LoginEnd?> TryPasswordInputAsync(LoginInput input, CancellationToken ct)
    {
        try
        {
            switch (input.Kind)
            {
                case LoginInputKinds.Password:
                    return await CompleteAsync(await client.CheckPasswordAsync(await records.OpenAsync(account, input, ct), ct), input, ct);
                case LoginInputKinds.RecoveryRequest:
                    var pattern = await client.RequestPasswordRecoveryAsync(ct);
                    return await records.RecoverySentAsync(account, _login, pattern, input, ct) ? null : LoginEnd.LookAgain;
                case LoginInputKinds.RecoveryCode:
                    return await CompleteAsync(await client.RecoverPasswordAsync(await records.OpenAsync(account, input, ct), ct), input, ct);
                default:
                    return await OutOfPlaceAsync(input, ct);
            }
        }
        catch (TelegramRefusedException e) when (LoginFailures.Retryable(e) is { } code)
        {
            return await RejectAsync(input, code, e, ct);
        }
    }

    private async Task<LoginEnd?> RejectAsync(LoginInput input, string code, TelegramRefusedException refusal, CancellationToken ct)
    {
        var retryAt = refusal.Wait is { } wait ? time.GetUtcNow() + wait : (DateTimeOffset?)null;
        if (!await records.RejectAsync(account, _login, input, code, retryAt, ct))
            return LoginEnd.LookAgain;

        wake.Raise();
        return null;
    }
}
