using Integrations.Core.Errors;
using Integrations.Core.Persistence;
using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Tenancy;
using Npgsql;

namespace Integrations.Core.Telegram.Logins;

/// <summary>What a new account has to know of the installation: over how many shards accounts are spread, and which Telegram its workers live in.</summary>
internal sealed record Installation(int ShardCount, World World)
{
    private static readonly TimeSpan RetryLater = TimeSpan.FromSeconds(5);

    /// <exception cref="IntegrationException">TG_UNAVAILABLE when no worker is alive: nobody would take the login up.</exception>
    public static Task<Installation> ReadAsync(TenantDatabase database, CancellationToken cancellationToken) =>
        database.ThroughDoorsAsync(
            async (connection, transaction) =>
            {
                // A worker says every few seconds that it lives. One that was killed is believed for a while, and its login waits for the next.
                await using var command = new NpgsqlCommand(
                    """
                    select i.shard_count, w.world
                      from installation i
                      left join lateral (select world from workers where heartbeat_at > clock_timestamp() - interval '60 seconds'
                                          order by draining, heartbeat_at desc limit 1) w on true
                    """,
                    connection,
                    transaction);
                await using var reader = await command.ExecuteReaderAsync(cancellationToken);
                if (!await reader.ReadAsync(cancellationToken))
                    throw new InvalidOperationException("The installation has no row: the migrator has not finished.");
                if (await reader.IsDBNullAsync(1, cancellationToken))
                    throw new IntegrationException(ErrorCodes.TelegramUnavailable, "No worker is running that could begin the login. Repeat the request shortly.", RetryLater);
                return new Installation(reader.GetInt32(0), Words.Read<World>(reader.GetString(1)));
            },
            cancellationToken);
}
