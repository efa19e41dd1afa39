namespace Integrations.Web.Api;

/// <summary>The log of what was done.</summary>
internal sealed partial class IntegrationsApi
{
    /// <summary>The newest first; a page is counted from 1.</summary>
    public Task<LogPage> LogsAsync(LogFilter filter, int page, CancellationToken cancellationToken) =>
        GetAsync<LogPage>(FormattableString.Invariant($"{Telegram}/logs?page={page}&size=50&{filter.Query}"), cancellationToken);
}
