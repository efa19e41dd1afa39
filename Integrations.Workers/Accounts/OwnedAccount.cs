using Integrations.Core.Ownership;
using Integrations.Core.Secrets;
using Integrations.Core.Tenancy;

namespace Integrations.Workers.Accounts;

/// <summary>An account together with the claim under which this host runs it. Every write about it carries the claim's epoch.</summary>
internal sealed record OwnedAccount(Guid Id, TenantId Tenant, int UserId, ShardClaim Claim)
{
    public SecretAddress SessionAddress => new(Tenant, "telegram_accounts", "session_payload", Id);
}
