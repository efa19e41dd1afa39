using System.Diagnostics.Metrics;
using System.Runtime.InteropServices;
using Integrations.Core.Persistence;
using Integrations.Core.Tenancy;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using NpgsqlTypes;

namespace Integrations.Core.Refusals;

/// <summary>Counts refusals in memory, like with like, and writes them down every few seconds in one statement.</summary>
/// <remarks>
/// A request leaves its refusal here and waits for nothing; a flood of one kind is one number that rises. What is different takes a place of its
/// own, of which there are so many: past them a refusal is dropped from the list, never from the metric.
/// </remarks>
public sealed partial class RefusalLog : BackgroundService
{
    /// <summary>Different refusals that may wait to be written; those of signed-in callers may be as many again.</summary>
    public const int Capacity = 1000;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    /// <summary>How long a host that stops may take to write the last of them.</summary>
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(2);

    private readonly TenantDatabase _database;
    private readonly TimeProvider _time;
    private readonly ILogger<RefusalLog> _logger;
    private readonly Counter<long> _refused;
    private readonly Counter<long> _dropped;
    private readonly Counter<long> _failures;
    private readonly Lock _lock = new();
    private Dictionary<(DateTimeOffset Minute, Refusal Refusal), long> _waiting = [];

    public RefusalLog(TenantDatabase database, TimeProvider time, IMeterFactory meters, ILogger<RefusalLog> logger)
    {
        (_database, _time, _logger) = (database, time, logger);
        ArgumentNullException.ThrowIfNull(meters);
        var meter = meters.Create("Integrations.Refusals");
        _refused = meter.CreateCounter<long>("refusals_total", description: "Requests that were refused and may be an attack, by kind. foreign_id is also counted as unknown_id.");
        _dropped = meter.CreateCounter<long>("refusals_dropped_total", description: "Refusals that are in no list, because too many different ones waited to be written.");
        _failures = meter.CreateCounter<long>("refusals_write_failures_total", description: "Passes that could not write refusals down; the next one tries again.");
        meter.CreateObservableGauge("refusals_waiting", () => Waiting, description: "Different refusals that wait to be written.");
    }

    private int Waiting
    {
        get
        {
            lock (_lock)
                return _waiting.Count;
        }
    }

    /// <summary>Takes note; never waits and never fails.</summary>
    public void Note(Refusal refusal)
    {
        ArgumentNullException.ThrowIfNull(refusal);
        Count(refusal.Kind, 1);
        if (refusal.Tenant is null && refusal.Lead.Kind is RefusalLeadKind.Nothing)
            return;

        var now = _time.GetUtcNow();
        Keep(new DateTimeOffset(now.Ticks - (now.Ticks % TimeSpan.TicksPerMinute), TimeSpan.Zero), refusal, 1);
    }

    /// <summary>Writes down what waits now. What could not be written waits on.</summary>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        Dictionary<(DateTimeOffset Minute, Refusal Refusal), long> taken;
        lock (_lock)
        {
            if (_waiting.Count == 0)
                return;
            (taken, _waiting) = (_waiting, []);
        }

        try
        {
            var foreign = await WriteAsync([.. taken], cancellationToken);
            if (foreign > 0)
                Count(RefusalKind.ForeignId, foreign);
        }
        catch
        {
            foreach (var ((minute, refusal), times) in taken)
                Keep(minute, refusal, times);
            throw;
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                await PassAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops; what was refused until now is still written.
        }

        using var last = new CancellationTokenSource(LastWords, _time);
        await PassAsync(last.Token);
    }

    private async Task PassAsync(CancellationToken cancellationToken)
    {
        try
        {
            await FlushAsync(cancellationToken);
        }
        catch (Exception e)
        {
            // An exception that leaves ExecuteAsync stops the whole host, and the list is not worth that.
            _failures.Add(1);
            LogPassFailed(e);
        }
    }

    private void Keep(DateTimeOffset minute, Refusal refusal, long times)
    {
        lock (_lock)
        {
            var fits = _waiting.ContainsKey((minute, refusal)) || _waiting.Count < Capacity;
            if (!fits && refusal.Tenant is not null)
            {
                // Strangers have taken all places, or somebody tries many ids: callers have as many again, and whose the ids are is not looked up.
                refusal = refusal with { Lead = RefusalLead.Nothing };
                fits = _waiting.ContainsKey((minute, refusal)) || _waiting.Count < 2 * Capacity;
            }

            if (fits)
            {
                CollectionsMarshal.GetValueRefOrAddDefault(_waiting, (minute, refusal), out _) += times;
                return;
            }
        }

        _dropped.Add(times);
    }

    private void Count(RefusalKind kind, long times) => _refused.Add(times, new KeyValuePair<string, object?>("kind", Words.Of(kind)));

    private Task<long> WriteAsync(KeyValuePair<(DateTimeOffset Minute, Refusal Refusal), long>[] refusals, CancellationToken ct) => _database.ThroughDoorsAsync(
        async (connection, transaction) =>
        {
            await using var command = new NpgsqlCommand("select doors.note_refusals($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)", connection, transaction);
            Add(NpgsqlDbType.TimestampTz, refusal => refusal.Key.Minute);
            Add(NpgsqlDbType.Text, refusal => Words.Of(refusal.Key.Refusal.Kind));
            Add(NpgsqlDbType.Text, refusal => refusal.Key.Refusal.Route);
            Add(NpgsqlDbType.Text, refusal => refusal.Key.Refusal.Address.Length == 0 ? null : refusal.Key.Refusal.Address);
            Add(NpgsqlDbType.Uuid, refusal => refusal.Key.Refusal.Tenant?.Value);
            Add(NpgsqlDbType.Integer, refusal => refusal.Key.Refusal.UserId);
            Add(NpgsqlDbType.Boolean, refusal => refusal.Key.Refusal.ByKey);
            Add(NpgsqlDbType.Text, refusal => Words.Of(refusal.Key.Refusal.Lead.Kind));
            Add(NpgsqlDbType.Text, refusal => refusal.Key.Refusal.Lead.Value);
            Add(NpgsqlDbType.Bigint, refusal => refusal.Value);
            return (long)(await command.ExecuteScalarAsync(ct))!;

            void Add<T>(NpgsqlDbType type, Func<KeyValuePair<(DateTimeOffset Minute, Refusal Refusal), long>, T> value) =>
                command.Parameters.Add(new NpgsqlParameter { Value = refusals.Select(value).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | type });
        },
        ct);

    [LoggerMessage(EventId = 3250, Level = LogLevel.Warning, Message = "Refusals could not be written down; they wait for the next pass")]
    private partial void LogPassFailed(Exception exception);
}
