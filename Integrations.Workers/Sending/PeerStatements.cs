using Integrations.Core.Persistence;
using Integrations.Core.Telegram.Clients;
using Integrations.Core.Tenancy;
using Integrations.Workers.Accounts;
using Integrations.Workers.Postgres;
using NpgsqlTypes;

namespace Integrations.Workers.Sending;

/// <summary>Stores what Telegram told about peers, in the caller's transaction.</summary>
internal static class PeerStatements
{
    public static async Task SaveAsync(TenantTransaction transaction, OwnedAccount account, IEnumerable<KnownPeer> peers, CancellationToken ct)
    {
        // One statement may not touch a row twice, and every writer locks rows in this order.
        var rows = peers.GroupBy(peer => peer.Key).Select(group => group.Last()).OrderBy(peer => peer.Key.Kind).ThenBy(peer => peer.Key.Id).ToArray();
        if (rows.Length == 0)
            return;

        await using var command = transaction.Command(
            """
            insert into telegram_peers as p (account_id, tenant_id, kind, peer_id, access_hash, username, phone, title, broadcast)
            select $1, $2, o.kind, o.peer_id, o.access_hash, o.username, o.phone, o.title, o.broadcast
              from unnest($3, $4, $5, $6, $7, $8, $9) o (kind, peer_id, access_hash, username, phone, title, broadcast)
            on conflict (account_id, kind, peer_id) do update
               set access_hash = coalesce(excluded.access_hash, p.access_hash), username = excluded.username,
                   phone = coalesce(excluded.phone, p.phone), title = coalesce(excluded.title, p.title), broadcast = excluded.broadcast
            """)
            .With(account.Id)
            .With(account.Tenant.Value)
            .With(Array.ConvertAll(rows, row => Words.Of(row.Key.Kind)))
            .With(Array.ConvertAll(rows, row => row.Key.Id))
            .With(Array.ConvertAll(rows, row => row.AccessHash), NpgsqlDbType.Array | NpgsqlDbType.Bigint)
            .With(Array.ConvertAll(rows, row => Cut(row.Username, 64)), NpgsqlDbType.Array | NpgsqlDbType.Text)
            .With(Array.ConvertAll(rows, row => Cut(row.Phone, 20)), NpgsqlDbType.Array | NpgsqlDbType.Text)
            .With(Array.ConvertAll(rows, row => Cut(row.Title, 255)), NpgsqlDbType.Array | NpgsqlDbType.Text)
            .With(Array.ConvertAll(rows, row => row.Broadcast));
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Telegram's text, made to fit its column. A zero character would be refused by PostgreSQL.</summary>
    internal static string? Cut(string? text, int length)
    {
        if (text is null)
            return null;

        text = text.Replace("\0", "", StringComparison.Ordinal);
        if (text.Length <= length)
            return text;

        // Not between the halves of a surrogate pair.
        return char.IsHighSurrogate(text[length - 1]) ? text[..(length - 1)] : text[..length];
    }
}
