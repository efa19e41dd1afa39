using Integrations.Core.Errors;
using Integrations.Core.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Integrations.Core.Telegram.Messages;

/// <summary>The messages of a dialog or an account, the newest first.</summary>
public sealed class ListMessages(TenantDatabase database)
{
    /// <param name="before">A message's id: only what came before it. It is how the next page is asked for.</param>
    /// <exception cref="IntegrationException">NOT_FOUND when the dialog, the account or the message to go on from is not the caller's.</exception>
    public Task<List<Message>> ExecuteAsync(
        Principal principal, Guid? dialogId, Guid? accountId, Guid? before, int limit, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                var own = transaction.Db.TelegramAccounts.Where(account => account.UserId == principal.UserId);
                if (accountId is not null && !await own.AnyAsync(account => account.Id == accountId, cancellationToken))
                    throw new IntegrationException(ErrorCodes.NotFound);
                if (dialogId is not null && !await transaction.Db.Dialogs.AnyAsync(
                    dialog => dialog.Id == dialogId && own.Any(account => account.Id == dialog.PersonalAccountId), cancellationToken))
                {
                    throw new IntegrationException(ErrorCodes.NotFound);
                }

                var messages = FindMessage.Of(transaction, principal);
                if (dialogId is not null)
                    messages = messages.Where(message => message.DialogId == dialogId);
                if (accountId is not null)
                    messages = messages.Where(message => message.AccountId == accountId);
                if (before is not null)
                {
                    var seq = await messages.Where(message => message.Id == before).Select(message => (long?)message.Seq).SingleOrDefaultAsync(cancellationToken)
                        ?? throw new IntegrationException(ErrorCodes.NotFound);
                    messages = messages.Where(message => message.Seq < seq);
                }

                return await messages.OrderByDescending(message => message.Seq).Take(limit).ToListAsync(cancellationToken);
            },
            cancellationToken);
    }
}
