namespace Integrations.Core.Tenancy;

/// <summary>Who is asking, once a token or a console session has been verified.</summary>
/// <param name="UserId">The number of the user within the tenant (<c>users.user_id</c>).</param>
public sealed record Principal(TenantId Tenant, int UserId, Role Role, string? Email, string? DisplayName)
{
    /// <summary>Owners and administrators see everything of the tenant; others see what is theirs.</summary>
    public bool SeesWholeTenant => Role is Role.Owner or Role.Admin;
}
