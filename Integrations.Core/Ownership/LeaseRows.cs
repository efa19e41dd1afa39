using Npgsql;
using NpgsqlTypes;

namespace Integrations.Core.Ownership;

/// <summary>What one renewal has shown.</summary>
/// <param name="Renewed">The claims that are still ours.</param>
/// <param name="LiveWorkers">Who shares the shards now, ourselves included unless we are leaving.</param>
/// <param name="Claimable">Shards that nobody holds, or whose lease has been over for a second.</param>
internal sealed record LeaseView(IReadOnlySet<ShardClaim> Renewed, IReadOnlyList<Guid> LiveWorkers, IReadOnlySet<int> Claimable);

/// <summary>The statements of ownership, on two connections of their own.</summary>
/// <remarks>
/// Renewing has one for itself, because nothing may stand in its way: neither an exhausted pool nor a claim that waits for the last
/// writes of the previous owner.
/// </remarks>
internal sealed class LeaseRows(NpgsqlDataSource dataSource, Guid worker, string world, OwnershipOptions options, TimeProvider time) : IAsyncDisposable
{
    private readonly TimeSpan _statementTimeout = options.Lease / 3;

    /// <summary>Claims and releases share a connection, one after the other.</summary>
    private readonly SemaphoreSlim _oneClaim = new(1);
    private NpgsqlConnection? _renewing;
    private NpgsqlConnection? _claiming;

    /// <summary>Heartbeat, renewal and a look at the others, in one round trip.</summary>
    public async Task<LeaseView> RenewAsync(IReadOnlyCollection<ShardClaim> held, bool draining, CancellationToken ct)
    {
        using var overdue = new CancellationTokenSource(_statementTimeout, time);
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(ct, overdue.Token);
        try
        {
            var connection = _renewing ??= await OpenAsync(timeout.Token);
            await using var batch = new NpgsqlBatch(connection);
            batch.BatchCommands.Add(Heartbeat(draining));
            batch.BatchCommands.Add(new NpgsqlBatchCommand("select shard, epoch from doors.renew_shards($1, $2, $3, $4)")
            {
                Parameters =
                {
                    new NpgsqlParameter<Guid> { TypedValue = worker },
                    new NpgsqlParameter<int[]> { TypedValue = [.. held.Select(claim => claim.Shard)] },
                    new NpgsqlParameter<long[]> { TypedValue = [.. held.Select(claim => claim.Epoch)] },
                    new NpgsqlParameter<TimeSpan> { TypedValue = options.Lease, NpgsqlDbType = NpgsqlDbType.Interval },
                },
            });
            batch.BatchCommands.Add(new NpgsqlBatchCommand("select id from workers where not draining and heartbeat_at > clock_timestamp() - $1")
            {
                Parameters = { new NpgsqlParameter<TimeSpan> { TypedValue = options.Lease, NpgsqlDbType = NpgsqlDbType.Interval } },
            });
            batch.BatchCommands.Add(new NpgsqlBatchCommand("select id from shards where owner is null or lease_until + interval '1 second' < clock_timestamp()"));

            await using var reader = await batch.ExecuteReaderAsync(timeout.Token);
            var renewed = await ListAsync(reader, row => new ShardClaim(row.GetInt32(0), row.GetInt64(1)), timeout.Token);
            await reader.NextResultAsync(timeout.Token);
            var live = await ListAsync(reader, row => row.GetGuid(0), timeout.Token);
            await reader.NextResultAsync(timeout.Token);
            var claimable = await ListAsync(reader, row => row.GetInt32(0), timeout.Token);
            return new LeaseView(renewed.ToHashSet(), live, claimable.ToHashSet());
        }
        catch
        {
            // Whatever state it is in, the next attempt deserves a connection that works.
            await DropAsync(ref _renewing);
            throw;
        }
    }

    /// <summary>Null when the shard is somebody else's after all.</summary>
    public Task<long?> ClaimAsync(int shard, CancellationToken ct) =>
        OnClaimingAsync(
            "select doors.claim_shard($1, $2, $3)",
            command =>
            {
                command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = shard });
                command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = worker });
                command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = options.Lease, NpgsqlDbType = NpgsqlDbType.Interval });
            },
            result => result as long?,
            ct);

    /// <summary>False when the claim was not ours any more.</summary>
    public Task<bool> ReleaseAsync(ShardClaim claim, CancellationToken ct) =>
        OnClaimingAsync(
            "select doors.release_shard($1, $2, $3)",
            command =>
            {
                command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = claim.Shard });
                command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = worker });
                command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = claim.Epoch });
            },
            result => result is true,
            ct);

    /// <summary>Leaves the registry.</summary>
    public Task LeaveAsync(CancellationToken ct) =>
        OnClaimingAsync(
            "delete from workers where id = $1",
            command => command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = worker }),
            _ => true,
            ct);

    public async ValueTask DisposeAsync()
    {
        await DropAsync(ref _renewing);
        await DropAsync(ref _claiming);
        _oneClaim.Dispose();
    }

    private async Task<T> OnClaimingAsync<T>(string sql, Action<NpgsqlCommand> bind, Func<object?, T> read, CancellationToken ct)
    {
        await _oneClaim.WaitAsync(ct);
        using var overdue = new CancellationTokenSource(_statementTimeout, time);
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(ct, overdue.Token);
        try
        {
            var connection = _claiming ??= await OpenAsync(timeout.Token);
#pragma warning disable CA2100 // Constant texts of the methods above.
            await using var command = new NpgsqlCommand(sql, connection);
#pragma warning restore CA2100
            bind(command);
            return read(await command.ExecuteScalarAsync(timeout.Token));
        }
        catch
        {
            await DropAsync(ref _claiming);
            throw;
        }
        finally
        {
            _oneClaim.Release();
        }
    }

    private NpgsqlBatchCommand Heartbeat(bool draining) => new(
        """
        insert into workers (id, host, world, draining, version, heartbeat_at) values ($1, $2, $3, $4, $5, clock_timestamp())
        on conflict (id) do update set heartbeat_at = excluded.heartbeat_at, draining = excluded.draining
        """)
    {
        Parameters =
        {
            new NpgsqlParameter<Guid> { TypedValue = worker },
            new NpgsqlParameter<string> { TypedValue = Environment.MachineName },
            new NpgsqlParameter<string> { TypedValue = world },
            new NpgsqlParameter<bool> { TypedValue = draining },
            new NpgsqlParameter { Value = (object?)options.Version ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Varchar },
        },
    };

    private async Task<NpgsqlConnection> OpenAsync(CancellationToken ct)
    {
        var connection = await dataSource.OpenConnectionAsync(ct);
        try
        {
            // The server's own limit, for the case that it works and we do not: a statement must not take effect long after its sender gave up.
            await using var command = new NpgsqlCommand("select set_config('statement_timeout', $1, false)", connection);
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = FormattableString.Invariant($"{(long)_statementTimeout.TotalMilliseconds}ms") });
            await command.ExecuteNonQueryAsync(ct);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    private static async Task<List<T>> ListAsync<T>(NpgsqlDataReader reader, Func<NpgsqlDataReader, T> read, CancellationToken ct)
    {
        var list = new List<T>();
        while (await reader.ReadAsync(ct))
            list.Add(read(reader));

        return list;
    }

    private static ValueTask DropAsync(ref NpgsqlConnection? connection)
    {
        var dropped = Interlocked.Exchange(ref connection, null);
        return dropped?.DisposeAsync() ?? ValueTask.CompletedTask;
    }
}
