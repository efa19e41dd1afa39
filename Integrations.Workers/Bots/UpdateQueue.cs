using Integrations.Core.Ownership;
using Integrations.Core.Persistence;
using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Tenancy;
using Integrations.Workers.Postgres;
using Npgsql;

namespace Integrations.Workers.Bots;

/// <summary>The inbox of one shard's bots, reached through its door.</summary>
internal sealed class UpdateQueue(TenantDatabase database)
{
    /// <summary>What may be processed now, in order. Nothing is marked: only the shard's owner asks, and one pass ends before the next begins.</summary>
    /// <exception cref="StaleEpochException">The shard has passed on.</exception>
    public Task<List<WaitingUpdate>> ReadAsync(ShardClaim claim, World world, int limit, CancellationToken ct) =>
        database.ThroughDoorsAsync(
            async (connection, transaction) =>
            {
                await using var command = new NpgsqlCommand(
                    "select bot_id, update_id, tenant_id, chat_id, payload, attempts from doors.claim_bot_updates($1, $2, $3, $4)", connection, transaction)
                    .With(claim.Shard).With(claim.Epoch).With(Words.Of(world)).With(limit);
                List<WaitingUpdate> waiting = [];
                try
                {
                    await using var reader = await command.ExecuteReaderAsync(ct);
                    while (await reader.ReadAsync(ct))
                    {
                        waiting.Add(new WaitingUpdate(
                            reader.GetGuid(0),
                            reader.GetInt64(1),
                            new TenantId(reader.GetGuid(2)),
                            await reader.NullableAsync<long>(3, ct),
                            await reader.ReferenceAsync<string>(4, ct) ?? "{}",
                            reader.GetInt32(5)));
                    }
                }
                catch (PostgresException e) when (e.SqlState == StaleEpochException.SqlState)
                {
                    throw new StaleEpochException(claim, e);
                }

                return waiting;
            },
            ct);
}
