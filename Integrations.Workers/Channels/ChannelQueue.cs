using Integrations.Core.Persistence;
using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Telegram.Clients;
using Integrations.Core.Telegram.Dialogs;
using Integrations.Core.Telegram.Messages;
using Integrations.Core.Tenancy;
using Integrations.Workers.Postgres;
using Npgsql;
using NpgsqlTypes;

namespace Integrations.Workers.Channels;

/// <summary>Where this host's accounts and bots live.</summary>
/// <param name="Accounts">Null where none can be run.</param>
internal sealed record Worlds(World? Accounts, World Bots);

/// <summary>What is due on the shards of this host, read through its doors. Nothing is claimed: only the owner of a shard does it, and his writes carry the epoch.</summary>
internal sealed class ChannelQueue(TenantDatabase database)
{
    /// <summary>Scheduled messages that are put into the queue together.</summary>
    private const int ReleaseBatch = 500;

    /// <returns>The shards whose queue has more now.</returns>
    public Task<List<int>> ReleaseScheduledAsync(int[] shards, CancellationToken ct) => database.ThroughDoorsAsync(
        async (connection, transaction) =>
        {
            await using var command = new NpgsqlCommand("select doors.release_scheduled($1, $2)", connection, transaction).With(shards).With(ReleaseBatch);
            List<int> rung = [];
            await using var reader = await command.ExecuteReaderAsync(ct);
            while (await reader.ReadAsync(ct))
                rung.Add(reader.GetInt32(0));
            return rung;
        },
        ct);

    public Task<List<DueWork>> ChangesAsync(int[] shards, Worlds worlds, int limit, Guid[] except, CancellationToken ct) => ReadAsync(
        """
        select id, tenant_id, shard, account_id, bot_id, message_id, kind, text, attempts, telegram_message_id, message_status, has_media, dialog_id,
               peer_kind, peer_id, access_hash, token_sealed, is_ready, account_user
          from doors.due_message_changes($1, $2, $3, $4, $5)
        """,
        shards,
        worlds,
        limit,
        except,
        row => new DueChange(
            row.GetGuid(0),
            new TenantId(row.GetGuid(1)),
            row.GetInt32(2),
            row[3] as Guid?,
            row[4] as Guid?,
            row.GetGuid(5),
            Words.Read<MessageChangeKind>(row.GetString(6)),
            row[7] as string,
            row.GetInt32(8),
            row[9] as int?,
            Words.Read<MessageStatus>(row.GetString(10)),
            row.GetBoolean(11),
            row.GetGuid(12),
            row[13] is string kind && row[14] is long peer ? new PeerKey(Words.Read<PeerKind>(kind), peer) : null,
            row[15] as long?,
            row[16] as byte[],
            row.GetBoolean(17),
            row[18] as int?),
        ct);

    public Task<List<DueWork>> LooksAsync(int[] shards, Worlds worlds, int limit, Guid[] except, CancellationToken ct) => ReadAsync(
        "select id, tenant_id, shard, account_id, kind, target_sealed from doors.due_channel_looks($1, $2, $4, $5)",
        shards,
        worlds,
        limit,
        except,
        row => new DueLook(row.GetGuid(0), new TenantId(row.GetGuid(1)), row.GetInt32(2), row.GetGuid(3), row.GetString(4), row[5] as byte[]),
        ct);

    public Task<List<DueWork>> ChecksAsync(int[] shards, Worlds worlds, int limit, Guid[] except, CancellationToken ct) => ReadAsync(
        "select id, tenant_id, shard, account_id, bot_id, channel_id, access_hash, token_sealed, bot_user_id from doors.due_channel_checks($1, $2, $3, $4, $5)",
        shards,
        worlds,
        limit,
        except,
        row => new DueCheck(
            row.GetGuid(0),
            new TenantId(row.GetGuid(1)),
            row.GetInt32(2),
            row[3] as Guid?,
            row[4] as Guid?,
            row.GetInt64(5),
            row[6] as long?,
            row[7] as byte[],
            row[8] as long?),
        ct);

    private Task<List<DueWork>> ReadAsync(
        string sql, int[] shards, Worlds worlds, int limit, Guid[] except, Func<NpgsqlDataReader, DueWork> read, CancellationToken ct) => database.ThroughDoorsAsync(
        async (connection, transaction) =>
        {
#pragma warning disable CA2100 // Constant texts of the methods above.
            await using var command = new NpgsqlCommand(sql, connection, transaction).With(shards)
                .With(worlds.Accounts is { } accounts ? Words.Of(accounts) : null, NpgsqlDbType.Text).With(Words.Of(worlds.Bots)).With(limit).With(except);
#pragma warning restore CA2100
            List<DueWork> due = [];
            await using var reader = await command.ExecuteReaderAsync(ct);
            while (await reader.ReadAsync(ct))
                due.Add(read(reader));
            return due;
        },
        ct);
}
