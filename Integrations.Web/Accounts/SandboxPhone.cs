namespace Integrations.Web.Accounts;

/// <summary>
/// Where the page is that plays the phone of the simulated Telegram. Its address comes by service discovery and its token from the
/// environment, both only in development; without an address there is no link to it.
/// </summary>
internal sealed class SandboxPhone(IConfiguration configuration)
{
    /// <summary>Whether there is a sandbox beside this console.</summary>
    public bool IsThere => configuration["services:sandbox:http:0"] is { Length: > 0 };

    /// <summary>The phone, with the login's link in its scanner where there is one; the fragment never leaves the browser.</summary>
    public string? Link(string? scan = null)
    {
        if (configuration["services:sandbox:http:0"] is not { Length: > 0 } address)
            return null;
        var parts = new List<string>();
        if (configuration["SANDBOX_TOKEN"] is { Length: > 0 } token)
            parts.Add("token=" + Uri.EscapeDataString(token));
        if (scan is not null)
            parts.Add("scan=" + Uri.EscapeDataString(scan));
        return $"{address.TrimEnd('/')}/{(parts.Count > 0 ? "#" + string.Join('&', parts) : "")}";
    }
}
