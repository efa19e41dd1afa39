namespace Integrations.Web.Api;

/// <summary>How many requests the people of the tenant may make.</summary>
internal sealed partial class IntegrationsApi
{
    private const string LimitsPath = "api/v1/settings/limits";

    public Task<Limits> LimitsAsync(CancellationToken cancellationToken) => GetAsync<Limits>(LimitsPath, cancellationToken);

    /// <summary>By class; one that is missing goes back to its default.</summary>
    public Task<Limits> SetLimitsAsync(IReadOnlyDictionary<string, SetLimit> limits, CancellationToken cancellationToken) =>
        SendAsync<Limits>(HttpMethod.Put, LimitsPath, limits, cancellationToken);
}
