using System.Globalization;
using System.Security.Cryptography;
using Integrations.Core.Audit;
using Integrations.Core.Errors;
using Integrations.Core.Events;
using Integrations.Core.IntegrationLogs;
using Integrations.Core.Messaging;
using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Telegram.Bots;
using Integrations.Core.Tenancy;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;

namespace Integrations.Core.Telegram.Sending;

/// <summary>Accepts a message: from the commit on it will be delivered, or its sender told why not.</summary>
public sealed class AcceptMessage(TenantDatabase database, IOptions<SendOptions> options, TimeProvider time)
{
    /// <summary>One counter row per tenant would make all its senders wait for each other.</summary>
    private const int CounterStripes = 16;

    /// <summary>A dialog is joined to another at most once; the second look finds that other one.</summary>
    private const int MaxTurns = 3;

    /// <param name="idempotencyKey">Null when the caller takes the risk of a double.</param>
    /// <exception cref="IntegrationException">
    /// NOT_FOUND for an account, bot, dialog or reply out of the caller's reach; ACCOUNT_NOT_ACTIVE; BOT_NOT_ACTIVE; PROJECT_MIRRORED; SERVICE_UNAVAILABLE when too much waits already;
    /// IDEMPOTENCY_MISMATCH; IDEMPOTENCY_IN_PROGRESS.
    /// </exception>
    public Task<AcceptedMessage> ExecuteAsync(Principal principal, OutgoingMessage message, string? idempotencyKey, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        ArgumentNullException.ThrowIfNull(message);
        return database.InTenantAsync(
            principal.Tenant, transaction => AcceptAsync(transaction, principal, message, idempotencyKey, cancellationToken), cancellationToken);
    }

    private async Task<AcceptedMessage> AcceptAsync(
        TenantTransaction transaction, Principal principal, OutgoingMessage message, string? key, CancellationToken cancellationToken)
    {
        // First of all: what was accepted once is answered the same whatever has become of the account since.
        if (key is not null
            && await IdempotencyKeys.TakeAsync(
                transaction, principal, IdempotencyKeys.SendRoute, key, message.Hash(), options.Value.IdempotencyLifetime, cancellationToken) is { } first)
        {
            return first;
        }

        var sender = await AdmitAsync(transaction, principal, message, cancellationToken);
        var now = time.GetUtcNow();
        var dialog = await TakeTurnAsync(transaction, sender, message.To, now, cancellationToken);
        var replyTelegramId = await ReplyAsync(transaction, message.ReplyTo, dialog, cancellationToken);
        var id = Guid.CreateVersion7(now);
        var createdAt = await InsertAsync(transaction, principal, message, id, dialog, sender, replyTelegramId, cancellationToken);
        await transaction.PublishAsync(
            sender.Event(EventTypes.MessageCreated, new
            {
                Id = id,
                DialogId = dialog,
                sender.AccountId,
                sender.BotId,
                sender.Direction,
                Status = "pending",
                message.Text,
                message.ReplyTo,
                SentBy = principal.UserId,
                CreatedAt = createdAt,
            }),
            cancellationToken);
        transaction.Note(new AuditedChange(sender.Action, sender.AccountId, new { MessageId = id, DialogId = dialog, sender.BotId }));
        await CountAsync(transaction, principal, sender.Channel, key, id, createdAt, cancellationToken);
        transaction.AfterCommit(Ring.Shard(sender.Shard));
        return new AcceptedMessage(id, createdAt, Replayed: false);
    }

    /// <summary>May this account or bot take one more, and from this caller?</summary>
    private Task<MessageSender> AdmitAsync(TenantTransaction transaction, Principal principal, OutgoingMessage message, CancellationToken cancellationToken) =>
        (message.AccountId, message.BotId) switch
        {
            ({ } account, null) => AdmitAccountAsync(transaction, principal, account, cancellationToken),
            (null, { } bot) => AdmitBotAsync(transaction, principal, bot, cancellationToken),
            _ => throw new ArgumentException("A message is sent by an account or by a bot.", nameof(message)),
        };

    private async Task<MessageSender> AdmitAccountAsync(TenantTransaction transaction, Principal principal, Guid accountId, CancellationToken cancellationToken)
    {
        await using var command = transaction.Command(
            $"""
            select a.shard, a.status, a.goal,
                   (select count(*) from (select from messages where account_id = a.id and status in ('pending', 'sending') limit $3) waiting),
                   a.user_id, coalesce(p.mirroring, false)
              from telegram_accounts a
              left join projects p on p.id = a.project_id
             where a.id = $1 and {ReachableAccounts.TalkSql} and a.deleted_at is null
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = accountId });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = principal.UserId });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = options.Value.MaxBacklogPerAccount });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken))
            throw new IntegrationException(ErrorCodes.NotFound);

        var (status, goal, accountUser) = (reader.GetString(1), reader.GetString(2), reader.GetInt32(4));
        SharedInbox.RequireAnswers(principal, accountUser, reader.GetBoolean(5));
        if (status != "active" || goal != "connected")
            throw new IntegrationException(ErrorCodes.AccountNotActive, $"The account is {(goal == "connected" ? status : "on its way to " + goal)}. Reconnect it, wait until it is active, then repeat the request.");

        RequireRoom(reader.GetInt64(3), "account");
        return new MessageSender(accountId, null, accountUser, reader.GetInt32(0));
    }

    private async Task<MessageSender> AdmitBotAsync(TenantTransaction transaction, Principal principal, Guid botId, CancellationToken cancellationToken)
    {
        await using var command = transaction.Command(
            $"""
            select b.shard, b.is_active, i.status,
                   (select count(*) from (select from messages where bot_id = b.id and status in ('pending', 'sending') limit $4) waiting)
              from telegram_bots b
              join integrations i on i.id = b.id
             where b.id = $1 and {ReachableBots.TalkSql} and b.deleted_at is null
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = botId });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = principal.UserId });
        command.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = principal.ManagesAccounts });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = options.Value.MaxBacklogPerAccount });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken))
            throw new IntegrationException(ErrorCodes.NotFound);
        if (!reader.GetBoolean(1) || reader.GetString(2) != "active")
            throw new IntegrationException(ErrorCodes.BotNotActive);

        RequireRoom(reader.GetInt64(3), "bot");
        return new MessageSender(null, botId, null, reader.GetInt32(0));
    }

    private void RequireRoom(long waiting, string sender)
    {
        if (waiting >= options.Value.MaxBacklogPerAccount)
        {
            throw new IntegrationException(
                ErrorCodes.ServiceUnavailable,
                string.Create(CultureInfo.InvariantCulture, $"{options.Value.MaxBacklogPerAccount} messages wait for this {sender} already. Repeat the request later."),
                TimeSpan.FromSeconds(5));
        }
    }

    /// <summary>
    /// Finds or opens the dialog and locks it: those who write to one dialog take turns, so that the order of seq is the order of acceptance.
    /// </summary>
    private static async Task<Guid> TakeTurnAsync(
        TenantTransaction transaction, MessageSender sender, Recipient to, DateTimeOffset now, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < MaxTurns; attempt++)
        {
            var dialog = await Recipients.DialogAsync(transaction, sender, to, Guid.CreateVersion7(now), cancellationToken);
            await using var turn = transaction.Command("update dialogs set last_message_at = greatest(last_message_at, $2) where id = $1");
            turn.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = dialog.Id });
            turn.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now });
            if (await turn.ExecuteNonQueryAsync(cancellationToken) > 0)
                return dialog.Id;

            // Telegram has told whose name it is, and the dialog became one with that person's own while we waited for its row.
            to = dialog.Name ?? to;
        }

        throw new IntegrationException(ErrorCodes.Conflict, "The dialog changed while the message was being accepted. Repeat the request.", TimeSpan.FromSeconds(1));
    }

    /// <summary>Telegram's number of the message that is answered, where it has one yet.</summary>
    private static async Task<int?> ReplyAsync(TenantTransaction transaction, Guid? replyTo, Guid dialog, CancellationToken cancellationToken)
    {
        if (replyTo is null)
            return null;

        await using var command = transaction.Command("select telegram_message_id from messages where id = $1 and dialog_id = $2");
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = replyTo.Value });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = dialog });
        return await command.ExecuteScalarAsync(cancellationToken) switch
        {
            null => throw new IntegrationException(ErrorCodes.NotFound, "The message to reply to is not one of this dialog."),
            int number => number,
            _ => null,
        };
    }

    private static async Task<DateTimeOffset> InsertAsync(
        TenantTransaction transaction, Principal principal, OutgoingMessage message, Guid id, Guid dialog, MessageSender sender, int? replyTelegramId,
        CancellationToken cancellationToken)
    {
        await using var command = transaction.Command(
            """
            insert into messages (id, tenant_id, account_id, dialog_id, shard, direction, status, priority, text, reply_to_id, reply_to_telegram_id,
                                  random_id, sent_by, trace_id, accepted_at, bot_id)
            values ($1, $2, $3, $4, $5, $13, 'pending', $6, $7, $8, $9, $10, $11, $12, clock_timestamp(), $14)
            returning created_at
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = transaction.Tenant.Value });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)sender.AccountId ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = dialog });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = sender.Shard });
        command.Parameters.Add(new NpgsqlParameter<short> { TypedValue = (short)message.Priority });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = message.Text });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)message.ReplyTo ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)replyTelegramId ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Integer });
        // The Bot API takes no key against doubles.
        command.Parameters.Add(new NpgsqlParameter { Value = sender.BotId is null ? RandomId() : DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bigint });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = principal.UserId });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)IntegrationLog.RunningTrace ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Varchar });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = sender.Direction });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)sender.BotId ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid });
        return new DateTimeOffset((DateTime)(await command.ExecuteScalarAsync(cancellationToken))!);
    }

    /// <summary>Last, because the counter's row is what other senders of the tenant may wait for.</summary>
    private static async Task CountAsync(
        TenantTransaction transaction, Principal principal, string channel, string? key, Guid id, DateTimeOffset createdAt, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(transaction.Connection, transaction.Transaction);
        if (key is not null)
            batch.BatchCommands.Add(IdempotencyKeys.Answer(transaction, principal, IdempotencyKeys.SendRoute, key, id, createdAt));
        batch.BatchCommands.Add(new NpgsqlBatchCommand(
            """
            insert into message_counters (tenant_id, channel, stripe, accepted) values ($1, $2, $3, 1)
            on conflict (tenant_id, channel, stripe) do update set accepted = message_counters.accepted + 1
            """)
        {
            Parameters =
            {
                new NpgsqlParameter<Guid> { TypedValue = transaction.Tenant.Value },
                new NpgsqlParameter<string> { TypedValue = channel },
                new NpgsqlParameter<short> { TypedValue = (short)RandomNumberGenerator.GetInt32(CounterStripes) },
            },
        });
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Telegram's key against doubles. Zero means none there.</summary>
    private static long RandomId()
    {
        Span<byte> bytes = stackalloc byte[8];
        long id;
        do
        {
            RandomNumberGenerator.Fill(bytes);
            id = BitConverter.ToInt64(bytes);
        }
        while (id == 0);
        return id;
    }
}
