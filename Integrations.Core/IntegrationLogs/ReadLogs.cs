using Integrations.Core.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Integrations.Core.IntegrationLogs;

/// <summary>A page of log lines, the newest first, and how many there are in all.</summary>
public sealed record LogPage(IReadOnlyList<IntegrationLog> Items, long Total);

/// <summary>The caller's own log.</summary>
public sealed class ListLogs(TenantDatabase database, TimeProvider time)
{
    /// <param name="page">From 1.</param>
    public Task<LogPage> ExecuteAsync(
        Principal principal, string integrationType, LogStatus? status, int daysBack, int page, int size, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        var since = time.GetUtcNow().AddDays(-daysBack);
        return database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                var logs = transaction.Db.IntegrationLogs.AsNoTracking()
                    .Where(log => log.UserId == principal.UserId && log.IntegrationType == integrationType && log.CreatedAt >= since);
                if (status is { } wanted)
                    logs = logs.Where(log => log.Status == wanted);
                var total = await logs.LongCountAsync(cancellationToken);
                var items = await logs.OrderByDescending(log => log.Seq).Skip((page - 1) * size).Take(size).ToListAsync(cancellationToken);
                return new LogPage(items, total);
            },
            cancellationToken);
    }
}

/// <summary>How actions ended. Those under way count into the total only.</summary>
public sealed record ErrorStatistics(long TotalActions, long ErrorCount, long SuccessCount);

/// <summary>Counts how the caller's own actions ended.</summary>
public sealed class CountErrors(TenantDatabase database, TimeProvider time)
{
    public Task<ErrorStatistics> ExecuteAsync(Principal principal, string integrationType, int daysBack, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        var since = time.GetUtcNow().AddDays(-daysBack);
        return database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                var counts = await transaction.Db.IntegrationLogs.AsNoTracking()
                    .Where(log => log.UserId == principal.UserId && log.IntegrationType == integrationType && log.CreatedAt >= since)
                    .GroupBy(log => log.Status)
                    .Select(group => new { Status = group.Key, Count = group.LongCount() })
                    .ToListAsync(cancellationToken);
                long Of(LogStatus status) => counts.SingleOrDefault(count => count.Status == status)?.Count ?? 0;
                return new ErrorStatistics(counts.Sum(count => count.Count), Of(LogStatus.Error), Of(LogStatus.Success));
            },
            cancellationToken);
    }
}
