using Integrations.Core.Errors;
using Integrations.Core.Events;
using Integrations.Core.IntegrationLogs;
using Integrations.Core.Telegram.Messages;
using Integrations.Core.Tenancy;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Integrations.Core.Telegram.Dialogs;

/// <summary>
/// Deletes a dialog with all that was said in it: the right of owners and administrators, of whoever's account it is, and of everybody who may answer in it
/// once the account or the bot was deleted.
/// </summary>
public sealed class DeleteDialog(TenantDatabase database, TimeProvider time)
{
    /// <exception cref="IntegrationException">NOT_FOUND; FORBIDDEN in a colleague's account that is still there; CONFLICT while messages wait to be sent.</exception>
    public Task ExecuteAsync(Principal principal, Guid id, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                var dialog = (await DialogView.FindAsync(transaction, principal, id, cancellationToken)).Dialog;
                if (!principal.ManagesAccounts && !await IsOwnOrOrphanedAsync(transaction, principal, dialog, cancellationToken))
                    throw new IntegrationException(ErrorCodes.Forbidden, "Only administrators, and the user of the account, delete dialogs of an account that is still connected.");

                // Held, so that nothing is accepted into it meanwhile.
                await using (var hold = transaction.Command("select from dialogs where id = $1 for update"))
                {
                    hold.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
                    await hold.ExecuteNonQueryAsync(cancellationToken);
                }

                if (await transaction.Db.Messages.AnyAsync(
                    message => message.DialogId == id && (message.Status == MessageStatus.Pending || message.Status == MessageStatus.Sending), cancellationToken))
                {
                    throw new IntegrationException(ErrorCodes.Conflict, "Messages of this dialog wait to be sent. Delete it when they are sent or have failed.");
                }

                var count = await transaction.Db.Messages.CountAsync(message => message.DialogId == id, cancellationToken);
                await DeleteAsync(transaction, id, cancellationToken);
                await DialogEvents.TellAsync(
                    transaction, dialog, EventTypes.DialogDeleted, new { id, DialogId = id, AccountId = dialog.PersonalAccountId, dialog.BotId }, cancellationToken);
                await IntegrationLog.WriteAsync(
                    transaction,
                    new LogEntry(Guid.CreateVersion7(time.GetUtcNow()), principal.UserId, "telegram", "dialog.delete", LogStatus.Success)
                    {
                        AccountId = dialog.PersonalAccountId,
                        Details = new { DialogId = id, dialog.BotId, Messages = count },
                    },
                    cancellationToken);
            },
            cancellationToken);
    }

    private static async Task<bool> IsOwnOrOrphanedAsync(TenantTransaction transaction, Principal principal, Dialog dialog, CancellationToken cancellationToken) =>
        await transaction.Db.TelegramAccounts.AnyAsync(
            account => account.Id == dialog.PersonalAccountId && (account.UserId == principal.UserId || account.DeletedAt != null), cancellationToken)
        || await transaction.Db.Integrations.AnyAsync(bot => bot.Id == dialog.BotId && bot.DeletedAt != null, cancellationToken);

    /// <summary>What was accepted and is deleted is neither lost nor delivered: the law of sending must go on holding.</summary>
    private static async Task DeleteAsync(TenantTransaction transaction, Guid id, CancellationToken cancellationToken)
    {
        await using var command = transaction.Command(
            """
            with counted as (
                insert into message_counters (tenant_id, channel, stripe, erased)
                select m.tenant_id, case m.direction when 'telegram_bot_out' then 'telegram_bot' else 'personal_telegram' end, 0, count(*)
                  from messages m where m.dialog_id = $1 and m.direction in ('personal_telegram_out', 'telegram_bot_out') and m.accepted_at is not null group by 1, 2
                on conflict (tenant_id, channel, stripe) do update set erased = message_counters.erased + excluded.erased)
            delete from dialogs where id = $1
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
