namespace Integrations.Web.Api;

/// <summary>What was refused, and what the tenant asks of its own people.</summary>
internal sealed partial class IntegrationsApi
{
    private const string RefusalsPath = "api/v1/security/refusals";
    private const string SecuritySettingsPath = "api/v1/settings/security";

    public Task<RefusalPage> RefusalsAsync(RefusalFilter filter, long? before, CancellationToken cancellationToken) =>
        GetAsync<RefusalPage>(FormattableString.Invariant($"{RefusalsPath}?limit=50&{filter.Query}{(before is null ? "" : $"&before={before}")}"), cancellationToken);

    public Task<RefusalDay[]> RefusalDaysAsync(int days, CancellationToken cancellationToken) =>
        GetAsync<RefusalDay[]>(FormattableString.Invariant($"{RefusalsPath}/days?days_back={days}"), cancellationToken);

    public Task<SecuritySettings> SecuritySettingsAsync(CancellationToken cancellationToken) => GetAsync<SecuritySettings>(SecuritySettingsPath, cancellationToken);

    public Task<SecuritySettings> RequireSecondFactorAsync(bool required, CancellationToken cancellationToken) =>
        SendAsync<SecuritySettings>(HttpMethod.Put, SecuritySettingsPath, new { second_factor_required = required }, cancellationToken);

    public Task ResetSecondFactorAsync(int userId, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Delete, FormattableString.Invariant($"{Users}/{userId}/second-factor"), cancellationToken);
}
