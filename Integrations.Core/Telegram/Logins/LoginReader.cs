using System.Text;
using Integrations.Core.Errors;
using Integrations.Core.Secrets;
using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Integrations.Core.Telegram.Logins;

/// <summary>Reads logins for their users.</summary>
public sealed class LoginReader(TenantDatabase database, ISecretProtector secrets, TimeProvider time)
{
    /// <summary>What an owner that lives would need to notice the end by itself; past it the login is over whatever its row says.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    internal static IQueryable<TelegramLogin> Of(TenantTransaction transaction, Principal principal, AccountReach reach) =>
        transaction.Db.TelegramLogins.Where(login => ReachableAccounts.Of(transaction, principal, reach).Any(account => account.Id == login.Id));

    internal Task<TelegramLogin> ReadAsync(Principal principal, AccountReach reach, Guid id, CancellationToken cancellationToken) =>
        database.InTenantAsync(
            principal.Tenant,
            async transaction => await Of(transaction, principal, reach).AsNoTracking().SingleOrDefaultAsync(login => login.Id == id, cancellationToken)
                ?? throw new IntegrationException(ErrorCodes.NotFound),
            cancellationToken);

    /// <summary>The state as of now: one whose time is up has expired even if nobody lives to write so.</summary>
    internal LoginState StateOf(TelegramLogin login) =>
        login.IsOpen && time.GetUtcNow() > login.ExpiresAt + Grace ? LoginState.Expired : login.State;

    /// <summary>Opens the link. Not within a transaction: the keys may need a connection of their own.</summary>
    internal async Task<LoginView> ViewAsync(Principal principal, TelegramLogin login, CancellationToken cancellationToken)
    {
        var state = StateOf(login);
        string? url = null;
        if (state is LoginState.Ready && login.QrUrlSealed is { } sealedUrl)
        {
            var address = new SecretAddress(principal.Tenant, "telegram_logins", "qr_url_sealed", login.Id);
            url = Encoding.UTF8.GetString(await secrets.UnprotectAsync(address, sealedUrl, cancellationToken));
        }

        return new LoginView(
            login.Id, login.Method, state, url, url is null ? null : login.QrExpiresAt, login.ExpiresAt, login.PasswordHint, login.RecoveryPattern,
            login.RetryAt, login.ErrorCode, login.ErrorDetail, login.CreatedAt, login.CompletedAt);
    }
}
