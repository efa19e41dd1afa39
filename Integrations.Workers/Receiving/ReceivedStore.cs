using System.Text.Json.Serialization;
using Integrations.Core.Events;
using Integrations.Core.Persistence;
using Integrations.Core.Telegram.Clients;
using Integrations.Core.Telegram.Dialogs;
using Integrations.Core.Telegram.Media;
using Integrations.Core.Telegram.Messages;
using Integrations.Core.Tenancy;
using Integrations.Workers.Accounts;
using Integrations.Workers.Media;
using Integrations.Workers.Postgres;
using Integrations.Workers.Sending;
using Integrations.Workers.Telemetry;
using Microsoft.Extensions.Options;
using NpgsqlTypes;

namespace Integrations.Workers.Receiving;

/// <summary>What of a batch goes into the tables.</summary>
/// <param name="Messages">In the order of arrival.</param>
/// <param name="Sent">Ids of own messages that no send of this session waits for: an earlier owner sent them.</param>
internal sealed record ReceivedSet(
    IReadOnlyList<TelegramMessage> Messages, IReadOnlyList<SentText> Sent, IReadOnlyList<KnownPeer> Peers, IReadOnlyList<long> ClosedChannels)
{
    /// <summary>Messages as they are after a change; of some of them nothing may be stored.</summary>
    public IReadOnlyList<TelegramMessage> Edited { get; init; } = [];

    public IReadOnlyList<DeletedMessages> Deleted { get; init; } = [];

    public bool IsEmpty => Messages.Count + Sent.Count + Peers.Count + ClosedChannels.Count + Edited.Count + Deleted.Count == 0;
}

/// <summary>Stores received messages with everything that belongs to them, in one transaction of the tenant.</summary>
internal sealed class ReceivedStore(TenantDatabase database, WorkerTelemetry telemetry, IOptions<MediaOptions> media, TimeProvider time)
{
    private const int TextLimit = 100_000;

    /// <returns>Whether a file waits to be fetched.</returns>
    public async Task<bool> StoreAsync(OwnedAccount account, ReceivedSet received, OutcomeSet set, AcceptedChats accepts, CancellationToken ct)
    {
        var (stored, waiting) = await database.InTenantAsync(
            account.Tenant,
            async transaction =>
            {
                await transaction.RequireEpochAsync(account.Claim, ct);
                await PeerStatements.SaveAsync(transaction, account, received.Peers, ct);

                // Accepted rows first: whatever comes back of them then meets a row that bears its id already.
                if ((await OutcomeStatements.RecordAsync(transaction.Connection, transaction.Transaction, account.Claim, set.Outcomes, ct)).Count > 0)
                    transaction.AfterCommit(Core.Messaging.Ring.Outbox);
                await MatchSentAsync(transaction, account, received.Sent, ct);

                List<StoredMessage> messages = [];
                if (received.Messages.Count > 0)
                {
                    var places = await PlacesAsync(transaction, account, received.Messages, ct);
                    var accepted = received.Messages.Where(message => Accepts(accepts, places[message.Peer])).ToArray();
                    if (accepted.Length > 0)
                    {
                        var dialogs = await DialogStatements.EnsureAsync(transaction, account, accepted, places, time, ct);
                        messages = await InsertAsync(transaction, account, accepted, dialogs, ct);
                        await PublishAsync(transaction, account, messages, await DialogStatements.TouchAsync(transaction, messages, ct), ct);
                    }
                }

                var owner = ChangeOwner.Account(account.Claim.Shard, account.UserId);
                var edits = received.Edited.Select(message => new ChangedMessage(
                    account.Id, message.Peer, message.MessageId, message.Text, message.EditedAt, FileOf(message), message.AlbumId)).ToArray();
                await transaction.PublishAsync(
                    [
                        .. await ChangeStatements.EditAsync(transaction, owner, edits, ct),
                        .. await ChangeStatements.DeleteAsync(transaction, owner, account.Id, received.Deleted, ct),
                    ],
                    ct);

                await OutcomeStatements.SavePositionsAsync(transaction.Connection, transaction.Transaction, account.Claim, [set], ct);
                if (received.ClosedChannels.Count > 0)
                {
                    await using var command = transaction.Command("delete from telegram_channel_states where account_id = $1 and channel_id = any ($2)")
                        .With(account.Id).With(received.ClosedChannels.ToArray());
                    await command.ExecuteNonQueryAsync(ct);
                }

                return (messages, messages.Any(message => message.File is { TooBig: false }) || edits.Any(edit => edit.File is { TooBig: false }));
            },
            ct);
        telemetry.Received(stored.Count(message => !message.Message.Outgoing), stored.Count(message => message.Message.Outgoing));
        return waiting;
    }

    private NewFile? FileOf(TelegramMessage message) => message.Media is { } file
        ? new NewFile(Guid.CreateVersion7(time.GetUtcNow()), file.Traits.Storable(), file.RemoteKey, null, file.Traits.Size > media.Value.MaxBytes)
        : null;

    /// <summary>The switches of the account: a person, a group of either kind, or a channel.</summary>
    private static bool Accepts(AcceptedChats accepts, KnownPeer place) => place switch
    {
        { Key.Kind: PeerKind.User } => accepts.Private,
        { Key.Kind: PeerKind.Channel, Broadcast: true } => accepts.Channels,
        _ => accepts.Groups,
    };

    /// <summary>What is known of the places of these messages; where nothing is, the bare id.</summary>
    private static async Task<Dictionary<PeerKey, KnownPeer>> PlacesAsync(
        TenantTransaction transaction, OwnedAccount account, IReadOnlyList<TelegramMessage> messages, CancellationToken ct)
    {
        // Of a channel that nobody has described the worst is assumed: a channel proper is not accepted by default.
        var places = messages.Select(message => message.Peer).Distinct().ToDictionary(key => key, key => new KnownPeer(key, null, null, null, null, true));
        await using var command = transaction.Command(
            """
            select p.kind, p.peer_id, p.access_hash, p.username, p.phone, p.title, p.broadcast
              from unnest($2, $3) o (kind, peer_id)
              join telegram_peers p on p.account_id = $1 and p.kind = o.kind and p.peer_id = o.peer_id
            """)
            .With(account.Id)
            .With(places.Keys.Select(key => Words.Of(key.Kind)).ToArray())
            .With(places.Keys.Select(key => key.Id).ToArray());
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            var key = new PeerKey(Words.Read<PeerKind>(reader.GetString(0)), reader.GetInt64(1));
            places[key] = new KnownPeer(
                key,
                await reader.NullableAsync<long>(2, ct),
                await reader.ReferenceAsync<string>(3, ct),
                await reader.ReferenceAsync<string>(4, ct),
                await reader.ReferenceAsync<string>(5, ct),
                reader.GetBoolean(6));
        }

        return places;
    }

    /// <summary>An earlier owner's sends turn out to have succeeded: their rows are delivered and are not sent again.</summary>
    private static async Task MatchSentAsync(TenantTransaction transaction, OwnedAccount account, IReadOnlyList<SentText> sent, CancellationToken ct)
    {
        if (sent.Count == 0)
            return;

        var rows = sent.GroupBy(one => one.RandomId).Select(group => group.Last()).OrderBy(one => one.RandomId).ToArray();
        List<EventDraft> events = [];
        await using (var command = transaction.Command(
            """
            update messages m
               set status = 'delivered', telegram_message_id = o.telegram_id, telegram_date = coalesce(o.telegram_date, m.telegram_date),
                   error_code = null, error_detail = null, finished_at = clock_timestamp()
              from unnest($2, $3, $4) o (random_id, telegram_id, telegram_date)
             where m.account_id = $1 and m.random_id = o.random_id and m.status in ('pending', 'sending') and m.telegram_message_id is null
               and not exists (select from messages x where x.dialog_id = m.dialog_id and x.telegram_message_id = o.telegram_id)
            returning m.id, m.dialog_id, m.telegram_message_id
            """)
            .With(account.Id)
            .With(Array.ConvertAll(rows, row => row.RandomId))
            .With(Array.ConvertAll(rows, row => row.MessageId))
            .With(Array.ConvertAll(rows, row => row.Date?.ToUniversalTime()), NpgsqlDbType.Array | NpgsqlDbType.TimestampTz))
        {
            await using var reader = await command.ExecuteReaderAsync(ct);
            while (await reader.ReadAsync(ct))
            {
                events.Add(new EventDraft(
                    EventTypes.MessageUpdated,
                    account.UserId,
                    account.Id,
                    new
                    {
                        Id = reader.GetGuid(0),
                        DialogId = reader.GetGuid(1),
                        AccountId = account.Id,
                        Direction = MessageDirection.PersonalTelegramOut,
                        Status = MessageStatus.Delivered,
                        TelegramMessageId = reader.GetInt32(2),
                    }));
            }
        }

        await transaction.PublishAsync(events, ct);
    }

    private async Task<List<StoredMessage>> InsertAsync(
        TenantTransaction transaction, OwnedAccount account, TelegramMessage[] messages, Dictionary<PeerKey, Guid> dialogs, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var rows = messages.DistinctBy(message => (message.Peer, message.MessageId))
            .Select(message => new StoredMessage(Guid.CreateVersion7(now), dialogs[message.Peer], message, FileOf(message))).ToArray();
        var byId = rows.ToDictionary(row => row.Id);
        List<StoredMessage> stored = [];
        await using (var command = transaction.Command(
            """
            insert into messages (id, tenant_id, account_id, dialog_id, shard, direction, status, text, reply_to_id, reply_to_telegram_id,
                                  telegram_message_id, telegram_date, from_peer_kind, from_peer_id, media_id, album_id, edited_at, finished_at)
            select o.id, $1, $2, o.dialog_id, $3,
                   case when o.outgoing then 'personal_telegram_out' else 'personal_telegram_in' end,
                   case when o.outgoing then 'delivered' else 'received' end,
                   o.text, r.id, o.reply_to, o.telegram_id, o.telegram_date, o.from_kind, o.from_id,
                   o.media_id, o.album_id, o.edited_at, clock_timestamp()
              from unnest($4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) with ordinality
                   o (id, dialog_id, outgoing, text, reply_to, telegram_id, telegram_date, from_kind, from_id, media_id, album_id, edited_at, place)
              left join messages r on r.dialog_id = o.dialog_id and r.telegram_message_id = o.reply_to
             order by o.place
            on conflict (dialog_id, telegram_message_id) where telegram_message_id is not null do nothing
            returning id, reply_to_id
            """)
            .With(account.Tenant.Value)
            .With(account.Id)
            .With(account.Claim.Shard)
            .With(Array.ConvertAll(rows, row => row.Id))
            .With(Array.ConvertAll(rows, row => row.DialogId))
            .With(Array.ConvertAll(rows, row => row.Message.Outgoing))
            .With(Array.ConvertAll(rows, row => PeerStatements.Cut(row.Message.Text, TextLimit)!))
            .With(Array.ConvertAll(rows, row => row.Message.ReplyToMessageId), NpgsqlDbType.Array | NpgsqlDbType.Integer)
            .With(Array.ConvertAll(rows, row => row.Message.MessageId))
            .With(Array.ConvertAll(rows, row => row.Message.Date.ToUniversalTime()))
            .With(Array.ConvertAll(rows, row => row.Message.From is { } from ? Words.Of(from.Kind) : null), NpgsqlDbType.Array | NpgsqlDbType.Text)
            .With(Array.ConvertAll(rows, row => row.Message.From?.Id), NpgsqlDbType.Array | NpgsqlDbType.Bigint)
            .With(Array.ConvertAll(rows, row => row.File?.Id), NpgsqlDbType.Array | NpgsqlDbType.Uuid)
            .With(Array.ConvertAll(rows, row => row.Message.AlbumId), NpgsqlDbType.Array | NpgsqlDbType.Bigint)
            .With(Array.ConvertAll(rows, row => row.Message.EditedAt?.ToUniversalTime()), NpgsqlDbType.Array | NpgsqlDbType.TimestampTz))
        {
            await using var reader = await command.ExecuteReaderAsync(ct);
            while (await reader.ReadAsync(ct))
                stored.Add(byId[reader.GetGuid(0)] with { ReplyTo = await reader.NullableAsync<Guid>(1, ct) });
        }

        await MediaStatements.InsertAsync(transaction, account.Claim.Shard, [.. stored.Select(message => message.File).OfType<NewFile>()], ct);
        return stored;
    }

    private static Task PublishAsync(
        TenantTransaction transaction, OwnedAccount account, List<StoredMessage> messages, IReadOnlyList<TouchedDialog> dialogs, CancellationToken ct) =>
        transaction.PublishAsync(
            [
                .. messages.Select(stored => new EventDraft(
                    EventTypes.MessageCreated,
                    account.UserId,
                    account.Id,
                    new
                    {
                        stored.Id,
                        stored.DialogId,
                        AccountId = account.Id,
                        Direction = stored.Message.Outgoing ? MessageDirection.PersonalTelegramOut : MessageDirection.PersonalTelegramIn,
                        Status = stored.Message.Outgoing ? MessageStatus.Delivered : MessageStatus.Received,
                        stored.Message.Text,
                        TelegramMessageId = stored.Message.MessageId,
                        TelegramDate = stored.Message.Date,
                        FromPeerKind = stored.Message.From?.Kind,
                        FromPeerId = stored.Message.From?.Id,
                        stored.ReplyTo,
                        Media = stored.File?.View(stored.Message.AlbumId),
                    })),
                .. dialogs.Select(dialog => new EventDraft(EventTypes.DialogUpdated, account.UserId, account.Id, dialog)),
            ],
            ct);
}

/// <summary>A message that was not there before.</summary>
internal sealed record StoredMessage(Guid Id, Guid DialogId, TelegramMessage Message, NewFile? File)
{
    /// <summary>The message that it answers, where that is stored.</summary>
    public Guid? ReplyTo { get; init; }
}

/// <summary>A dialog as it stands after new messages; also the data of its event.</summary>
internal sealed record TouchedDialog(
    Guid Id, Guid AccountId, string? PeerKind, long? PeerId, string? Username, string? Title, int UnreadCount, DateTimeOffset? LastMessageAt,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] DateTimeOffset? ClosedAt);
