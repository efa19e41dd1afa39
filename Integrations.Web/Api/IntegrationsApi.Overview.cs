namespace Integrations.Web.Api;

/// <summary>What needs attention, and how the installation stands.</summary>
internal sealed partial class IntegrationsApi
{
    /// <param name="period">24h, 7d or 30d.</param>
    /// <param name="zone">Whose days are meant.</param>
    public Task<OverviewReport> OverviewAsync(string period, string zone, CancellationToken cancellationToken) =>
        GetAsync<OverviewReport>($"api/v1/overview?period={period}&zone={Uri.EscapeDataString(zone)}", cancellationToken);

    public Task<SystemReport> SystemAsync(CancellationToken cancellationToken) => GetAsync<SystemReport>("api/v1/system", cancellationToken);
}
