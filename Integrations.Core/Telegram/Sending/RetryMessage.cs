using Integrations.Core.Errors;
using Integrations.Core.Events;
using Integrations.Core.IntegrationLogs;
using Integrations.Core.Messaging;
using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Telegram.Bots;
using Integrations.Core.Telegram.Messages;
using Integrations.Core.Tenancy;
using Npgsql;

namespace Integrations.Core.Telegram.Sending;

/// <summary>Puts a failed message back into the queue.</summary>
/// <remarks>
/// The row stays the same, and so does its random_id: a refusal of the last attempt does not say that an earlier one, whose answer was
/// lost, had not been taken, and Telegram takes one number once. A bot's message has no such number: whoever sends it again after
/// OUTCOME_UNKNOWN has looked into the chat. It was counted as accepted when it was accepted, so it is not counted again.
/// </remarks>
public sealed class RetryMessage(TenantDatabase database, FindMessage find, TimeProvider time)
{
    /// <returns>The message, pending again.</returns>
    /// <exception cref="IntegrationException">NOT_FOUND; CONFLICT when it has not failed; MESSAGE_CANCELLED; ACCOUNT_NOT_ACTIVE; BOT_NOT_ACTIVE; PROJECT_MIRRORED.</exception>
    public async Task<Message> ExecuteAsync(Principal principal, Guid id, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        await database.InTenantAsync(principal.Tenant, transaction => RetryAsync(transaction, principal, id, cancellationToken), cancellationToken);
        return await find.ExecuteAsync(principal, id, TimeSpan.Zero, cancellationToken);
    }

    private async Task RetryAsync(TenantTransaction transaction, Principal principal, Guid id, CancellationToken cancellationToken)
    {
        var (sender, dialog) = await CheckAsync(transaction, principal, id, cancellationToken);
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

        await FetchAgainAsync(transaction, id, cancellationToken);
        await transaction.PublishAsync(
            sender.Event(EventTypes.MessageUpdated, new
            {
                Id = id,
                DialogId = dialog,
                sender.AccountId,
                sender.BotId,
                sender.Direction,
                Status = "pending",
            }),
            cancellationToken);
        await IntegrationLog.WriteAsync(
            transaction,
            new LogEntry(Guid.CreateVersion7(time.GetUtcNow()), principal.UserId, "telegram", sender.BotId is null ? "personal.retry_message" : "bot.retry_message", LogStatus.Success)
            {
                AccountId = sender.AccountId,
                Details = new { MessageId = id, sender.BotId },
            },
            cancellationToken);
        transaction.AfterCommit(Ring.Shard(sender.Shard));
    }

    /// <summary>A file that did not come is asked for once more, at its address or by the bot that received it; one that is here stays the same.</summary>
    internal static async Task FetchAgainAsync(TenantTransaction transaction, Guid messageId, CancellationToken cancellationToken)
    {
        await using var command = transaction.Command(
            """
            update media set state = 'waiting', attempts = 0, not_before = '-infinity', error_code = null, error_detail = null
             where id = (select media_id from messages where id = $1) and (source = 'url' or received_by is not null) and state in ('failed', 'too_big')
            returning shard
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = messageId });
        if (await command.ExecuteScalarAsync(cancellationToken) is int shard)
            transaction.AfterCommit(Ring.Shard(shard));
    }

    /// <summary>Holds the message and its sender, so that an account or a bot that is let go meanwhile leaves no message waiting for nobody.</summary>
    private static async Task<(MessageSender Sender, Guid Dialog)> CheckAsync(
        TenantTransaction transaction, Principal principal, Guid id, CancellationToken cancellationToken)
    {
        Guid? account, bot;
        Guid dialog;
        await using (var message = transaction.Command(
            $"""
            select m.account_id, m.dialog_id, m.status, m.bot_id, m.deleted_at is not null
              from messages m
             where m.id = $1
               and (exists (select from telegram_accounts a where a.id = m.account_id and {ReachableAccounts.TalkSql})
                    or exists (select from integrations i where i.id = m.bot_id and {ReachableBots.TalkSql}))
               for update
            """))
        {
            message.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
            message.Parameters.Add(new NpgsqlParameter<int> { TypedValue = principal.UserId });
            message.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = principal.ManagesAccounts });
            await using var reader = await message.ExecuteReaderAsync(cancellationToken);
            if (!await reader.ReadAsync(cancellationToken))
                throw new IntegrationException(ErrorCodes.NotFound);

            if (reader.GetBoolean(4))
                throw new IntegrationException(ErrorCodes.MessageCancelled);

            (account, dialog, bot) = (reader[0] as Guid?, reader.GetGuid(1), reader[3] as Guid?);
            if (reader.GetString(2) is not "failed" and var status)
            {
                var word = status == "sending" ? "pending" : status;
                throw new IntegrationException(ErrorCodes.Conflict, $"Only a failed message can be sent again; this one is {word}.");
            }
        }

        return (bot is { } sender
            ? await CheckBotAsync(transaction, sender, cancellationToken)
            : await CheckAccountAsync(transaction, principal, account!.Value, cancellationToken), dialog);
    }

    /// <summary>Holds the bot and not its integration, as where a message is accepted.</summary>
    private static async Task<MessageSender> CheckBotAsync(TenantTransaction transaction, Guid bot, CancellationToken cancellationToken)
    {
        await using var state = transaction.Command(
            """
            select b.shard, b.is_active and b.deleted_at is null and i.status = 'active'
              from telegram_bots b join integrations i on i.id = b.id
             where b.id = $1
               for share of b
            """);
        state.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = bot });
        await using var found = await state.ExecuteReaderAsync(cancellationToken);
        await found.ReadAsync(cancellationToken);
        return found.GetBoolean(1) ? new MessageSender(null, bot, null, found.GetInt32(0)) : throw new IntegrationException(ErrorCodes.BotNotActive);
    }

    private static async Task<MessageSender> CheckAccountAsync(TenantTransaction transaction, Principal principal, Guid account, CancellationToken cancellationToken)
    {
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
            ? new MessageSender(account, null, user, found.GetInt32(2))
            : throw new IntegrationException(
                ErrorCodes.AccountNotActive, $"The account is {(goal == "connected" ? condition : "on its way to " + goal)}. Reconnect it, then send the message again.");
    }
}
