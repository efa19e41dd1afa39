using System.Globalization;
using System.Security.Cryptography;
using Integrations.Core.Audit;
using Integrations.Core.Errors;
using Integrations.Core.Events;
using Integrations.Core.IntegrationLogs;
using Integrations.Core.Messaging;
using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Tenancy;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;

namespace Integrations.Core.Telegram.Sending;

/// <summary>Accepts a message: from the commit on it will be delivered, or its sender told why not.</summary>
public sealed class AcceptMessage(TenantDatabase database, IOptions<SendOptions> options, TimeProvider time)
{
    private const string Channel = "personal_telegram";

    /// <summary>One counter row per tenant would make all its senders wait for each other.</summary>
    private const int CounterStripes = 16;

    /// <summary>A dialog is joined to another at most once; the second look finds that other one.</summary>
    private const int MaxTurns = 3;

    /// <param name="idempotencyKey">Null when the caller takes the risk of a double.</param>
    /// <exception cref="IntegrationException">
    /// NOT_FOUND for an account, dialog or reply out of the caller's reach; ACCOUNT_NOT_ACTIVE; PROJECT_MIRRORED; SERVICE_UNAVAILABLE when too much waits already;
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

        var (shard, accountUser) = await AdmitAsync(transaction, principal, message.AccountId, cancellationToken);
        var now = time.GetUtcNow();
        var dialog = await TakeTurnAsync(transaction, accountUser, message, now, cancellationToken);
        var replyTelegramId = await ReplyAsync(transaction, message.ReplyTo, dialog, cancellationToken);
        var id = Guid.CreateVersion7(now);
        var createdAt = await InsertAsync(transaction, principal, message, id, dialog, shard, replyTelegramId, now, cancellationToken);
        await transaction.PublishAsync(
            new EventDraft(EventTypes.MessageCreated, accountUser, message.AccountId, new
            {
                Id = id,
                DialogId = dialog,
                message.AccountId,
                Direction = "personal_telegram_out",
                Status = "pending",
                message.Text,
                message.ReplyTo,
                SentBy = principal.UserId,
                CreatedAt = createdAt,
            }),
            cancellationToken);
        transaction.Note(new AuditedChange("personal.send_message", message.AccountId, new { MessageId = id, DialogId = dialog }));
        await CountAsync(transaction, principal, key, id, createdAt, cancellationToken);
        transaction.AfterCommit(Ring.Shard(shard));
        return new AcceptedMessage(id, createdAt, Replayed: false);
    }

    /// <summary>May this account take one more, and from this caller? Returns its shard and whose it is.</summary>
    private async Task<(int Shard, int AccountUser)> AdmitAsync(TenantTransaction transaction, Principal principal, Guid accountId, CancellationToken cancellationToken)
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

        if (reader.GetInt64(3) >= options.Value.MaxBacklogPerAccount)
        {
            throw new IntegrationException(
                ErrorCodes.ServiceUnavailable,
                string.Create(CultureInfo.InvariantCulture, $"{options.Value.MaxBacklogPerAccount} messages wait for this account already. Repeat the request later."),
                TimeSpan.FromSeconds(5));
        }

        return (reader.GetInt32(0), accountUser);
    }

    /// <summary>
    /// Finds or opens the dialog and locks it: those who write to one dialog take turns, so that the order of seq is the order of acceptance.
    /// </summary>
    private static async Task<Guid> TakeTurnAsync(
        TenantTransaction transaction, int accountUser, OutgoingMessage message, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var to = message.To;
        for (var attempt = 0; attempt < MaxTurns; attempt++)
        {
            var dialog = await Recipients.DialogAsync(transaction, accountUser, message.AccountId, to, Guid.CreateVersion7(now), cancellationToken);
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
        TenantTransaction transaction, Principal principal, OutgoingMessage message, Guid id, Guid dialog, int shard, int? replyTelegramId, DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        await using var command = transaction.Command(
            """
            insert into messages (id, tenant_id, account_id, dialog_id, shard, direction, status, priority, text, reply_to_id, reply_to_telegram_id,
                                  random_id, sent_by, trace_id, accepted_at)
            values ($1, $2, $3, $4, $5, 'personal_telegram_out', 'pending', $6, $7, $8, $9, $10, $11, $12, clock_timestamp())
            returning created_at
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = transaction.Tenant.Value });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = message.AccountId });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = dialog });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = shard });
        command.Parameters.Add(new NpgsqlParameter<short> { TypedValue = (short)message.Priority });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = message.Text });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)message.ReplyTo ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)replyTelegramId ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Integer });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = RandomId() });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = principal.UserId });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)IntegrationLog.RunningTrace ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Varchar });
        return new DateTimeOffset((DateTime)(await command.ExecuteScalarAsync(cancellationToken))!);
    }

    /// <summary>Last, because the counter's row is what other senders of the tenant may wait for.</summary>
    private static async Task CountAsync(
        TenantTransaction transaction, Principal principal, string? key, Guid id, DateTimeOffset createdAt, CancellationToken cancellationToken)
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
                new NpgsqlParameter<string> { TypedValue = Channel },
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
