using Integrations.Core.Persistence;
using Integrations.Core.Telegram.Clients;
using Integrations.Core.Telegram.Dialogs;
using Integrations.Core.Tenancy;
using Integrations.Workers.Accounts;
using Integrations.Workers.Postgres;
using Integrations.Workers.Sending;
using NpgsqlTypes;

namespace Integrations.Workers.Receiving;

/// <summary>The dialogs that received messages belong to, in the caller's transaction.</summary>
internal static class DialogStatements
{
    /// <summary>The dialog of each place, made where there was none.</summary>
    public static async Task<Dictionary<PeerKey, Guid>> EnsureAsync(
        TenantTransaction transaction,
        OwnedAccount account,
        IEnumerable<TelegramMessage> messages,
        Dictionary<PeerKey, KnownPeer> places,
        TimeProvider time,
        CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var rows = messages.Select(message => message.Peer).Distinct().OrderBy(key => key.Kind).ThenBy(key => key.Id).Select(key => places[key]).ToArray();
        Dictionary<PeerKey, Guid> dialogs = [];
        await using var command = transaction.Command(
            """
            insert into dialogs as d (id, tenant_id, source, personal_account_id, peer_kind, peer_id, username, phone, title)
            select o.id, $1, 'personal_telegram', $2, o.kind, o.peer_id, o.username, o.phone, o.title
              from unnest($3, $4, $5, $6, $7, $8) o (id, kind, peer_id, username, phone, title)
            on conflict (personal_account_id, peer_kind, peer_id) where peer_id is not null do update
               set username = coalesce(excluded.username, d.username), phone = coalesce(excluded.phone, d.phone), title = coalesce(excluded.title, d.title)
            returning id, peer_kind, peer_id
            """)
            .With(account.Tenant.Value)
            .With(account.Id)
            .With(Array.ConvertAll(rows, _ => Guid.CreateVersion7(now)))
            .With(Array.ConvertAll(rows, row => Words.Of(row.Key.Kind)))
            .With(Array.ConvertAll(rows, row => row.Key.Id))
            .With(Array.ConvertAll(rows, row => PeerStatements.Cut(row.Username, 64)), NpgsqlDbType.Array | NpgsqlDbType.Text)
            .With(Array.ConvertAll(rows, row => row.Phone is null ? null : PeerStatements.Cut("+" + row.Phone, 20)), NpgsqlDbType.Array | NpgsqlDbType.Text)
            .With(Array.ConvertAll(rows, row => PeerStatements.Cut(row.Title, 255)), NpgsqlDbType.Array | NpgsqlDbType.Text);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            dialogs[new PeerKey(Words.Read<PeerKind>(reader.GetString(1)), reader.GetInt64(2))] = reader.GetGuid(0);

        return dialogs;
    }

    /// <summary>Counts what is new and unread, and remembers when the last message came.</summary>
    public static async Task<IReadOnlyList<TouchedDialog>> TouchAsync(TenantTransaction transaction, IReadOnlyList<StoredMessage> messages, CancellationToken ct)
    {
        List<TouchedDialog> touched = [];
        if (messages.Count == 0)
            return touched;

        var groups = messages.GroupBy(message => message.DialogId).OrderBy(group => group.Key).ToArray();
        await using var command = transaction.Command(
            """
            update dialogs d
               set unread_count = d.unread_count + o.incoming, last_message_at = greatest(d.last_message_at, o.at)
              from unnest($1, $2, $3) o (id, incoming, at)
             where d.id = o.id
            returning d.id, d.personal_account_id, d.peer_kind, d.peer_id, d.username, d.title, d.unread_count, d.last_message_at, d.closed_at
            """)
            .With(Array.ConvertAll(groups, group => group.Key))
            .With(Array.ConvertAll(groups, group => group.Count(message => !message.Message.Outgoing)))
            .With(Array.ConvertAll(groups, group => group.Max(message => message.Message.Date).ToUniversalTime()));
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            touched.Add(new TouchedDialog(
                reader.GetGuid(0),
                reader.GetGuid(1),
                await reader.ReferenceAsync<string>(2, ct),
                await reader.NullableAsync<long>(3, ct),
                await reader.ReferenceAsync<string>(4, ct),
                await reader.ReferenceAsync<string>(5, ct),
                reader.GetInt32(6),
                await reader.NullableAsync<DateTimeOffset>(7, ct),
                await reader.NullableAsync<DateTimeOffset>(8, ct)));
        }

        return touched;
    }
}
