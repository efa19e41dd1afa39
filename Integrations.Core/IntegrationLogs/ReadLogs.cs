using System.Runtime.CompilerServices;
using Integrations.Core.Persistence;
using Integrations.Core.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Integrations.Core.IntegrationLogs;

/// <summary>Which lines are asked for.</summary>
/// <param name="IntegrationType">Which integration's.</param>
/// <param name="DaysBack">How many days back.</param>
/// <param name="All">For owners and administrators all lines of their tenant; others get their own either way.</param>
/// <param name="Status">Only lines of this status.</param>
/// <param name="Action">Only of this action.</param>
/// <param name="AccountId">Only about this account.</param>
/// <param name="UserId">Only of this user.</param>
/// <param name="Search">Contained in the code, the message, the action or the trace.</param>
public sealed record LogFilter(
    string IntegrationType,
    int DaysBack,
    bool All = false,
    LogStatus? Status = null,
    string? Action = null,
    Guid? AccountId = null,
    int? UserId = null,
    string? Search = null);

/// <summary>A line and what its account and user are called.</summary>
public sealed record NamedLog(IntegrationLog Log, string? AccountName, string? UserName);

/// <summary>A page of log lines, the newest first, and how many there are in all.</summary>
public sealed record LogPage(IReadOnlyList<NamedLog> Items, long Total);

/// <summary>The lines of the log that somebody may see: his own, and for administrators those of the tenant. What was said is in none of them.</summary>
public sealed class ListLogs(TenantDatabase database, TimeProvider time)
{
    /// <summary>Lines of one transaction of a stream: a slow reader holds no connection, and many lines are never in memory at once.</summary>
    private const int Batch = 1000;

    /// <param name="page">From 1.</param>
    public Task<LogPage> ExecuteAsync(Principal principal, LogFilter filter, int page, int size, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        ArgumentNullException.ThrowIfNull(filter);
        return database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                var logs = Of(transaction, principal, filter, time.GetUtcNow());
                var total = await logs.LongCountAsync(cancellationToken);
                var items = await Named(transaction, logs.OrderByDescending(log => log.Seq).Skip((page - 1) * size).Take(size)).ToListAsync(cancellationToken);
                return new LogPage(items, total);
            },
            cancellationToken);
    }

    /// <summary>The same lines one after another, the newest first.</summary>
    /// <param name="most">The lines after which it ends.</param>
    public async IAsyncEnumerable<NamedLog> StreamAsync(
        Principal principal, LogFilter filter, int most, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        ArgumentNullException.ThrowIfNull(filter);
        var (now, before, left) = (time.GetUtcNow(), long.MaxValue, most);
        while (left > 0)
        {
            var (last, take) = (before, Math.Min(Batch, left));
            var lines = await database.InTenantAsync(
                principal.Tenant,
                transaction => Named(
                    transaction, Of(transaction, principal, filter, now).Where(log => log.Seq < last).OrderByDescending(log => log.Seq).Take(take)).ToListAsync(cancellationToken),
                cancellationToken);
            foreach (var line in lines)
                yield return line;
            if (lines.Count < take)
                yield break;
            (before, left) = (lines[^1].Log.Seq, left - lines.Count);
        }
    }

    private static IQueryable<IntegrationLog> Of(TenantTransaction transaction, Principal principal, LogFilter filter, DateTimeOffset now)
    {
        var since = now.AddDays(-filter.DaysBack);
        var logs = transaction.Db.IntegrationLogs.AsNoTracking().Where(log => log.IntegrationType == filter.IntegrationType && log.CreatedAt >= since);
        if (!filter.All || !principal.ManagesAccounts)
            logs = logs.Where(log => log.UserId == principal.UserId);
        if (filter.Status is { } status)
            logs = logs.Where(log => log.Status == status);
        if (filter.Action is { } action)
            logs = logs.Where(log => log.Action == action);
        if (filter.AccountId is { } account)
            logs = logs.Where(log => log.AccountId == account);
        if (filter.UserId is { } user)
            logs = logs.Where(log => log.UserId == user);
        if (filter.Search is { } search)
        {
            var pattern = LikePattern.Containing(search);
            logs = logs.Where(log =>
                EF.Functions.ILike(log.ErrorCode!, pattern, LikePattern.Escape) || EF.Functions.ILike(log.ErrorMessage!, pattern, LikePattern.Escape)
                || EF.Functions.ILike(log.Action, pattern, LikePattern.Escape) || EF.Functions.ILike(log.TraceId!, pattern, LikePattern.Escape));
        }

        return logs;
    }

    private static IQueryable<NamedLog> Named(TenantTransaction transaction, IQueryable<IntegrationLog> logs) =>
        from log in logs
        join account in transaction.Db.TelegramAccounts on log.AccountId equals (Guid?)account.Id into accounts
        from account in accounts.DefaultIfEmpty()
        join user in transaction.Db.Users on log.UserId equals (int?)user.UserId into users
        from user in users.DefaultIfEmpty()
        orderby log.Seq descending
        select new NamedLog(
            log,
            account == null ? null : account.DisplayName ?? (account.Username != null ? "@" + account.Username : account.Phone),
            user == null ? null : user.DisplayName ?? user.Email);
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
