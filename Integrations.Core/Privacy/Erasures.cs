using System.Diagnostics.Metrics;
using Integrations.Core.Ownership;
using Integrations.Core.Tenancy;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Integrations.Core.Privacy;

/// <summary>Takes erasures on, the oldest first, wherever shard 0 is.</summary>
internal sealed partial class Erasures : OwnedLoop
{
    /// <summary>Erasures of one pass: one that waits for Telegram keeps no other back.</summary>
    private const int AtOnce = 100;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private readonly TenantDatabase _database;
    private readonly EraseData _erase;
    private readonly ILogger<Erasures> _logger;
    private volatile IReadOnlyList<Measurement<long>> _open = [];

    public Erasures(TenantDatabase database, EraseData erase, ShardLeases leases, TimeProvider time, IMeterFactory meters, ILogger<Erasures> logger)
        : base(leases, Interval, time, logger)
    {
        (_database, _erase, _logger) = (database, erase, logger);
        meters.Create("Integrations.Privacy").CreateObservableGauge("erasures_open", () => _open, description: "Erasures that are not done yet.");
    }

    protected override async Task PassAsync(CancellationToken ct)
    {
        var open = 0;
        foreach (var (tenant, id) in await OpenAsync(ct))
        {
            try
            {
                open += await _erase.AdvanceAsync(tenant, id, ct) ? 0 : 1;
            }
            catch (Exception e) when (!ct.IsCancellationRequested)
            {
                // The next tick goes on with it; the others do not wait for that.
                open++;
                LogFailed(_logger, e, id);
            }
        }

        _open = [new(open)];
    }

    /// <summary>Another worker tells it now.</summary>
    protected override void Rest() => _open = [];

    private Task<List<(TenantId Tenant, Guid Id)>> OpenAsync(CancellationToken ct) => _database.ThroughDoorsAsync(
        async (connection, transaction) =>
        {
            await using var command = new NpgsqlCommand("select tenant_id, id from doors.open_erasures($1)", connection, transaction);
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = AtOnce });
            List<(TenantId, Guid)> open = [];
            await using var reader = await command.ExecuteReaderAsync(ct);
            while (await reader.ReadAsync(ct))
                open.Add((new TenantId(reader.GetGuid(0)), reader.GetGuid(1)));
            return open;
        },
        ct);

    [LoggerMessage(EventId = 3604, Level = LogLevel.Error, Message = "Erasure {ErasureId} has failed for now; the next tick goes on with it")]
    private static partial void LogFailed(ILogger logger, Exception exception, Guid erasureId);
}
