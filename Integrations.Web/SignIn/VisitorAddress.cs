namespace Integrations.Web.SignIn;

/// <summary>
/// Tells the Api for whom the console asks where nobody is signed in yet. The Api counts such requests by address, and by the console's own
/// all visitors would be one.
/// </summary>
internal sealed class VisitorAddress(IConfiguration configuration)
{
    public void AddTo(HttpRequestMessage request, HttpContext context)
    {
        if (context.Connection.RemoteIpAddress is not { } address || configuration["INTERNAL_SERVICE_KEY"] is not { Length: > 0 } key)
            return;

        request.Headers.Add("X-Internal-Key", key);
        request.Headers.Add("X-Client-Address", address.ToString());
    }
}
