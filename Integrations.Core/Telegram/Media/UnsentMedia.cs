using System.Diagnostics.Metrics;
using Integrations.Core.Ownership;
using Integrations.Core.Tenancy;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Integrations.Core.Telegram.Media;

/// <summary>Deletes uploads that nobody has sent in time, content and all.</summary>
internal sealed class UnsentMedia(
    TenantDatabase database, ShardLeases leases, IOptions<MediaOptions> options, IMeterFactory meters, TimeProvider time, ILogger<UnsentMedia> logger)
    : OwnedLoop(leases, Interval, time, logger)
{
    /// <summary>Files in one transaction: each may be forty pieces.</summary>
    private const int BatchSize = 20;

    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly Counter<long> _deleted =
        meters.Create("Integrations.Media").CreateCounter<long>("media_unsent_deleted_total", description: "Uploads that were deleted because no message took them.");

    protected override async Task PassAsync(CancellationToken ct)
    {
        int deleted;
        do
        {
            deleted = await BatchAsync(ct);
            _deleted.Add(deleted);
        }
        while (deleted == BatchSize);
    }

    private Task<int> BatchAsync(CancellationToken ct) => database.ThroughDoorsAsync(
        async (connection, transaction) =>
        {
            await using var command = new NpgsqlCommand("select doors.forget_unsent_media(clock_timestamp() - $1, $2)", connection, transaction);
            command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = options.Value.KeptUnsent, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Interval });
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = BatchSize });
            return (int)(await command.ExecuteScalarAsync(ct))!;
        },
        ct);
}
