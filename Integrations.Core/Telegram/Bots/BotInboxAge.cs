using System.Diagnostics.Metrics;
using Integrations.Core.Ownership;
using Integrations.Core.Tenancy;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Integrations.Core.Telegram.Bots;

/// <summary>How long the oldest update of all bots has been waiting to be processed, as a gauge; 0 when none waits.</summary>
internal sealed class BotInboxAge : OwnedLoop
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private readonly TenantDatabase _database;
    private volatile IReadOnlyList<Measurement<double>> _measured = [];

    public BotInboxAge(TenantDatabase database, ShardLeases leases, TimeProvider time, IMeterFactory meters, ILogger<BotInboxAge> logger)
        : base(leases, Interval, time, logger)
    {
        _database = database;
        meters.Create("Integrations.Bots").CreateObservableGauge(
            "telegram_bot_updates_oldest_seconds", () => _measured, "s", "For how long the oldest update of all bots has been waiting to be processed.");
    }

    protected override async Task PassAsync(CancellationToken ct) =>
        _measured = await _database.ThroughDoorsAsync<IReadOnlyList<Measurement<double>>>(
            async (connection, transaction) =>
            {
                await using var command = new NpgsqlCommand("select doors.bot_inbox_age()", connection, transaction);
                return [new Measurement<double>((double)(await command.ExecuteScalarAsync(ct))!)];
            },
            ct);

    /// <summary>Another worker tells it now.</summary>
    protected override void Rest() => _measured = [];
}
