using System.Diagnostics.Metrics;
using Integrations.Core.Ownership;
using Integrations.Core.Tenancy;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Integrations.Core.Telegram.Messages;

/// <summary>
/// The law of sending as a gauge: <c>message_balance</c> = accepted − delivered − failed − in flight, per tenant and channel, in one
/// snapshot of the database. Anything but 0 is a message that was lost or counted twice.
/// </summary>
internal sealed partial class MessageBalance : OwnedLoop
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    private readonly TenantDatabase _database;
    private readonly ILogger<MessageBalance> _logger;
    private volatile IReadOnlyList<Measurement<long>> _measured = [];

    public MessageBalance(TenantDatabase database, ShardLeases leases, TimeProvider time, IMeterFactory meters, ILogger<MessageBalance> logger)
        : base(leases, Interval, time, logger)
    {
        _database = database;
        _logger = logger;
        meters.Create("Integrations.Messages").CreateObservableGauge(
            "message_balance", () => _measured, description: "Accepted minus delivered, failed and in flight: must be 0.");
    }

    protected override async Task PassAsync(CancellationToken ct) =>
        _measured = await _database.ThroughDoorsAsync<IReadOnlyList<Measurement<long>>>(
            async (connection, transaction) =>
            {
                await using var command = new NpgsqlCommand(
                    "select tenant_id, channel, accepted - delivered - failed - in_flight from doors.message_balance()", connection, transaction);
                await using var reader = await command.ExecuteReaderAsync(ct);
                var measured = new List<Measurement<long>>();
                while (await reader.ReadAsync(ct))
                {
                    var (tenant, channel, balance) = (reader.GetGuid(0), reader.GetString(1), reader.GetInt64(2));
                    measured.Add(new Measurement<long>(balance, new("tenant", tenant.ToString()), new("channel", channel)));
                    if (balance != 0)
                        LogUnbalanced(_logger, tenant, channel, balance);
                }

                return measured;
            },
            ct);

    /// <summary>Another worker tells it now; an old value of ours beside it would be a lie.</summary>
    protected override void Rest() => _measured = [];

    [LoggerMessage(EventId = 3501, Level = LogLevel.Error, Message = "The messages of tenant {Tenant} on {Channel} do not balance: {Balance} accepted ones are neither delivered nor failed nor in flight")]
    private static partial void LogUnbalanced(ILogger logger, Guid tenant, string channel, long balance);
}
