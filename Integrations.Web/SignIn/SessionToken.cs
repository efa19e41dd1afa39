using System.Globalization;
using System.Security.Claims;
using Microsoft.AspNetCore.Components.Authorization;

namespace Integrations.Web.SignIn;

/// <summary>The session of the person whose request or circuit this is. It lives in the cookie and in memory, nowhere else.</summary>
internal sealed class SessionToken(AuthenticationStateProvider state)
{
    /// <summary>The first number that the Api gives to the console's own users; those of the user service lie below.</summary>
    private const int FirstConsoleUser = 2_000_000_001;

    public string? Value { get; private set; }

    /// <summary>Whose session it is, as accounts name their user.</summary>
    public int? UserId { get; private set; }

    /// <summary>Connects accounts for others; the Api asks the same of whoever begins a login.</summary>
    public bool MayStartLogins => Role is "owner" or "admin";

    /// <summary>Manages people and projects, and sees and sets what is the whole tenant's.</summary>
    public bool MayAdminister => Role is "owner" or "admin";

    /// <summary>Writes, and changes accounts; who may not only looks.</summary>
    public bool MayManage => Role is not "viewer";

    /// <summary>Makes, changes and unmakes owners.</summary>
    public bool IsOwner => Role is "owner";

    /// <summary>Has his password here, and not at the user service; known from the first moment, so that nothing moves when the rest is there.</summary>
    public bool SignsInHere => UserId >= FirstConsoleUser;

    private string? Role { get; set; }

    /// <summary>Takes the session over from the signed-in principal; called before the first use in a circuit.</summary>
    public async Task TakeAsync()
    {
        if (Value is not null)
            return;
        var user = (await state.GetAuthenticationStateAsync()).User;
        Value = user.FindFirst(SessionAuthentication.TokenClaim)?.Value;
        Role = user.FindFirst(ClaimTypes.Role)?.Value;
        UserId = int.TryParse(user.FindFirst(ClaimTypes.NameIdentifier)?.Value, CultureInfo.InvariantCulture, out var id) ? id : null;
    }
}
