using Integrations.Core.Errors;
using Integrations.Core.Events;
using Integrations.Core.IntegrationLogs;
using Integrations.Core.Messaging;
using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Telegram.Messages;
using Integrations.Core.Tenancy;
using Npgsql;

namespace Integrations.Core.Telegram.Sending;

/// <summary>Puts a failed message back into the queue.</summary>
/// <remarks>
/// The row stays the same, and so does its random_id: a refusal of the last attempt does not say that an earlier one, whose answer was
/// lost, had not been taken, and Telegram takes one number once. It was counted as accepted when it was accepted, so it is not counted again.
/// </remarks>
public sealed class RetryMessage(TenantDatabase database, FindMessage find, TimeProvider time)
{
    /// <returns>The message, pending again.</returns>
    /// <exception cref="IntegrationException">NOT_FOUND; CONFLICT when it has not failed; ACCOUNT_NOT_ACTIVE; PROJECT_MIRRORED.</exception>
    public async Task<Message> ExecuteAsync(Principal principal, Guid id, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        await database.InTenantAsync(principal.Tenant, transaction => RetryAsync(transaction, principal, id, cancellationToken), cancellationToken);
        return await find.ExecuteAsync(principal, id, TimeSpan.Zero, cancellationToken);
    }

    private async Task RetryAsync(TenantTransaction transaction, Principal principal, Guid id, CancellationToken cancellationToken)
    {
        var (account, accountUser, dialog, shard) = await CheckAsync(transaction, principal, id, cancellationToken);
        await using (var command = transaction.Command(
            """
            update messages set status = 'pending', not_before = '-infinity', error_code = null, error_detail = null, finished_at = null,
                                trace_id = $2
             where id = $1
            """))
        {
            command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
            command.Parameters.Add(new NpgsqlParameter { Value = (object?)IntegrationLog.RunningTrace ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Varchar });
            await command.ExecuteNonQueryAsync(cancellationToken);
        }

        await transaction.PublishAsync(
            new EventDraft(EventTypes.MessageUpdated, accountUser, account, new
            {
                Id = id,
                DialogId = dialog,
                AccountId = account,
                Direction = "personal_telegram_out",
                Status = "pending",
            }),
            cancellationToken);
        await IntegrationLog.WriteAsync(
            transaction,
            new LogEntry(Guid.CreateVersion7(time.GetUtcNow()), principal.UserId, "telegram", "personal.retry_message", LogStatus.Success)
            {
                AccountId = account,
                Details = new { MessageId = id },
            },
            cancellationToken);
        transaction.AfterCommit(Ring.Shard(shard));
    }

    /// <summary>Holds the message and its account, so that an account that is let go meanwhile leaves no message waiting for nobody.</summary>
    private static async Task<(Guid Account, int AccountUser, Guid Dialog, int Shard)> CheckAsync(
        TenantTransaction transaction, Principal principal, Guid id, CancellationToken cancellationToken)
    {
        Guid account, dialog;
        await using (var message = transaction.Command(
            $"""
            select m.account_id, m.dialog_id, m.status, m.direction
              from messages m
             where m.id = $1 and exists (select from telegram_accounts a where a.id = m.account_id and {ReachableAccounts.TalkSql})
               for update
            """))
        {
            message.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
            message.Parameters.Add(new NpgsqlParameter<int> { TypedValue = principal.UserId });
            await using var reader = await message.ExecuteReaderAsync(cancellationToken);
            if (!await reader.ReadAsync(cancellationToken))
                throw new IntegrationException(ErrorCodes.NotFound);

            (account, dialog) = (reader.GetGuid(0), reader.GetGuid(1));
            if (reader.GetString(2) is not "failed" and var status)
            {
                var word = status == "sending" ? "pending" : status;
                throw new IntegrationException(ErrorCodes.Conflict, $"Only a failed message can be sent again; this one is {word}.");
            }
        }

        await using var state = transaction.Command(
            """
            select a.status, a.goal, a.shard, a.user_id, coalesce(p.mirroring, false)
              from telegram_accounts a
              left join projects p on p.id = a.project_id
             where a.id = $1
               for share of a
            """);
        state.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = account });
        await using var found = await state.ExecuteReaderAsync(cancellationToken);
        await found.ReadAsync(cancellationToken);
        var (condition, goal, user) = (found.GetString(0), found.GetString(1), found.GetInt32(3));
        SharedInbox.RequireAnswers(principal, user, found.GetBoolean(4));
        return condition == "active" && goal == "connected"
            ? (account, user, dialog, found.GetInt32(2))
            : throw new IntegrationException(
                ErrorCodes.AccountNotActive, $"The account is {(goal == "connected" ? condition : "on its way to " + goal)}. Reconnect it, then send the message again.");
    }
}
