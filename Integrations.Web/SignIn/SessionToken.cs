using System.Globalization;
using System.Security.Claims;
using Microsoft.AspNetCore.Components.Authorization;

namespace Integrations.Web.SignIn;

/// <summary>The session of the person whose request or circuit this is. It lives in the cookie and in memory, nowhere else.</summary>
internal sealed class SessionToken(AuthenticationStateProvider state)
{
    public string? Value { get; private set; }

    /// <summary>Whose session it is, as accounts name their user.</summary>
    public int? UserId { get; private set; }

    /// <summary>Takes the session over from the signed-in principal; called before the first use in a circuit.</summary>
    public async Task TakeAsync()
    {
        if (Value is not null)
            return;
        var user = (await state.GetAuthenticationStateAsync()).User;
        Value = user.FindFirst(SessionAuthentication.TokenClaim)?.Value;
        UserId = int.TryParse(user.FindFirst(ClaimTypes.NameIdentifier)?.Value, CultureInfo.InvariantCulture, out var id) ? id : null;
    }
}
