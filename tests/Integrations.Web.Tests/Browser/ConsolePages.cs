namespace Integrations.Web.Tests.Browser;

/// <summary>The pages that the navigation leads to. A page that is added there belongs here too: what every page must hold is asked of each.</summary>
internal static class ConsolePages
{
    public static readonly IReadOnlyList<string> All = ["/", "/dialogs", "/accounts", "/bots", "/channels", "/activity", "/projects", "/people", "/audit", "/refusals", "/system", "/settings"];
}
