using Integrations.Core.Telegram.Clients;
using Integrations.Core.Telegram.Logins;
using Integrations.Workers.Logins;

namespace Integrations.Workers.Accounts;

internal sealed partial class AccountActor
{
    /// <summary>Runs the open login; where it completes, its client stays and becomes the account's.</summary>
    private async Task<Next> LogInAsync(AccountFile file, LoginFile login, CancellationToken ct)
    {
        if (!_tools.Clients.IsConfigured)
        {
            await _tools.Logins.EndAsync(_account, login, LoginFailures.NotConfigured with { KeyGivenUp = file.Session is null || login.Method is LoginMethod.Import }, null, ct);
            return Next.Finished;
        }

        ITelegramClient client;
        try
        {
            if (login.Method is not LoginMethod.Import && login.IsFresh && (_client is not null || file.Session is not null))
            {
                await GiveUpOldKeyAsync(file, ct);
                file = file with { Session = null };
            }

            client = await ClientAsync(file, ct);
        }
        catch (TelegramRefusedException e) when (login.Method is LoginMethod.Import && e.SaysSessionIsGone)
        {
            await CloseAsync();
            await _tools.Logins.EndAsync(_account, login, LoginFailures.Of(login, e, _tools.Time.GetUtcNow()), null, ct);
            return Next.Again;
        }
        catch (TelegramUnavailableException) when ((login.IsFresh && login.Method is not LoginMethod.Import) || _tools.Time.GetUtcNow() >= login.Generation)
        {
            // Nobody has seen a code yet, or nobody waits any more. A key that may be somebody's is given up when Telegram is back.
            await CloseAsync();
            var now = _tools.Time.GetUtcNow();
            var ending = now >= login.Generation ? LoginFailures.Expired(login) : LoginFailures.Unreachable(now);
            await _tools.Logins.EndAsync(_account, login, ending with { KeyGivenUp = file.Session is null || login.Method is LoginMethod.Import }, null, ct);
            return Next.Again;
        }

        switch (await new LoginFlow(_account, client, _tools.Logins, _wake, _tools.Time, _tools.Logger<LoginFlow>()).RunAsync(login, ct))
        {
            case LoginEnd.Completed:
                return Next.Again;
            case LoginEnd.Over:
                await CloseAsync();
                return Next.Again;
            case LoginEnd.LookAgain:
                return Next.Again;
            default:
                throw new InvalidOperationException("Unknown end of a login.");
        }
    }

    /// <summary>A new login begins with a new key. The one before may still be somebody's, so it is not just forgotten.</summary>
    private async Task GiveUpOldKeyAsync(AccountFile file, CancellationToken ct)
    {
        try
        {
            var old = await ClientAsync(file, ct);
            await old.LogOutAsync(ct);
        }
        catch (TelegramRefusedException e) when (e.SaysSessionIsGone)
        {
            LogGoneAlready(_logger, _account.Id, e.Type);
        }

        await CloseAsync();
    }
}
