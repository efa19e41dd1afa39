using System.Globalization;
using System.Security.Claims;
using Integrations.Core.Persistence;
using Integrations.Core.Tenancy;

namespace Integrations.Api.Authentication;

/// <summary>The framework's view of a caller; our code reads <see cref="Caller"/>.</summary>
internal sealed class CallerIdentity(Principal principal, KeyCredential? key) : ClaimsIdentity(
    [
        new Claim("tenant_id", principal.Tenant.ToString()),
        new Claim("user_id", principal.UserId.ToString(CultureInfo.InvariantCulture)),
        new Claim("role", Words.Of(principal.Role)),
    ],
    BearerHandler.SchemeName,
    "user_id",
    "role")
{
    public Role Role { get; } = principal.Role;

    /// <summary>Null for a person.</summary>
    public KeyCredential? Key { get; } = key;
}
