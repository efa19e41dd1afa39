using Integrations.Core.Errors;
using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Tenancy;

namespace Integrations.Core.Telegram.Logins;

/// <summary>One login, with the link to show now.</summary>
public sealed class FindLogin(LoginReader reader)
{
    /// <exception cref="IntegrationException">NOT_FOUND.</exception>
    public async Task<LoginView> ExecuteAsync(Principal principal, AccountReach reach, Guid id, CancellationToken cancellationToken) =>
        await reader.ViewAsync(principal, await reader.ReadAsync(principal, reach, id, cancellationToken), cancellationToken);
}
