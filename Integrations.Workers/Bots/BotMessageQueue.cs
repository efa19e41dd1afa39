using Integrations.Core.Errors;
using Integrations.Core.Events;
using Integrations.Core.Messaging;
using Integrations.Core.Ownership;
using Integrations.Core.Persistence;
using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Telegram.Clients;
using Integrations.Core.Telegram.Dialogs;
using Integrations.Core.Tenancy;
using Integrations.Workers.Postgres;
using Integrations.Workers.Sending;
using Npgsql;
using NpgsqlTypes;

namespace Integrations.Workers.Bots;

/// <summary>What the bots of one shard are to send, and what became of it.</summary>
internal sealed class BotMessageQueue(TenantDatabase database)
{
    /// <summary>What an earlier owner was sending fails with OUTCOME_UNKNOWN. To be called once, before the first claim.</summary>
    public Task<int> SettleAsync(ShardClaim claim, CancellationToken ct) => ThroughDoorAsync(
        claim,
        "select doors.settle_bot_messages($1, $2, $3, $4)",
        command => command.With(ErrorCodes.OutcomeUnknown).With(BotJudgement.UnknownDetail),
        async command => (int)(await command.ExecuteScalarAsync(ct))!,
        ct);

    /// <summary>After a claim whose commit was in doubt: what this host does not hold goes back to the queue.</summary>
    public Task<int> ReturnUnheldAsync(ShardClaim claim, Guid[] held, CancellationToken ct) => ThroughDoorAsync(
        claim, "select doors.return_bot_messages($1, $2, $3)", command => command.With(held), async command => (int)(await command.ExecuteScalarAsync(ct))!, ct);

    /// <summary>Takes what may be sent now, at most one message of each dialog.</summary>
    public Task<List<BotMessage>> ClaimAsync(ShardClaim claim, World world, int limit, int share, Guid[] exceptBots, CancellationToken ct) => ThroughDoorAsync(
        claim,
        """
        select id, tenant_id, bot_id, dialog_id, text, reply_to_telegram_id, attempts, peer_kind, peer_id, accepted_at, token_sealed
          from doors.claim_bot_messages($1, $2, $3, $4, $5, $6)
        """,
        command => command.With(Words.Of(world)).With(limit).With(share).With(exceptBots),
        async command =>
        {
            List<BotMessage> claimed = [];
            await using var reader = await command.ExecuteReaderAsync(ct);
            while (await reader.ReadAsync(ct))
                claimed.Add(await ReadAsync(reader, ct));

            return claimed;
        },
        ct);

    /// <summary>Takes what may be sent now with a file, of each dialog one message or one album. An album is its first message, with the others in it.</summary>
    public Task<List<BotMessage>> ClaimFilesAsync(ShardClaim claim, World world, int limit, int share, Guid[] exceptBots, CancellationToken ct) => ThroughDoorAsync(
        claim,
        """
        select id, tenant_id, bot_id, dialog_id, text, reply_to_telegram_id, attempts, peer_kind, peer_id, accepted_at, token_sealed,
               spoiler, media_id, kind, file_name, mime_type, size, width, height, duration
          from doors.claim_bot_media_messages($1, $2, $3, $4, $5, $6)
        """,
        command => command.With(Words.Of(world)).With(limit).With(share).With(exceptBots),
        async command =>
        {
            List<BotMessage> claimed = [];
            await using var reader = await command.ExecuteReaderAsync(ct);
            while (await reader.ReadAsync(ct))
                claimed.Add(await ReadAsync(reader, ct) with { File = await ClaimedFile.ReadAsync(reader, 11, ct) });

            return claimed.GroupBy(message => message.DialogId).Select(album => album.First() with { Rest = [.. album.Skip(1)] }).ToList();
        },
        ct);

    private static async Task<BotMessage> ReadAsync(NpgsqlDataReader reader, CancellationToken ct) => new(
        reader.GetGuid(0),
        new TenantId(reader.GetGuid(1)),
        reader.GetGuid(2),
        reader.GetGuid(3),
        reader.GetString(4),
        await reader.NullableAsync<int>(5, ct),
        reader.GetInt32(6),
        new PeerKey(Words.Read<PeerKind>(reader.GetString(7)), reader.GetInt64(8)),
        reader.GetFieldValue<DateTimeOffset>(9),
        await reader.ReferenceAsync<byte[]>(10, ct));

    /// <summary>Stores how one call ended, for each message that went in it, with what follows from it for the dialog and the bot.</summary>
    /// <exception cref="StaleEpochException">The shard has passed on; nothing was stored.</exception>
    public Task RecordAsync(ShardClaim claim, BotMessage message, IReadOnlyList<BotOutcome> outcomes, CancellationToken ct) =>
        database.InTenantAsync(
            message.Tenant,
            async transaction =>
            {
                await transaction.RequireEpochAsync(claim, ct);
                foreach (var (one, ended) in message.All.Zip(outcomes))
                {
                    if (ended.MovedTo is { } chat)
                        await MoveAsync(transaction, one, chat, ct);
                    await WriteAsync(transaction, claim, one, ended, ct);
                }

                // What concerns the chat and the bot is the same of all.
                var outcome = outcomes[0];
                if (outcome.Blocked)
                    await BlockAsync(transaction, message, ct);
                if (outcome.TokenInvalid)
                    await FailBotAsync(transaction, message, outcome, ct);
                transaction.AfterCommit(Ring.Outbox);
            },
            ct);

    /// <summary>Into the dialog of the supergroup that the group has become; there its number is another one, too.</summary>
    private static async Task MoveAsync(TenantTransaction transaction, BotMessage message, PeerKey chat, CancellationToken ct)
    {
        await using var command = transaction.Command(
            """
            with opened as (
                insert into dialogs as d (id, tenant_id, source, bot_id, peer_kind, peer_id, username, title)
                select gen_random_uuid(), o.tenant_id, o.source, o.bot_id, $2, $3, o.username, o.title from dialogs o where o.id = $4
                on conflict (bot_id, peer_kind, peer_id) where bot_id is not null do update set title = coalesce(d.title, excluded.title)
                returning d.id
            )
            update messages m set dialog_id = opened.id, reply_to_id = null, reply_to_telegram_id = null from opened where m.id = $1
            """)
            .With(message.Id).With(Words.Of(chat.Kind)).With(chat.Id).With(message.DialogId);
        await command.ExecuteNonQueryAsync(ct);
    }

    private static async Task WriteAsync(TenantTransaction transaction, ShardClaim claim, BotMessage message, BotOutcome outcome, CancellationToken ct)
    {
        await using var command = transaction.Command(
            """
            with written as (
                update messages m
                   set status = $4, telegram_message_id = $5, telegram_date = $6, error_code = $7, error_detail = $8, not_before = coalesce($9, '-infinity'),
                       attempts = m.attempts - case when $4 = 'pending' and $7 is null then 1 else 0 end,
                       finished_at = case when $4 in ('delivered', 'failed') then clock_timestamp() end
                 where m.id = $1 and m.shard = $2 and m.epoch = $3 and m.status = 'sending'
                returning m.*
            ), told as (
                insert into outbox (tenant_id, bot_id, type, data)
                select w.tenant_id, w.bot_id, 'message.updated',
                       jsonb_build_object('id', w.id, 'dialog_id', w.dialog_id, 'bot_id', w.bot_id, 'direction', w.direction, 'status', w.status,
                                          'telegram_message_id', w.telegram_message_id, 'error_code', w.error_code, 'error_detail', w.error_detail)
                  from written w where w.status <> 'pending' or w.error_code is not null
            ), logged as (
                insert into integration_logs (id, tenant_id, user_id, integration_type, action, status, details, error_code, error_message, trace_id)
                select gen_random_uuid(), w.tenant_id, coalesce(w.sent_by, i.user_id), 'telegram', 'bot.send_message',
                       case w.status when 'delivered' then 'success' when 'failed' then 'error' else 'pending' end,
                       jsonb_build_object('message_id', w.id, 'bot_id', w.bot_id, 'attempts', w.attempts), w.error_code, w.error_detail, w.trace_id
                  from written w join integrations i on i.id = w.bot_id
                 where w.status <> 'pending' or w.error_code is not null
            )
            update integrations i set messages_sent = i.messages_sent + 1, last_activity = clock_timestamp()
              from written w where i.id = w.bot_id and w.status = 'delivered'
            """)
            .With(message.Id)
            .With(claim.Shard)
            .With(claim.Epoch)
            .With(Words.Of(outcome.Status))
            .With(outcome.TelegramId, NpgsqlDbType.Integer)
            .With(outcome.TelegramDate?.ToUniversalTime(), NpgsqlDbType.TimestampTz)
            .With(outcome.Code, NpgsqlDbType.Text)
            .With(outcome.Detail, NpgsqlDbType.Text)
            .With(outcome.NotBefore?.ToUniversalTime(), NpgsqlDbType.TimestampTz);
        await command.ExecuteNonQueryAsync(ct);
    }

    private static async Task BlockAsync(TenantTransaction transaction, BotMessage message, CancellationToken ct)
    {
        await using var command = transaction.Command(
            $"update dialogs d set blocked_at = clock_timestamp() where d.id = $1 and d.blocked_at is null returning {DialogNews.Columns}").With(message.DialogId);
        await transaction.PublishAsync(await DialogNews.ReadAsync(command, ct), ct);
    }

    /// <summary>What else the bot was to send waits until somebody has given it another token.</summary>
    private static async Task FailBotAsync(TenantTransaction transaction, BotMessage message, BotOutcome outcome, CancellationToken ct)
    {
        await using var command = transaction.Command(
            "update integrations set status = 'error', last_error_code = $2, last_error = $3 where id = $1 and status = 'active'")
            .With(message.BotId).With(outcome.Code!).With(outcome.Detail!);
        if (await command.ExecuteNonQueryAsync(ct) > 0)
            await transaction.PublishAsync(new EventDraft(EventTypes.BotUpdated, null, null, new { Id = message.BotId, Status = "error", LastErrorCode = outcome.Code }), ct);
    }

    private Task<T> ThroughDoorAsync<T>(
        ShardClaim claim, string sql, Func<NpgsqlCommand, NpgsqlCommand> parameters, Func<NpgsqlCommand, Task<T>> read, CancellationToken ct) =>
        database.ThroughDoorsAsync(
            async (connection, transaction) =>
            {
#pragma warning disable CA2100 // Constant texts of the methods above.
                await using var command = parameters(new NpgsqlCommand(sql, connection, transaction).With(claim.Shard).With(claim.Epoch));
#pragma warning restore CA2100
                try
                {
                    return await read(command);
                }
                catch (PostgresException e) when (e.SqlState == StaleEpochException.SqlState)
                {
                    throw new StaleEpochException(claim, e);
                }
            },
            ct);
}
