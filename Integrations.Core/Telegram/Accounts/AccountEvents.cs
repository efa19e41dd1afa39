using Integrations.Core.Events;
using Integrations.Core.IntegrationLogs;
using Integrations.Core.Messaging;
using Integrations.Core.Persistence;
using Integrations.Core.Tenancy;

namespace Integrations.Core.Telegram.Accounts;

/// <summary>What a request to change an account leaves behind in its transaction: an event, a log line, and a ring for the owner.</summary>
internal static class AccountEvents
{
    public static async Task RequestedAsync(
        TenantTransaction transaction, Principal principal, TelegramAccount account, string action, LogStatus status, Guid logId, CancellationToken cancellationToken)
    {
        await transaction.PublishAsync(
            new EventDraft(EventTypes.AccountUpdated, account.UserId, account.Id, new
            {
                account.Id,
                Status = account.StatusWord,
                Goal = Words.Of(account.Goal),
                account.DisplayName,
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
        transaction.AfterCommit(Ring.Shard(account.Shard));
    }
}
