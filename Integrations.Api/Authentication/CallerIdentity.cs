using System.Globalization;
using System.Security.Claims;
using Integrations.Core.Tenancy;

namespace Integrations.Api.Authentication;

/// <summary>The framework's view of a caller; our code reads <see cref="Caller"/>.</summary>
internal sealed class CallerIdentity(Principal principal) : ClaimsIdentity(
    [
        new("tenant_id", principal.Tenant.ToString()),
        new("user_id", principal.UserId.ToString(CultureInfo.InvariantCulture)),
        new("role", principal.Role.ToWord()),
    ],
    BearerHandler.SchemeName,
    "user_id",
    "role")
{
    public Role Role { get; } = principal.Role;
}
