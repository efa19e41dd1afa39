namespace Integrations.Web.Api;

/// <summary>Many accounts at once, sessions from elsewhere, and what an account went through.</summary>
internal sealed partial class IntegrationsApi
{
    public Task<BulkOutcome> ChangeAccountsAsync(BulkChange change, CancellationToken cancellationToken) =>
        PostAsync<BulkOutcome>($"{Accounts}/bulk", change, cancellationToken);

    /// <param name="trial">Says what would become of the sessions and writes nothing.</param>
    public Task<Imported> ImportAsync(IReadOnlyList<ImportLine> sessions, bool trial, CancellationToken cancellationToken) =>
        PostAsync<Imported>($"{Accounts}/import", new { Sessions = sessions, DryRun = trial }, cancellationToken);

    public Task<Timeline> TimelineAsync(Guid account, long? before, CancellationToken cancellationToken) =>
        GetAsync<Timeline>($"{Accounts}/{account}/timeline{(before is null ? "" : $"?before={before}")}", cancellationToken);
}
