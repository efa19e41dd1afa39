namespace Integrations.Web.Api;

/// <summary>Consent and erasures; exports go to the browser by themselves.</summary>
internal sealed partial class IntegrationsApi
{
    private const string ConsentPath = "api/v1/privacy/consent";
    private const string ErasuresPath = "api/v1/privacy/erasures";

    public Task<Consent> ConsentAsync(string language, CancellationToken cancellationToken) => GetAsync<Consent>($"{ConsentPath}?language={language}", cancellationToken);

    public Task<Consent> GiveConsentAsync(string version, string language, CancellationToken cancellationToken) =>
        PostAsync<Consent>(ConsentPath, new { version, language }, cancellationToken);

    public Task WithdrawConsentAsync(CancellationToken cancellationToken) => SendAsync(HttpMethod.Delete, ConsentPath, cancellationToken);

    public Task<Erasure[]> ErasuresAsync(CancellationToken cancellationToken) => GetAsync<Erasure[]>(ErasuresPath, cancellationToken);

    public Task<BegunErasure> EraseAsync(EraseRequest request, CancellationToken cancellationToken) => PostAsync<BegunErasure>(ErasuresPath, request, cancellationToken);
}
