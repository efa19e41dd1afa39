namespace Integrations.Web.Api;

/// <summary>Who changed what, and whether all of it is still there.</summary>
internal sealed partial class IntegrationsApi
{
    public Task<AuditPage> AuditAsync(AuditFilter filter, long? before, CancellationToken cancellationToken) =>
        GetAsync<AuditPage>(FormattableString.Invariant($"api/v1/audit?limit=50&{filter.Query}{(before is null ? "" : $"&before={before}")}"), cancellationToken);

    public Task<AuditVerdict> VerifyAuditAsync(CancellationToken cancellationToken) => GetAsync<AuditVerdict>("api/v1/audit/verify", cancellationToken);
}
