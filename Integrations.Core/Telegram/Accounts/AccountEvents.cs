using Integrations.Core.Events;
using Integrations.Core.IntegrationLogs;
using Integrations.Core.Messaging;
using Integrations.Core.Persistence;
using Integrations.Core.Tenancy;

namespace Integrations.Core.Telegram.Accounts;

/// <summary>What a request to change an account leaves behind in its transaction: an event, a log line, a line of the timeline, and a ring for the owner.</summary>
internal static class AccountEvents
{
    /// <param name="told">What the timeline says of it; null where the owner says it when it is so.</param>
    public static async Task RequestedAsync(
        TenantTransaction transaction, Principal principal, TelegramAccount account, string action, LogStatus status, Guid logId, TimelineKind? told, CancellationToken cancellationToken)
    {
        await transaction.PublishAsync(
            new EventDraft(EventTypes.AccountUpdated, account.UserId, account.Id, new
            {
                account.Id,
                Status = account.StatusWord,
                Goal = Words.Of(account.Goal),
                account.DisplayName,
                account.ProjectId,
                account.AcceptsPrivate,
                account.AcceptsGroups,
                account.AcceptsChannels,
                account.LastErrorCode,
            }),
            cancellationToken);
        await IntegrationLog.WriteAsync(
            transaction,
            new LogEntry(logId, principal.UserId, "telegram", action, status) { AccountId = account.Id },
            cancellationToken);
        if (told is { } kind)
            await AccountTimeline.WriteAsync(transaction, account.Id, new TimelineEntry(kind) { UserId = principal.UserId, Detail = DetailOf(kind, account) }, cancellationToken);
        transaction.AfterCommit(Ring.Shard(account.Shard));
    }

    private static string? DetailOf(TimelineKind kind, TelegramAccount account) => kind switch
    {
        TimelineKind.Renamed => account.DisplayName,
        TimelineKind.Flags => string.Join(
            ',', new[] { account.AcceptsPrivate ? "private" : null, account.AcceptsGroups ? "groups" : null, account.AcceptsChannels ? "channels" : null }.Where(word => word is not null)),
        _ => null,
    };
}
