using Integrations.Core.Events;
using Integrations.Core.Persistence;
using Integrations.Core.Telegram.Clients;
using Integrations.Core.Tenancy;
using Integrations.Workers.Media;
using Integrations.Workers.Postgres;
using NpgsqlTypes;

namespace Integrations.Workers.Receiving;

/// <summary>A message as it is after a change.</summary>
/// <param name="Owner">The account or the bot.</param>
/// <param name="EditedAt">By Telegram's clock; null where it tells none.</param>
/// <param name="File">Its file; only another one than it had is stored.</param>
/// <param name="AlbumId">For the view of the file.</param>
internal sealed record ChangedMessage(Guid Owner, PeerKey Peer, int MessageId, string Text, DateTimeOffset? EditedAt, NewFile? File, long? AlbumId);

/// <summary>Whose messages are changed, and who is told of it.</summary>
/// <param name="Dialogs">The column of dialogs that names them.</param>
internal sealed record ChangeOwner(string Dialogs, int Shard, Func<string, Guid, object, EventDraft> Tell)
{
    public static ChangeOwner Account(int shard, int userId) => new("personal_account_id", shard, (type, account, data) => new EventDraft(type, userId, account, data));

    public static ChangeOwner Bot(int shard) => new("bot_id", shard, EventDraft.OfBot);
}

/// <summary>What becomes of stored messages at Telegram. Of a message that was never stored nothing is stored by its change either.</summary>
internal static class ChangeStatements
{
    private const int TextLimit = 100_000;

    public static async Task<List<EventDraft>> EditAsync(TenantTransaction transaction, ChangeOwner owner, IEnumerable<ChangedMessage> edits, CancellationToken ct)
    {
        // Of several changes of one message the last one holds. In this order, so that two writers never wait for each other.
        var asked = edits.GroupBy(edit => (edit.Owner, edit.Peer, edit.MessageId)).Select(group => group.Last())
            .Select(edit => edit with { Text = Sending.PeerStatements.Cut(edit.Text, TextLimit)! }).ToArray();
        if (asked.Length == 0)
            return [];

        // A reaction or a view count comes as an edit, too: what says the same as before has not changed.
        List<(Guid Id, ChangedMessage Edit, bool OtherFile)> changed = [];
#pragma warning disable CA2100 // A constant name of a column.
        await using (var command = transaction.Command(
            $"""
            select m.id, o.place, m.text, m.media_id is not null, f.remote_key
              from unnest($1, $2, $3, $4) with ordinality o (owner, kind, peer_id, telegram_id, place)
              join dialogs d on d.{owner.Dialogs} = o.owner and d.peer_kind = o.kind and d.peer_id = o.peer_id
              join messages m on m.dialog_id = d.id and m.telegram_message_id = o.telegram_id
              left join media f on f.id = m.media_id
             order by m.id
            """)
#pragma warning restore CA2100
            .With(Array.ConvertAll(asked, edit => edit.Owner))
            .With(Array.ConvertAll(asked, edit => Words.Of(edit.Peer.Kind)))
            .With(Array.ConvertAll(asked, edit => edit.Peer.Id))
            .With(Array.ConvertAll(asked, edit => edit.MessageId)))
        {
            await using var reader = await command.ExecuteReaderAsync(ct);
            while (await reader.ReadAsync(ct))
            {
                var edit = asked[reader.GetInt64(1) - 1];
                // What was sent from here has no such key, and is what was sent.
                var otherFile = edit.File is { } file && (!reader.GetBoolean(3) || (await reader.ReferenceAsync<string>(4, ct) is { } key && key != file.RemoteKey));
                if (otherFile || reader.GetString(2) != edit.Text)
                    changed.Add((reader.GetGuid(0), edit, otherFile));
            }
        }

        if (changed.Count == 0)
            return [];

        var files = changed.Where(change => change.OtherFile).Select(change => change.Edit.File!).ToArray();
        List<EventDraft> events = [];
        List<Guid> replaced = [];
        var byId = changed.ToDictionary(change => change.Id);
        await using (var command = transaction.Command(
            """
            update messages m
               set text = o.text, edited_at = coalesce(o.edited_at, clock_timestamp()), media_id = coalesce(o.media_id, m.media_id)
              from unnest($1, $2, $3, $4) o (id, text, edited_at, media_id), messages b
             where m.id = o.id and b.id = m.id
            returning m.id, m.dialog_id, m.direction, case when m.status = 'sending' then 'pending' else m.status end, m.edited_at, b.media_id, m.from_peer_kind, m.from_peer_id
            """)
            .With(changed.Select(change => change.Id).ToArray())
            .With(changed.Select(change => change.Edit.Text).ToArray())
            .With(changed.Select(change => change.Edit.EditedAt?.ToUniversalTime()).ToArray(), NpgsqlDbType.Array | NpgsqlDbType.TimestampTz)
            .With(changed.Select(change => change.OtherFile ? change.Edit.File!.Id : (Guid?)null).ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Uuid))
        {
            await using var reader = await command.ExecuteReaderAsync(ct);
            while (await reader.ReadAsync(ct))
            {
                var (id, edit, otherFile) = byId[reader.GetGuid(0)];
                if (otherFile && await reader.NullableAsync<Guid>(5, ct) is { } before)
                    replaced.Add(before);
                events.Add(owner.Tell(EventTypes.MessageUpdated, edit.Owner, new
                {
                    Id = id,
                    DialogId = reader.GetGuid(1),
                    AccountId = owner.Dialogs == "bot_id" ? (Guid?)null : edit.Owner,
                    BotId = owner.Dialogs == "bot_id" ? edit.Owner : (Guid?)null,
                    Direction = reader.GetString(2),
                    Status = reader.GetString(3),
                    edit.Text,
                    EditedAt = reader.GetFieldValue<DateTimeOffset>(4),
                    // By them an erasure finds what is a person's.
                    FromPeerKind = await reader.ReferenceAsync<string>(6, ct),
                    FromPeerId = await reader.NullableAsync<long>(7, ct),
                    Media = otherFile ? edit.File!.View(edit.AlbumId) : null,
                }));
            }
        }

        await MediaStatements.InsertAsync(transaction, owner.Shard, files, ct);
        if (replaced.Count > 0)
        {
            await using var command = transaction.Command("delete from media f where f.id = any ($1) and not exists (select from messages m where m.media_id = f.id)").With(replaced.ToArray());
            await command.ExecuteNonQueryAsync(ct);
        }

        return events;
    }

    /// <summary>What was said stays; that it is gone at Telegram is noted and told.</summary>
    public static async Task<List<EventDraft>> DeleteAsync(
        TenantTransaction transaction, ChangeOwner owner, Guid account, IReadOnlyList<DeletedMessages> deletions, CancellationToken ct)
    {
        List<EventDraft> events = [];
        foreach (var deletion in deletions.GroupBy(deleted => deleted.ChannelId))
        {
            await using var command = transaction.Command(
                """
                update messages m
                   set deleted_at = clock_timestamp()
                  from dialogs d
                 where m.account_id = $1 and m.telegram_message_id = any ($2) and m.deleted_at is null
                   and d.id = m.dialog_id and case when $3 is null then d.peer_kind <> 'channel' else d.peer_kind = 'channel' and d.peer_id = $3 end
                returning m.id, m.dialog_id, m.direction, m.deleted_at
                """)
                .With(account).With(deletion.SelectMany(deleted => deleted.MessageIds).Distinct().ToArray()).With(deletion.Key, NpgsqlDbType.Bigint);
            await using var reader = await command.ExecuteReaderAsync(ct);
            while (await reader.ReadAsync(ct))
            {
                events.Add(owner.Tell(EventTypes.MessageDeleted, account, new
                {
                    Id = reader.GetGuid(0),
                    DialogId = reader.GetGuid(1),
                    AccountId = account,
                    Direction = reader.GetString(2),
                    DeletedAt = reader.GetFieldValue<DateTimeOffset>(3),
                }));
            }
        }

        return events;
    }
}
