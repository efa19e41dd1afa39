using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Integrations.Core.Telegram.Logins;

/// <summary>Shows a QR code to scan: that of the caller's open login of a new account, or of one begun for it.</summary>
/// <remarks>It answers a GET, which browsers and proxies repeat as they like; repeating it must not fill Telegram's patience with logins.</remarks>
public sealed class ConnectByQr(TenantDatabase database, StartLogin start, FindLogin find, TimeProvider time)
{
    /// <exception cref="Errors.IntegrationException">As of <see cref="StartLogin"/>.</exception>
    public async Task<LoginView> ExecuteAsync(Principal principal, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        var now = time.GetUtcNow();
        var open = await database.InTenantAsync(
            principal.Tenant,
            transaction => LoginReader.Of(transaction, principal, AccountReach.Own).AsNoTracking()
                .Where(login => login.Method == LoginMethod.Qr && login.State == LoginState.Ready && login.ExpiresAt > now)
                .Where(login => transaction.Db.TelegramAccounts.Any(account =>
                    account.Id == login.Id && account.TelegramUserId == null && account.ProjectId == null && account.Goal == AccountGoal.Connected))
                .OrderByDescending(login => login.CreatedAt)
                .Select(login => (Guid?)login.Id)
                .FirstOrDefaultAsync(cancellationToken),
            cancellationToken);
        return open is { } id ? await find.ExecuteAsync(principal, AccountReach.Own, id, cancellationToken) : await start.ExecuteAsync(principal, AccountReach.Own, new LoginRequest(Phone: null), cancellationToken);
    }
}
