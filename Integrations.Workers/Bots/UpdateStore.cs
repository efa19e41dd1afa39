using System.Text;
using Integrations.Core.Events;
using Integrations.Core.Ownership;
using Integrations.Core.Persistence;
using Integrations.Core.Secrets;
using Integrations.Core.Telegram.Clients;
using Integrations.Core.Telegram.Dialogs;
using Integrations.Core.Telegram.Media;
using Integrations.Core.Telegram.Messages;
using Integrations.Core.Tenancy;
using Integrations.Workers.Channels;
using Integrations.Workers.Media;
using Integrations.Workers.Postgres;
using Integrations.Workers.Receiving;
using Integrations.Workers.Sending;
using Integrations.Workers.Telemetry;
using Integrations.Workers.WorkingGroups;
using Microsoft.Extensions.Options;
using NpgsqlTypes;

namespace Integrations.Workers.Bots;

/// <summary>An update with what it says; null where it has no consequence.</summary>
internal sealed record ReadUpdate(WaitingUpdate Update, Happening? Happening);

/// <summary>
/// Makes dialogs and messages of updates, and marks these as processed, in one transaction of their tenant. Doing it twice changes nothing:
/// a message is known by its number within the dialog.
/// </summary>
internal sealed class UpdateStore(
    TenantDatabase database, ISecretProtector secrets, GroupUpdates groups, WorkerTelemetry telemetry, IOptions<MediaOptions> media, TimeProvider time)
{
    private const int TextLimit = 100_000;

    /// <param name="updates">In order, all of one tenant.</param>
    /// <exception cref="StaleEpochException">The shard has passed on; nothing was stored.</exception>
    public async Task StoreAsync(ShardClaim claim, TenantId tenant, IReadOnlyList<ReadUpdate> updates, CancellationToken ct)
    {
        // Before the transaction: a key may have to be asked for elsewhere.
        var files = new Dictionary<SaidFile, NewFile>(ReferenceEqualityComparer.Instance);
        foreach (var file in updates.Select(update => update.Happening switch { Said said => said.File, Edited edited => edited.File, _ => null }).OfType<SaidFile>())
            files[file] = await SealAsync(tenant, file, ct);
        var stored = await database.InTenantAsync(
            tenant,
            async transaction =>
            {
                await transaction.RequireEpochAsync(claim, ct);
                var ordinary = await groups.TakeAsync(transaction, claim, updates, files, ct);
                var messages = await InsertAsync(transaction, claim, Of<Said>(ordinary), files, ct);
                var edited = await ChangeStatements.EditAsync(
                    transaction,
                    ChangeOwner.Bot(claim.Shard),
                    Of<Edited>(ordinary).Select(edit => new ChangedMessage(
                        edit.Bot, edit.Happening.Chat, edit.Happening.MessageId, edit.Happening.Text, edit.Happening.At, Found(files, edit.Happening.File), edit.Happening.AlbumId)),
                    ct);
                var touched = await TouchAsync(transaction, messages, ct);
                var moved = await MembershipAsync(transaction, Of<Membership>(ordinary), ct);
                await BotChannelNews.StoreAsync(transaction, Of<Membership>(updates), Of<Moved>(updates), time.GetUtcNow(), ct);
                await CountAsync(transaction, messages, ct);
                await MarkAsync(transaction, updates, ct);
                await transaction.PublishAsync([.. messages.Select(Event), .. edited, .. touched, .. moved], ct);
                return messages.Count;
            },
            ct);
        telemetry.Received(stored, 0);
        telemetry.UpdatesProcessed(updates.Count);
    }

    /// <summary>Takes note that an update could not be processed.</summary>
    /// <param name="notBefore">When it is tried again; null gives it up.</param>
    /// <param name="error">What was wrong, without anything of its content.</param>
    public Task FailAsync(ShardClaim claim, WaitingUpdate update, DateTimeOffset? notBefore, string error, CancellationToken ct) =>
        database.InTenantAsync(
            update.Tenant,
            async transaction =>
            {
                await transaction.RequireEpochAsync(claim, ct);
                await using var command = transaction.Command(
                    """
                    update telegram_bot_updates
                       set attempts = attempts + 1, error = $3, not_before = coalesce($4, not_before),
                           processed_at = case when $4 is null then clock_timestamp() end, payload = case when $4 is not null then payload end
                     where bot_id = $1 and update_id = $2
                    """)
                    .With(update.BotId).With(update.UpdateId).With(error).With(notBefore?.ToUniversalTime(), NpgsqlDbType.TimestampTz);
                await command.ExecuteNonQueryAsync(ct);
            },
            ct);

    private async Task<NewFile> SealAsync(TenantId tenant, SaidFile file, CancellationToken ct)
    {
        var id = Guid.CreateVersion7(time.GetUtcNow());
        if (file.Traits.Size > media.Value.MaxBytes)
            return new(id, file.Traits, file.RemoteKey, null, TooBig: true);

        return new(id, file.Traits, file.RemoteKey, await secrets.ProtectAsync(BotFiles.AddressOf(tenant, id), Encoding.UTF8.GetBytes(file.FileId), ct), TooBig: false);
    }

    private static NewFile? Found(Dictionary<SaidFile, NewFile> files, SaidFile? file) => file is null ? null : files[file];

    private static (Guid Bot, T Happening)[] Of<T>(IReadOnlyList<ReadUpdate> updates) where T : Happening =>
        [.. updates.Where(update => update.Happening is T).Select(update => (update.Update.BotId, (T)update.Happening!))];

    private async Task<Dictionary<(Guid Bot, PeerKey Chat), Guid>> DialogsAsync(TenantTransaction transaction, (Guid Bot, Said Said)[] messages, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        // Always in this order, so that two writers never wait for each other; of several names the last one holds.
        var rows = messages.GroupBy(message => (message.Bot, message.Said.Chat)).Select(group => (group.Key, group.Last().Said))
            .OrderBy(row => row.Key.Bot).ThenBy(row => row.Key.Chat.Kind).ThenBy(row => row.Key.Chat.Id).ToArray();
        Dictionary<(Guid, PeerKey), Guid> dialogs = [];
        await using var command = transaction.Command(
            """
            insert into dialogs as d (id, tenant_id, source, bot_id, peer_kind, peer_id, username, title)
            select o.id, $1, 'telegram_bot', o.bot_id, o.kind, o.peer_id, o.username, o.title
              from unnest($2, $3, $4, $5, $6, $7) o (id, bot_id, kind, peer_id, username, title)
            -- Whoever writes has let the bot in again.
            on conflict (bot_id, peer_kind, peer_id) where bot_id is not null do update
               set username = excluded.username, title = coalesce(excluded.title, d.title), blocked_at = null
            returning id, bot_id, peer_kind, peer_id
            """)
            .With(transaction.Tenant.Value)
            .With(Array.ConvertAll(rows, _ => Guid.CreateVersion7(now)))
            .With(Array.ConvertAll(rows, row => row.Key.Bot))
            .With(Array.ConvertAll(rows, row => Words.Of(row.Key.Chat.Kind)))
            .With(Array.ConvertAll(rows, row => row.Key.Chat.Id))
            .With(Array.ConvertAll(rows, row => PeerStatements.Cut(row.Said.Username, 64)), NpgsqlDbType.Array | NpgsqlDbType.Text)
            .With(Array.ConvertAll(rows, row => PeerStatements.Cut(row.Said.Title, 255)), NpgsqlDbType.Array | NpgsqlDbType.Text);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            dialogs[(reader.GetGuid(1), new PeerKey(Words.Read<PeerKind>(reader.GetString(2)), reader.GetInt64(3)))] = reader.GetGuid(0);

        return dialogs;
    }

    private async Task<List<StoredMessage>> InsertAsync(
        TenantTransaction transaction, ShardClaim claim, (Guid Bot, Said Said)[] messages, Dictionary<SaidFile, NewFile> files, CancellationToken ct)
    {
        List<StoredMessage> stored = [];
        if (messages.Length == 0)
            return stored;

        var dialogs = await DialogsAsync(transaction, messages, ct);
        var now = time.GetUtcNow();
        var rows = messages.DistinctBy(message => (message.Bot, message.Said.Chat, message.Said.MessageId))
            .Select(message => new StoredMessage(Guid.CreateVersion7(now), dialogs[(message.Bot, message.Said.Chat)], message.Bot, message.Said, Found(files, message.Said.File))).ToArray();
        var byId = rows.ToDictionary(row => row.Id);
        await using (var command = transaction.Command(
            """
            insert into messages (id, tenant_id, bot_id, dialog_id, shard, direction, status, text, reply_to_id, reply_to_telegram_id,
                                  telegram_message_id, telegram_date, from_peer_kind, from_peer_id, media_id, album_id, finished_at)
            select o.id, $1, o.bot_id, o.dialog_id, $2, 'telegram_bot_in', 'received',
                   o.text, r.id, o.reply_to, o.telegram_id, o.telegram_date, o.from_kind, o.from_id, o.media_id, o.album_id, clock_timestamp()
              from unnest($3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) with ordinality
                   o (id, bot_id, dialog_id, text, reply_to, telegram_id, telegram_date, from_kind, from_id, media_id, album_id, place)
              left join messages r on r.dialog_id = o.dialog_id and r.telegram_message_id = o.reply_to
             order by o.place
            on conflict (dialog_id, telegram_message_id) where telegram_message_id is not null do nothing
            returning id, reply_to_id
            """)
            .With(transaction.Tenant.Value)
            .With(claim.Shard)
            .With(Array.ConvertAll(rows, row => row.Id))
            .With(Array.ConvertAll(rows, row => row.BotId))
            .With(Array.ConvertAll(rows, row => row.DialogId))
            .With(Array.ConvertAll(rows, row => PeerStatements.Cut(row.Said.Text, TextLimit)!))
            .With(Array.ConvertAll(rows, row => row.Said.ReplyTo), NpgsqlDbType.Array | NpgsqlDbType.Integer)
            .With(Array.ConvertAll(rows, row => row.Said.MessageId))
            .With(Array.ConvertAll(rows, row => row.Said.Date.ToUniversalTime()))
            .With(Array.ConvertAll(rows, row => row.Said.From is { } from ? Words.Of(from.Kind) : null), NpgsqlDbType.Array | NpgsqlDbType.Text)
            .With(Array.ConvertAll(rows, row => row.Said.From?.Id), NpgsqlDbType.Array | NpgsqlDbType.Bigint)
            .With(Array.ConvertAll(rows, row => row.File?.Id), NpgsqlDbType.Array | NpgsqlDbType.Uuid)
            .With(Array.ConvertAll(rows, row => row.Said.AlbumId), NpgsqlDbType.Array | NpgsqlDbType.Bigint))
        {
            await using var reader = await command.ExecuteReaderAsync(ct);
            while (await reader.ReadAsync(ct))
                stored.Add(byId[reader.GetGuid(0)] with { ReplyTo = await reader.NullableAsync<Guid>(1, ct) });
        }

        await MediaStatements.InsertAsync(transaction, claim.Shard, [.. stored.Select(message => message.File).OfType<NewFile>()], ct);
        return stored;
    }

    private static async Task<List<EventDraft>> TouchAsync(TenantTransaction transaction, List<StoredMessage> messages, CancellationToken ct)
    {
        if (messages.Count == 0)
            return [];

        var groups = messages.GroupBy(message => message.DialogId).OrderBy(group => group.Key).ToArray();
        await using var command = transaction.Command(
            $"""
            update dialogs d
               set unread_count = d.unread_count + o.incoming, last_message_at = greatest(d.last_message_at, o.at)
              from unnest($1, $2, $3) o (id, incoming, at)
             where d.id = o.id
            returning {DialogNews.Columns}
            """)
            .With(Array.ConvertAll(groups, group => group.Key))
            .With(Array.ConvertAll(groups, group => group.Count()))
            .With(Array.ConvertAll(groups, group => group.Max(message => message.Said.Date).ToUniversalTime()));
        return await DialogNews.ReadAsync(command, ct);
    }

    private static async Task<List<EventDraft>> MembershipAsync(TenantTransaction transaction, (Guid Bot, Membership Membership)[] memberships, CancellationToken ct)
    {
        if (memberships.Length == 0)
            return [];

        var rows = memberships.GroupBy(row => (row.Bot, row.Membership.Chat)).Select(group => group.Last())
            .OrderBy(row => row.Bot).ThenBy(row => row.Membership.Chat.Kind).ThenBy(row => row.Membership.Chat.Id).ToArray();
        await using var command = transaction.Command(
            $"""
            update dialogs d
               set blocked_at = case when o.blocked then clock_timestamp() end
              from unnest($1, $2, $3, $4) o (bot_id, kind, peer_id, blocked)
             where d.bot_id = o.bot_id and d.peer_kind = o.kind and d.peer_id = o.peer_id and (d.blocked_at is not null) <> o.blocked
            returning {DialogNews.Columns}
            """)
            .With(Array.ConvertAll(rows, row => row.Bot))
            .With(Array.ConvertAll(rows, row => Words.Of(row.Membership.Chat.Kind)))
            .With(Array.ConvertAll(rows, row => row.Membership.Chat.Id))
            .With(Array.ConvertAll(rows, row => row.Membership.Out));
        return await DialogNews.ReadAsync(command, ct);
    }

    private static async Task CountAsync(TenantTransaction transaction, List<StoredMessage> messages, CancellationToken ct)
    {
        if (messages.Count == 0)
            return;

        var bots = messages.GroupBy(message => message.BotId).OrderBy(group => group.Key).ToArray();
        await using var command = transaction.Command(
            """
            -- Held in one order first: whoever looks after the bots may wait for one of these rows, and must not be waited for.
            with held as (select id from integrations where id = any ($1) order by id for no key update)
            update integrations i
               set messages_received = i.messages_received + o.count, last_activity = clock_timestamp()
              from unnest($1, $2) o (id, count) join held on held.id = o.id
             where i.id = o.id
            """)
            .With(Array.ConvertAll(bots, bot => bot.Key))
            .With(Array.ConvertAll(bots, bot => (long)bot.Count()));
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>The row stays, so that the same update is known when Telegram brings it again; what it said goes.</summary>
    private static async Task MarkAsync(TenantTransaction transaction, IReadOnlyList<ReadUpdate> updates, CancellationToken ct)
    {
        await using var command = transaction.Command(
            """
            update telegram_bot_updates u
               set processed_at = clock_timestamp(), payload = null, error = null
              from unnest($1, $2) o (bot_id, update_id)
             where u.bot_id = o.bot_id and u.update_id = o.update_id
            """)
            .With(updates.Select(update => update.Update.BotId).ToArray())
            .With(updates.Select(update => update.Update.UpdateId).ToArray());
        await command.ExecuteNonQueryAsync(ct);
    }

    private static EventDraft Event(StoredMessage stored) => EventDraft.OfBot(EventTypes.MessageCreated, stored.BotId, new
    {
        stored.Id,
        stored.DialogId,
        stored.BotId,
        Direction = MessageDirection.TelegramBotIn,
        Status = MessageStatus.Received,
        stored.Said.Text,
        TelegramMessageId = stored.Said.MessageId,
        TelegramDate = stored.Said.Date,
        FromPeerKind = stored.Said.From?.Kind,
        FromPeerId = stored.Said.From?.Id,
        stored.ReplyTo,
        Media = stored.File?.View(stored.Said.AlbumId),
    });

    private sealed record StoredMessage(Guid Id, Guid DialogId, Guid BotId, Said Said, NewFile? File)
    {
        /// <summary>The message that it answers, where that is stored.</summary>
        public Guid? ReplyTo { get; init; }
    }
}
