using System.Diagnostics.Metrics;
using Integrations.Core.Ownership;
using Integrations.Core.Tenancy;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Integrations.Core.Telegram.WorkingGroups;

/// <summary>How much waits to be posted in the working groups, and for how long the oldest of it, as gauges.</summary>
internal sealed class MirrorGauges : OwnedLoop
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private readonly TenantDatabase _database;
    private volatile IReadOnlyList<Measurement<long>> _waiting = [];
    private volatile IReadOnlyList<Measurement<double>> _oldest = [];

    public MirrorGauges(TenantDatabase database, ShardLeases leases, TimeProvider time, IMeterFactory meters, ILogger<MirrorGauges> logger)
        : base(leases, Interval, time, logger)
    {
        _database = database;
        var meter = meters.Create("Integrations.WorkingGroups");
        meter.CreateObservableGauge("mirror_waiting", () => _waiting, description: "What waits to be posted in all working groups.");
        meter.CreateObservableGauge("mirror_oldest_seconds", () => _oldest, "s", "For how long the oldest of it has been waiting.");
    }

    protected override async Task PassAsync(CancellationToken ct) =>
        (_waiting, _oldest) = await _database.ThroughDoorsAsync<(IReadOnlyList<Measurement<long>>, IReadOnlyList<Measurement<double>>)>(
            async (connection, transaction) =>
            {
                await using var command = new NpgsqlCommand("select waiting, oldest_seconds from doors.mirror_backlog()", connection, transaction);
                await using var reader = await command.ExecuteReaderAsync(ct);
                await reader.ReadAsync(ct);
                return ([new(reader.GetInt64(0))], [new(reader.GetDouble(1))]);
            },
            ct);

    /// <summary>Another worker tells it now.</summary>
    protected override void Rest() => (_waiting, _oldest) = ([], []);
}
