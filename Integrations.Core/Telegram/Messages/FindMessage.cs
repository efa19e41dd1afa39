using Integrations.Core.Errors;
using Integrations.Core.Events;
using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Telegram.Bots;
using Integrations.Core.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Integrations.Core.Telegram.Messages;

/// <summary>One message of an account or a bot that the caller talks in, deleted ones included: what was said outlives the connection.</summary>
public sealed class FindMessage(TenantDatabase database, OutcomeWatch watch)
{
    /// <param name="wait">How long to wait for the end of a message that is still on its way.</param>
    /// <exception cref="IntegrationException">NOT_FOUND.</exception>
    public Task<Message> ExecuteAsync(Principal principal, Guid id, TimeSpan wait, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return wait == TimeSpan.Zero
            ? ReadAsync(principal, id, cancellationToken)
            : watch.UntilAsync(
                token => ReadAsync(principal, id, token),
                message => message.Status is not (MessageStatus.Pending or MessageStatus.Sending),
                wait,
                cancellationToken);
    }

    internal static IQueryable<Message> Of(TenantTransaction transaction, Principal principal) =>
        transaction.Db.Messages.AsNoTracking().Include(message => message.Media).Where(message =>
            ReachableAccounts.Talking(transaction, principal).Any(account => account.Id == message.AccountId)
            || ReachableBots.Talking(transaction, principal).Any(bot => bot.Id == message.BotId));

    private Task<Message> ReadAsync(Principal principal, Guid id, CancellationToken cancellationToken) =>
        database.InTenantAsync(
            principal.Tenant,
            async transaction => await Of(transaction, principal).SingleOrDefaultAsync(message => message.Id == id, cancellationToken)
                ?? throw new IntegrationException(ErrorCodes.NotFound),
            cancellationToken);
}
