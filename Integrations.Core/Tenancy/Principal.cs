namespace Integrations.Core.Tenancy;

/// <summary>Who is asking, once a token or a console session has been verified.</summary>
/// <param name="UserId">The number of the user within the tenant (<c>users.user_id</c>).</param>
/// <remarks>An account is its user's alone, whatever role somebody else has: roles open kinds of actions, not other people's accounts.</remarks>
public sealed record Principal(TenantId Tenant, int UserId, Role Role, string? Email, string? DisplayName);
