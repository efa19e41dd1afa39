namespace Integrations.Core.Tenancy;

/// <summary>Who is asking, once a token or a console session has been verified.</summary>
/// <param name="UserId">The number of the user within the tenant (<c>users.user_id</c>).</param>
/// <remarks>What is said in an account is its user's alone, whatever role somebody else has; only its connection is also the administrators' business.</remarks>
public sealed record Principal(TenantId Tenant, int UserId, Role Role, string? Email, string? DisplayName)
{
    /// <summary>Whether the connections of all accounts of the tenant are this one's to look after: logins, state, name, flags, deletion.</summary>
    public bool ManagesAccounts => Role >= Role.Admin;
}
