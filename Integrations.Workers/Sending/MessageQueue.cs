using Integrations.Core.Ownership;
using Integrations.Core.Persistence;
using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Telegram.Clients;
using Integrations.Core.Telegram.Dialogs;
using Integrations.Core.Tenancy;
using Integrations.Workers.Postgres;
using Npgsql;

namespace Integrations.Workers.Sending;

/// <summary>The queue of one shard, reached through its doors.</summary>
internal sealed class MessageQueue(TenantDatabase database)
{
    /// <summary>Rows that an earlier owner left half-sent go back to the queue. To be called once, before the first claim.</summary>
    public Task<int> RecoverAsync(ShardClaim claim, CancellationToken ct) =>
        database.ThroughDoorsAsync(
            async (connection, transaction) =>
            {
                await using var command = new NpgsqlCommand("select doors.recover_messages($1, $2)", connection, transaction)
                    .With(claim.Shard).With(claim.Epoch);
                return (int)(await Scalar(command, claim, ct))!;
            },
            ct);

    /// <summary>Takes what may be sent now, at most one message of each dialog.</summary>
    public Task<List<ClaimedMessage>> ClaimAsync(ShardClaim claim, World world, int limit, Guid[] exceptAccounts, CancellationToken ct) =>
        database.ThroughDoorsAsync(
            async (connection, transaction) =>
            {
                await using var command = new NpgsqlCommand(
                    """
                    select id, tenant_id, account_id, dialog_id, random_id, text, reply_to_telegram_id, attempts,
                           peer_kind, peer_id, access_hash, username, phone, accepted_at
                      from doors.claim_messages($1, $2, $3, $4, $5)
                    """,
                    connection,
                    transaction).With(claim.Shard).With(claim.Epoch).With(Words.Of(world)).With(limit).With(exceptAccounts);
                List<ClaimedMessage> claimed = [];
                try
                {
                    await using var reader = await command.ExecuteReaderAsync(ct);
                    while (await reader.ReadAsync(ct))
                        claimed.Add(await ReadAsync(reader, ct));
                }
                catch (PostgresException e) when (e.SqlState == StaleEpochException.SqlState)
                {
                    throw new StaleEpochException(claim, e);
                }

                return claimed;
            },
            ct);

    /// <summary>Takes what may be sent now with a file, of each account at most one message or album. An album is its first message, with the others in it.</summary>
    public Task<List<ClaimedMessage>> ClaimFilesAsync(ShardClaim claim, World world, int limit, Guid[] exceptAccounts, CancellationToken ct) =>
        database.ThroughDoorsAsync(
            async (connection, transaction) =>
            {
                await using var command = new NpgsqlCommand(
                    """
                    select id, tenant_id, account_id, dialog_id, random_id, text, reply_to_telegram_id, attempts,
                           peer_kind, peer_id, access_hash, username, phone, accepted_at,
                           spoiler, media_id, kind, file_name, mime_type, size, width, height, duration
                      from doors.claim_media_messages($1, $2, $3, $4, $5)
                    """,
                    connection,
                    transaction).With(claim.Shard).With(claim.Epoch).With(Words.Of(world)).With(limit).With(exceptAccounts);
                List<ClaimedMessage> claimed = [];
                try
                {
                    await using var reader = await command.ExecuteReaderAsync(ct);
                    while (await reader.ReadAsync(ct))
                        claimed.Add(await ReadAsync(reader, ct) with { File = await ClaimedFile.ReadAsync(reader, 14, ct) });
                }
                catch (PostgresException e) when (e.SqlState == StaleEpochException.SqlState)
                {
                    throw new StaleEpochException(claim, e);
                }

                // One dialog gives one message or one album at a time.
                return claimed.GroupBy(message => message.DialogId).Select(album => album.First() with { Rest = [.. album.Skip(1)] }).ToList();
            },
            ct);

    /// <summary>After a claim whose commit was in doubt: what this host does not hold goes back to the queue.</summary>
    public Task<int> ReturnUnheldAsync(ShardClaim claim, Guid[] held, CancellationToken ct) =>
        database.ThroughDoorsAsync(
            async (connection, transaction) =>
            {
                await using var command = new NpgsqlCommand("select doors.return_messages($1, $2, $3)", connection, transaction)
                    .With(claim.Shard).With(claim.Epoch).With(held);
                return (int)(await Scalar(command, claim, ct))!;
            },
            ct);

    private static async Task<object?> Scalar(NpgsqlCommand command, ShardClaim claim, CancellationToken ct)
    {
        try
        {
            return await command.ExecuteScalarAsync(ct);
        }
        catch (PostgresException e) when (e.SqlState == StaleEpochException.SqlState)
        {
            throw new StaleEpochException(claim, e);
        }
    }

    private static async Task<ClaimedMessage> ReadAsync(NpgsqlDataReader reader, CancellationToken ct)
    {
        var kind = await reader.ReferenceAsync<string>(8, ct);
        return new ClaimedMessage(
            reader.GetGuid(0),
            new TenantId(reader.GetGuid(1)),
            reader.GetGuid(2),
            reader.GetGuid(3),
            reader.GetInt64(4),
            reader.GetString(5),
            await reader.NullableAsync<int>(6, ct),
            reader.GetInt32(7),
            kind is null ? null : new PeerKey(Words.Read<PeerKind>(kind), reader.GetInt64(9)),
            await reader.NullableAsync<long>(10, ct),
            await reader.ReferenceAsync<string>(11, ct),
            await reader.ReferenceAsync<string>(12, ct),
            reader.GetFieldValue<DateTimeOffset>(13));
    }
}
