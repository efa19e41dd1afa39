using System.Globalization;
using System.Security.Cryptography;
using Integrations.Core.Audit;
using Integrations.Core.Errors;
using Integrations.Core.Events;
using Integrations.Core.IntegrationLogs;
using Integrations.Core.Messaging;
using Integrations.Core.Persistence;
using Integrations.Core.Secrets;
using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Telegram.Bots;
using Integrations.Core.Telegram.Channels;
using Integrations.Core.Tenancy;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;

namespace Integrations.Core.Telegram.Sending;

/// <summary>Accepts a message: from the commit on it will be delivered, or its sender told why not.</summary>
/// <remarks>Of an album each file is a message of its own, one after the other and under one number, so that each has an outcome of its own.</remarks>
public sealed class AcceptMessage(TenantDatabase database, ISecretProtector secrets, IOptions<SendOptions> options, TimeProvider time)
{
    /// <summary>One counter row per tenant would make all its senders wait for each other.</summary>
    private const int CounterStripes = 16;

    /// <summary>A dialog is joined to another at most once; the second look finds that other one.</summary>
    private const int MaxTurns = 3;

    /// <param name="idempotencyKey">Null when the caller takes the risk of a double.</param>
    /// <exception cref="IntegrationException">
    /// NOT_FOUND for an account, bot, channel, dialog, reply or upload out of the caller's reach; VALIDATION_FAILED for a file that cannot be sent so; ACCOUNT_NOT_ACTIVE; BOT_NOT_ACTIVE; CHANNEL_NOT_ACTIVE; CHANNEL_RIGHTS_MISSING; PROJECT_MIRRORED; SERVICE_UNAVAILABLE when too much waits already;
    /// IDEMPOTENCY_MISMATCH; IDEMPOTENCY_IN_PROGRESS.
    /// </exception>
    public async Task<AcceptedMessage> ExecuteAsync(Principal principal, OutgoingMessage message, string? idempotencyKey, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        ArgumentNullException.ThrowIfNull(message);
        // Sealed before the transaction begins: the keys may have to be asked for elsewhere.
        var files = new OutgoingFiles(message.Media, await OutgoingFiles.SealAsync(principal.Tenant, message.Media, secrets, time, cancellationToken));
        return await database.InTenantAsync(
            principal.Tenant, transaction => AcceptAsync(transaction, principal, message, files, idempotencyKey, cancellationToken), cancellationToken);
    }

    private async Task<AcceptedMessage> AcceptAsync(
        TenantTransaction transaction, Principal principal, OutgoingMessage message, OutgoingFiles files, string? key, CancellationToken cancellationToken)
    {
        // First of all: what was accepted once is answered the same whatever has become of the account since.
        if (key is not null
            && await IdempotencyKeys.TakeAsync(
                transaction, principal, IdempotencyKeys.SendRoute, key, message.Hash(), options.Value.IdempotencyLifetime, cancellationToken) is { } first)
        {
            return first;
        }

        if (message.ChannelId is { } channel)
            message = await PostAsync(transaction, principal, message, channel, cancellationToken);
        var sender = await AdmitAsync(transaction, principal, message, cancellationToken);
        var now = time.GetUtcNow();
        var dialog = await TakeTurnAsync(transaction, sender, message.To, now, cancellationToken);
        var replyTelegramId = await ReplyAsync(transaction, message.ReplyTo, dialog, cancellationToken);
        var taken = await files.TakeAsync(transaction, principal, cancellationToken);
        long? album = taken.Count > 1 ? AlbumId() : null;
        Outgoing[] parts = taken.Count == 0
            ? [new Outgoing(message.Text, null, false, null)]
            : [.. taken.Select((file, place) => new Outgoing(place == 0 ? message.Text : "", file, message.Media[place].Spoiler, album))];
        var ids = Array.ConvertAll(parts, _ => Guid.CreateVersion7(now));
        var createdAt = now;
        for (var place = 0; place < parts.Length; place++)
        {
            var part = parts[place];
            // The first one answers; Telegram shows it so of the whole album.
            var replyTo = place == 0 ? message.ReplyTo : null;
            createdAt = await InsertAsync(transaction, principal, message, part, replyTo, ids[place], dialog, sender, place == 0 ? replyTelegramId : null, cancellationToken);
            await transaction.PublishAsync(
                sender.Event(EventTypes.MessageCreated, new
                {
                    Id = ids[place],
                    DialogId = dialog,
                    sender.AccountId,
                    sender.BotId,
                    sender.Direction,
                    Status = message.SendAt is null ? "pending" : "scheduled",
                    part.Text,
                    ReplyTo = replyTo,
                    ScheduledFor = message.SendAt,
                    SentBy = principal.UserId,
                    CreatedAt = createdAt,
                    Media = part.File?.View(part.AlbumId),
                }),
                cancellationToken);
        }

        transaction.Note(new AuditedChange(sender.Action, sender.AccountId, new
        {
            MessageId = ids[0],
            DialogId = dialog,
            sender.BotId,
            Media = taken.Count == 0 ? null : taken.Select(file => new { Kind = Words.Of(file.Kind), file.Size }).ToArray(),
        }));
        await CountAsync(transaction, principal, sender.Channel, key, ids, createdAt, cancellationToken);
        if (message.SendAt is null)
            transaction.AfterCommit(Ring.Shard(sender.Shard));
        return new AcceptedMessage(ids[0], createdAt, Replayed: false, ids);
    }

    /// <summary>A channel that can be posted in says who sends and to whom; whether the caller may write from there is asked as for any other message.</summary>
    private static async Task<OutgoingMessage> PostAsync(
        TenantTransaction transaction, Principal principal, OutgoingMessage message, Guid id, CancellationToken cancellationToken)
    {
        var channel = await ChannelRows.FindAsync(transaction, principal, id, cancellationToken);
        if (!channel.IsActive)
            throw new IntegrationException(ErrorCodes.ChannelNotActive, channel.ErrorDetail);
        if (!channel.CanPost)
            throw ChannelRefusals.Missing(channel.KnownRights.MissingToPost(channel.Type) ?? ChannelRights.PostRight);
        return message with { AccountId = channel.AccountId, BotId = channel.BotId, To = new Recipient(ChatId: channel.ChannelId) };
    }

    /// <summary>
    /// May this account or bot take one more, and from this caller? Its row stays as it is until the message is stored: whoever ends the account
    /// finds the message then and fails it, instead of leaving it to wait for nobody.
    /// </summary>
    private Task<MessageSender> AdmitAsync(TenantTransaction transaction, Principal principal, OutgoingMessage message, CancellationToken cancellationToken) =>
        (message.AccountId, message.BotId) switch
        {
            ({ } account, null) => AdmitAccountAsync(transaction, principal, account, Math.Max(message.Media.Count, 1), cancellationToken),
            (null, { } bot) => AdmitBotAsync(transaction, principal, bot, Math.Max(message.Media.Count, 1), cancellationToken),
            _ => throw new ArgumentException("A message is sent by an account or by a bot.", nameof(message)),
        };

    private async Task<MessageSender> AdmitAccountAsync(TenantTransaction transaction, Principal principal, Guid accountId, int count, CancellationToken cancellationToken)
    {
        await using var command = transaction.Command(
            $"""
            select a.shard, a.status, a.goal,
                   (select count(*) from (select from messages where account_id = a.id and status in ('scheduled', 'pending', 'sending') limit $3) waiting),
                   a.user_id, coalesce(p.mirroring, false)
              from telegram_accounts a
              left join projects p on p.id = a.project_id
             where a.id = $1 and {ReachableAccounts.TalkSql} and a.deleted_at is null
               for share of a
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

        RequireRoom(reader.GetInt64(3), count, "account");
        return new MessageSender(accountId, null, accountUser, reader.GetInt32(0));
    }

    /// <summary>
    /// Holds the bot and not its integration. Whoever ends a bot needs both; whoever counts what came needs the integration, and has held the
    /// dialogs since before: he would wait for us, and we for one of them.
    /// </summary>
    private async Task<MessageSender> AdmitBotAsync(TenantTransaction transaction, Principal principal, Guid botId, int count, CancellationToken cancellationToken)
    {
        await using var command = transaction.Command(
            $"""
            select b.shard, b.is_active, i.status,
                   (select count(*) from (select from messages where bot_id = b.id and status in ('scheduled', 'pending', 'sending') limit $4) waiting)
              from telegram_bots b
              join integrations i on i.id = b.id
             where b.id = $1 and {ReachableBots.TalkSql} and b.deleted_at is null
               for share of b
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

        RequireRoom(reader.GetInt64(3), count, "bot");
        return new MessageSender(null, botId, null, reader.GetInt32(0));
    }

    private void RequireRoom(long waiting, int count, string sender)
    {
        if (waiting + count > options.Value.MaxBacklogPerAccount)
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
        TenantTransaction transaction, Principal principal, OutgoingMessage message, Outgoing part, Guid? replyTo, Guid id, Guid dialog, MessageSender sender, int? replyTelegramId,
        CancellationToken cancellationToken)
    {
        await using var command = transaction.Command(
            """
            insert into messages (id, tenant_id, account_id, dialog_id, shard, direction, status, priority, text, reply_to_id, reply_to_telegram_id,
                                  random_id, sent_by, trace_id, accepted_at, bot_id, media_id, album_id, spoiler, scheduled_for)
            values ($1, $2, $3, $4, $5, $13, case when $18 is null then 'pending' else 'scheduled' end, $6, $7, $8, $9, $10, $11, $12, clock_timestamp(), $14, $15, $16, $17, $18)
            returning created_at
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = transaction.Tenant.Value });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)sender.AccountId ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = dialog });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = sender.Shard });
        command.Parameters.Add(new NpgsqlParameter<short> { TypedValue = (short)message.Priority });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = part.Text });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)replyTo ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)replyTelegramId ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Integer });
        // The Bot API takes no key against doubles.
        command.Parameters.Add(new NpgsqlParameter { Value = sender.BotId is null ? RandomId() : DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bigint });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = principal.UserId });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)IntegrationLog.RunningTrace ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Varchar });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = sender.Direction });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)sender.BotId ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)part.File?.Id ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)part.AlbumId ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bigint });
        command.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = part.Spoiler });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)message.SendAt?.ToUniversalTime() ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.TimestampTz });
        return new DateTimeOffset((DateTime)(await command.ExecuteScalarAsync(cancellationToken))!);
    }

    /// <summary>Last, because the counter's row is what other senders of the tenant may wait for.</summary>
    private static async Task CountAsync(
        TenantTransaction transaction, Principal principal, string channel, string? key, Guid[] ids, DateTimeOffset createdAt, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(transaction.Connection, transaction.Transaction);
        if (key is not null)
            batch.BatchCommands.Add(IdempotencyKeys.Answer(transaction, principal, IdempotencyKeys.SendRoute, key, ids, createdAt));
        batch.BatchCommands.Add(new NpgsqlBatchCommand(
            """
            insert into message_counters (tenant_id, channel, stripe, accepted) values ($1, $2, $3, $4)
            on conflict (tenant_id, channel, stripe) do update set accepted = message_counters.accepted + excluded.accepted
            """)
        {
            Parameters =
            {
                new NpgsqlParameter<Guid> { TypedValue = transaction.Tenant.Value },
                new NpgsqlParameter<string> { TypedValue = channel },
                new NpgsqlParameter<short> { TypedValue = (short)RandomNumberGenerator.GetInt32(CounterStripes) },
                new NpgsqlParameter<long> { TypedValue = ids.Length },
            },
        });
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Above what a browser's numbers hold, it is told as a text; never negative.</summary>
    private static long AlbumId() => RandomId() & long.MaxValue;

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

    /// <summary>One row of what is sent.</summary>
    private sealed record Outgoing(string Text, OutgoingFile? File, bool Spoiler, long? AlbumId);
}
