using Integrations.Core.Errors;
using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Integrations.Core.Telegram.Logins;

/// <summary>
/// Connects an account by its phone number in as many calls as it takes: first the number, then the number with the code, then, where
/// Telegram asks for it, the number with the two-step password. The number finds the login again.
/// </summary>
public sealed class ConnectByPhone(TenantDatabase database, StartLogin start, AnswerLogin answer, FindLogin find, ReconnectAccount reconnect)
{
    /// <param name="consent">As of <see cref="LoginRequest"/>; only a login that begins needs it.</param>
    /// <returns>Where the login stands.</returns>
    /// <exception cref="IntegrationException">As of <see cref="StartLogin"/> and <see cref="AnswerLogin"/>; TG_LOGIN_STATE for a code nobody asked for.</exception>
    public async Task<LoginView> ExecuteAsync(Principal principal, string phone, string? code, string? password, string? consent, CancellationToken cancellationToken)
    {
        var account = await database.InTenantAsync(
            principal.Tenant, transaction => FindAsync(transaction, principal, phone, cancellationToken), cancellationToken);
        var login = account is null ? null : await find.ExecuteAsync(principal, AccountReach.Own, account.Id, cancellationToken);
        if (login is not { IsOpen: true, Method: LoginMethod.Phone })
        {
            if (code is not null || password is not null)
                throw new IntegrationException(ErrorCodes.TelegramLoginState, "No login with this number is open. Send the number alone first.");
            return await BeginAsync(principal, phone, account, consent, cancellationToken);
        }

        if (code is not null && login.State is LoginState.CodeRequired)
        {
            login = await answer.ExecuteAsync(principal, AccountReach.Own, login.Id, LoginInput.Code, code, cancellationToken);
            code = null;
        }

        if (password is not null && login.State is LoginState.PasswordRequired)
            return await answer.ExecuteAsync(principal, AccountReach.Own, login.Id, LoginInput.Password, password, cancellationToken);

        if (code is not null && login.State is not LoginState.PasswordRequired)
            throw new IntegrationException(ErrorCodes.TelegramLoginState, "The login does not wait for a code now. Read its state and send what it asks for.");

        return login;
    }

    private async Task<LoginView> BeginAsync(Principal principal, string phone, TelegramAccount? account, string? consent, CancellationToken cancellationToken)
    {
        if (account is null)
            return await start.ExecuteAsync(principal, AccountReach.Own, new LoginRequest(phone, Consent: consent), cancellationToken);

        // What has a session needs no code: it is connected, or becomes so again by itself.
        if (account.HasUsableSession)
        {
            if (account.Status is not AccountStatus.Active)
                await reconnect.ExecuteAsync(principal, AccountReach.Own, account.Id, phone: null, cancellationToken);
            var view = await find.ExecuteAsync(principal, AccountReach.Own, account.Id, cancellationToken);
            return view with { State = LoginState.Completed };
        }

        return await start.ExecuteAsync(principal, AccountReach.Own, new LoginRequest(phone, AccountId: account.Id, Consent: consent), cancellationToken);
    }

    /// <summary>The account that has, or is logging in with, this number; the most recent where several were tried.</summary>
    private static Task<TelegramAccount?> FindAsync(TenantTransaction transaction, Principal principal, string phone, CancellationToken cancellationToken) =>
        ReachableAccounts.Of(transaction, principal, AccountReach.Own).AsNoTracking()
            .Where(account => account.Goal != AccountGoal.Deleted)
            .Where(account => account.Phone == phone || account.Phone == phone.Substring(1) || transaction.Db.TelegramLogins.Any(login => login.Id == account.Id && login.Phone == phone))
            .Where(account => transaction.Db.TelegramLogins.Any(login => login.Id == account.Id))
            .OrderByDescending(account => account.Status == AccountStatus.Active)
            .ThenByDescending(account => account.UpdatedAt)
            .FirstOrDefaultAsync(cancellationToken);
}
