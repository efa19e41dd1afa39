using Integrations.Core.Errors;
using Integrations.Core.Tenancy;

namespace Integrations.Core.Telegram.Logins;

/// <summary>One of the caller's own logins, with the link to show now.</summary>
public sealed class FindLogin(LoginReader reader)
{
    /// <exception cref="IntegrationException">NOT_FOUND.</exception>
    public async Task<LoginView> ExecuteAsync(Principal principal, Guid id, CancellationToken cancellationToken) =>
        await reader.ViewAsync(principal, await reader.ReadAsync(principal, id, cancellationToken), cancellationToken);
}
