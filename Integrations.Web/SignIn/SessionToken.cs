using Microsoft.AspNetCore.Components.Authorization;

namespace Integrations.Web.SignIn;

/// <summary>The session of the person whose request or circuit this is. It lives in the cookie and in memory, nowhere else.</summary>
internal sealed class SessionToken(AuthenticationStateProvider state)
{
    public string? Value { get; private set; }

    /// <summary>Takes the session over from the signed-in principal; called before the first use in a circuit.</summary>
    public async Task TakeAsync() =>
        Value ??= (await state.GetAuthenticationStateAsync()).User.FindFirst(SessionAuthentication.TokenClaim)?.Value;
}
