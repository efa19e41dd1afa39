using Integrations.Core.Audit;
using Integrations.Core.Errors;
using Integrations.Core.Events;
using Integrations.Core.Messaging;
using Integrations.Core.Persistence;
using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Telegram.Bots;
using Integrations.Core.Telegram.Sending;
using Integrations.Core.Tenancy;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using NpgsqlTypes;

namespace Integrations.Core.Telegram.Messages;

/// <summary>Accepts an edit, a deletion or a pin of a message: it will be done, in order behind the message itself, or the reason told why not.</summary>
/// <remarks>What has not left yet is changed here and now: a scheduled or waiting message gets its new text, or is taken back.</remarks>
public sealed class ChangeMessage(TenantDatabase database, TimeProvider time)
{
    /// <summary>Changes of one message that may wait at once.</summary>
    private const int MostWaiting = 20;

    /// <param name="text">The new text; null but for edits.</param>
    /// <exception cref="IntegrationException">NOT_FOUND; ACCOUNT_NOT_ACTIVE; BOT_NOT_ACTIVE; PROJECT_MIRRORED; MESSAGE_NOT_CHANGEABLE; MESSAGE_GONE; SERVICE_UNAVAILABLE.</exception>
    public Task<MessageChange> ExecuteAsync(Principal principal, Guid messageId, MessageChangeKind kind, string? text, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                var id = await AcceptAsync(transaction, await LockAsync(transaction, principal, messageId, cancellationToken), principal.UserId, kind, text, time.GetUtcNow(), cancellationToken);
                return await transaction.Db.MessageChanges.AsNoTracking().SingleAsync(change => change.Id == id, cancellationToken);
            },
            cancellationToken);
    }

    /// <summary>An operator has changed his answer in its topic: who may write there has been decided in Telegram, so nobody's right is asked for.</summary>
    /// <returns>False where Telegram does not have it to be changed.</returns>
    internal static async Task<bool> EditAnswerAsync(TenantTransaction transaction, Guid messageId, string text, DateTimeOffset now, CancellationToken cancellationToken)
    {
        try
        {
            await AcceptAsync(transaction, await LockAsync(transaction, null, messageId, cancellationToken), null, MessageChangeKind.Edit, text, now, cancellationToken);
            return true;
        }
        catch (IntegrationException)
        {
            // Nothing has been written: each of these is found by looking.
            return false;
        }
    }

    private static async Task<Guid> AcceptAsync(
        TenantTransaction transaction, ChangedMessage message, int? userId, MessageChangeKind kind, string? text, DateTimeOffset now, CancellationToken cancellationToken)
    {
        Require(message, kind);
        var done = message.IsHeld && kind is MessageChangeKind.Edit or MessageChangeKind.Delete;
        if (done)
            await ChangeHeldAsync(transaction, message, kind, text, cancellationToken);
        else if (!message.IsReady)
            throw new IntegrationException(message.Sender.BotId is null ? ErrorCodes.AccountNotActive : ErrorCodes.BotNotActive);

        var id = Guid.CreateVersion7(now);
        await InsertAsync(transaction, userId, message, id, kind, text, done, cancellationToken);
        await transaction.PublishAsync(
            message.Sender.Event(EventTypes.MessageChange, new
            {
                Id = id,
                MessageId = message.Id,
                message.DialogId,
                message.Sender.AccountId,
                message.Sender.BotId,
                Kind = Words.Of(kind),
                State = done ? "done" : "pending",
            }),
            cancellationToken);
        transaction.Note(new AuditedChange("message." + Words.Of(kind), message.Sender.AccountId, new { MessageId = message.Id, message.DialogId, message.Sender.BotId }));
        if (!done)
            transaction.AfterCommit(Ring.Channels(message.Sender.Shard));
        return id;
    }

    private static void Require(ChangedMessage message, MessageChangeKind kind)
    {
        if (message.IsDeleted)
            throw new IntegrationException(message.ErrorCode == ErrorCodes.MessageCancelled ? ErrorCodes.MessageCancelled : ErrorCodes.MessageGone);
        if (kind is MessageChangeKind.Edit && !message.IsOut)
            throw new IntegrationException(ErrorCodes.MessageNotChangeable, "Only what was sent from here can be edited.");
        if (message.Status is MessageStatus.Failed || (message.Status is MessageStatus.Delivered && message.TelegramMessageId is null))
            throw new IntegrationException(ErrorCodes.MessageNotChangeable, "Telegram does not have this message, so it cannot be changed there.");
        if (message.Waiting >= MostWaiting)
            throw new IntegrationException(ErrorCodes.ServiceUnavailable, "Many changes of this message wait already. Repeat the request later.", TimeSpan.FromSeconds(5));
    }

    /// <summary>Telegram has not seen it: it is changed before it leaves, or does not leave. What was accepted counts as failed then, so that the law of sending holds.</summary>
    private static async Task ChangeHeldAsync(TenantTransaction transaction, ChangedMessage message, MessageChangeKind kind, string? text, CancellationToken cancellationToken)
    {
        await using var command = transaction.Command(kind is MessageChangeKind.Edit
            ? "update messages set text = $2 where id = $1"
            : "update messages set status = 'failed', error_code = $2, finished_at = clock_timestamp(), deleted_at = clock_timestamp() where id = $1");
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = message.Id });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = kind is MessageChangeKind.Edit ? text! : ErrorCodes.MessageCancelled });
        await command.ExecuteNonQueryAsync(cancellationToken);
        await transaction.PublishAsync(
            message.Sender.Event(EventTypes.MessageUpdated, new
            {
                message.Id,
                message.DialogId,
                message.Sender.AccountId,
                message.Sender.BotId,
                message.Sender.Direction,
                Status = kind is MessageChangeKind.Edit ? Words.Of(message.Status) : "failed",
                Text = text,
                ErrorCode = kind is MessageChangeKind.Edit ? null : ErrorCodes.MessageCancelled,
            }),
            cancellationToken);
    }

    private static async Task InsertAsync(
        TenantTransaction transaction, int? userId, ChangedMessage message, Guid id, MessageChangeKind kind, string? text, bool done, CancellationToken cancellationToken)
    {
        await using var command = transaction.Command(
            """
            insert into message_changes (id, tenant_id, message_id, account_id, bot_id, shard, kind, text, state, user_id, finished_at)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, case when $9 = 'done' then clock_timestamp() end)
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = transaction.Tenant.Value });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = message.Id });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)message.Sender.AccountId ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)message.Sender.BotId ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = message.Sender.Shard });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Words.Of(kind) });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)text ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = done ? "done" : "pending" });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)userId ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Integer });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Holds the message: whoever claims it for sending meanwhile waits, and then sends what it says now.</summary>
    /// <param name="principal">Who must be allowed to; null where that has been decided.</param>
    private static async Task<ChangedMessage> LockAsync(TenantTransaction transaction, Principal? principal, Guid id, CancellationToken cancellationToken)
    {
        await using var command = transaction.Command(
            $"""
            select m.account_id, m.bot_id, m.dialog_id, m.shard, m.status, m.direction, m.telegram_message_id, m.deleted_at is not null, m.error_code,
                   m.status in ('scheduled', 'pending') and m.attempts = 0,
                   (select count(*) from message_changes c where c.message_id = m.id and c.state = 'pending'),
                   a.user_id, coalesce(p.mirroring, false),
                   coalesce((a.status = 'active' and a.goal = 'connected') or (b.is_active and b.deleted_at is null and i.status = 'active'), false)
              from messages m
              left join telegram_accounts a on a.id = m.account_id
              left join projects p on p.id = a.project_id
              left join telegram_bots b on b.id = m.bot_id
              left join integrations i on i.id = m.bot_id
             where m.id = $1 {(principal is null ? "" : $"and ((a.id is not null and {ReachableAccounts.TalkSql}) or (i.id is not null and {ReachableBots.TalkSql}))")}
               for update of m
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        if (principal is not null)
        {
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = principal.UserId });
            command.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = principal.ManagesAccounts });
        }

        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken))
            throw new IntegrationException(ErrorCodes.NotFound);
        if (principal is not null && reader[11] is int user)
            SharedInbox.RequireAnswers(principal, user, reader.GetBoolean(12));
        return new(
            id,
            new MessageSender(reader[0] as Guid?, reader[1] as Guid?, reader[11] as int?, reader.GetInt32(3)),
            reader.GetGuid(2),
            Words.Read<MessageStatus>(reader.GetString(4)),
            reader.GetString(5) is "personal_telegram_out" or "telegram_bot_out",
            reader[6] as int?,
            reader.GetBoolean(7),
            reader[8] as string,
            reader.GetBoolean(9),
            reader.GetInt64(10),
            reader.GetBoolean(13));
    }

    /// <param name="IsHeld">It has never left: what was tried once may be at Telegram already.</param>
    private sealed record ChangedMessage(
        Guid Id, MessageSender Sender, Guid DialogId, MessageStatus Status, bool IsOut, int? TelegramMessageId, bool IsDeleted, string? ErrorCode, bool IsHeld, long Waiting, bool IsReady);
}

/// <summary>What was asked to be done with a message, the newest first.</summary>
public sealed class ListMessageChanges(TenantDatabase database)
{
    private const int Limit = 100;

    /// <exception cref="IntegrationException">NOT_FOUND.</exception>
    public Task<List<MessageChange>> ExecuteAsync(Principal principal, Guid messageId, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                if (!await FindMessage.Of(transaction, principal).AnyAsync(message => message.Id == messageId, cancellationToken))
                    throw new IntegrationException(ErrorCodes.NotFound);
                return await transaction.Db.MessageChanges.AsNoTracking().Where(change => change.MessageId == messageId)
                    .OrderByDescending(change => change.Seq).Take(Limit).ToListAsync(cancellationToken);
            },
            cancellationToken);
    }
}
