using System.Diagnostics.Metrics;
using Integrations.Core.Ownership;
using Integrations.Core.Secrets;
using Integrations.Core.Tenancy;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Integrations.Core.Audit;

/// <summary>How long logs and the audit are kept.</summary>
public sealed class AuditOptions
{
    public const string Section = "Audit";

    /// <summary>Older entries go, and a signed checkpoint stays in their place.</summary>
    public TimeSpan KeptFor { get; set; } = TimeSpan.FromDays(365);

    /// <summary>Older lines of the customers' logs, and of refusals, go.</summary>
    public TimeSpan LogsKeptFor { get; set; } = TimeSpan.FromDays(30);
}

/// <summary>Puts what was written into the chains, a tenant after another; entries never wait for each other when they are written.</summary>
internal sealed class AuditSealer : OwnedLoop
{
    private const int BatchSize = 1000;

    /// <summary>For so long an entry can still be taken out unseen.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly TenantDatabase _database;
    private readonly AuditChain _chain;
    private readonly TimeProvider _time;
    private readonly Counter<long> _sealed;
    private readonly Counter<long> _failures;

    /// <summary>As the last pass found it; null while another worker seals.</summary>
    private volatile Backlog? _backlog;

    public AuditSealer(
        TenantDatabase database, ISecretProtector secrets, ShardLeases leases, TimeProvider time, IMeterFactory meters, ILogger<AuditSealer> logger)
        : base(leases, Interval, time, logger)
    {
        (_database, _chain, _time) = (database, new AuditChain(secrets), time);
        var meter = meters.Create("Integrations.Audit");
        _sealed = meter.CreateCounter<long>("audit_sealed_total", description: "Entries of the audit that were put into a chain.");
        _failures = meter.CreateCounter<long>("audit_seal_failures_total", description: "Passes of the sealer that failed; the next second tries again.");
        meter.CreateObservableGauge("audit_unsealed", Entries, description: "Entries of the audit that are in no chain yet, told by the worker that seals.");
        meter.CreateObservableGauge(
            "audit_unsealed_age_seconds", Age, "s", "Age of the oldest entry that is in no chain yet: for so long it can be taken out unseen. 0 when there is none.");
    }

    protected override void Rest() => _backlog = null;

    protected override async Task PassAsync(CancellationToken ct)
    {
        try
        {
            _backlog = await BacklogAsync(ct);
            foreach (var tenant in await TenantsAsync(ct))
            {
                while (await SealAsync(tenant, ct) == BatchSize)
                {
                }
            }

            _backlog = await BacklogAsync(ct);
        }
        catch when (!ct.IsCancellationRequested)
        {
            _failures.Add(1);
            throw;
        }
    }

    private async Task<int> SealAsync(TenantId tenant, CancellationToken ct)
    {
        var count = await _database.InTenantAsync(tenant, transaction => SealAsync(transaction, ct), ct);
        _sealed.Add(count);
        return count;
    }

    private IEnumerable<Measurement<long>> Entries() => _backlog is { } backlog ? [new(backlog.Entries)] : [];

    // It goes on rising while no pass comes to its end.
    private IEnumerable<Measurement<double>> Age() =>
        _backlog is not { } backlog ? [] : [new(backlog.Entries == 0 ? 0 : (_time.GetUtcNow() - backlog.OldestAt).TotalSeconds)];

    private Task<Backlog> BacklogAsync(CancellationToken ct) => _database.ThroughDoorsAsync(
        async (connection, transaction) =>
        {
            await using var command = new NpgsqlCommand("select waiting, oldest_seconds from doors.audit_backlog()", connection, transaction);
            await using var reader = await command.ExecuteReaderAsync(ct);
            await reader.ReadAsync(ct);
            return new Backlog(reader.GetInt64(0), _time.GetUtcNow() - TimeSpan.FromSeconds(reader.GetDouble(1)));
        },
        ct);

    private Task<List<TenantId>> TenantsAsync(CancellationToken ct) => _database.ThroughDoorsAsync(
        async (connection, transaction) =>
        {
            await using var command = new NpgsqlCommand("select * from doors.unsealed_audit($1)", connection, transaction);
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = 10 * BatchSize });
            List<TenantId> tenants = [];
            await using var reader = await command.ExecuteReaderAsync(ct);
            while (await reader.ReadAsync(ct))
                tenants.Add(new TenantId(reader.GetGuid(0)));
            return tenants;
        },
        ct);

    /// <summary>How many were sealed.</summary>
    private async Task<int> SealAsync(TenantTransaction transaction, CancellationToken ct)
    {
        await using (var begin = transaction.Command("insert into audit_heads (tenant_id, position, hash) values ($1, 0, $2) on conflict do nothing"))
        {
            begin.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = transaction.Tenant.Value });
            begin.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = AuditChain.Beginning });
            await begin.ExecuteNonQueryAsync(ct);
        }

        // At a hand-over two may seal at once; the head lets one through at a time, and the second finds what the first has left.
        var (position, hash) = await AuditChain.HeadAsync(transaction, ct);
        List<AuditEntry> entries = [];
#pragma warning disable CA2100 // Constant texts.
        await using (var read = transaction.Command($"select {AuditEntry.Columns} from audit_entries where position is null order by seq limit {BatchSize}"))
#pragma warning restore CA2100
        await using (var reader = await read.ExecuteReaderAsync(ct))
        {
            while (await reader.ReadAsync(ct))
                entries.Add(AuditEntry.Read(reader));
        }

        if (entries.Count == 0)
            return 0;
        List<(Guid Id, long Position, byte[] Commitment, byte[] Hash)> links = new(entries.Count);
        foreach (var entry in entries)
        {
            // Who was erased before the sealer came leaves an entry without content, whose commitment is of nothing.
            var commitment = entry.Salt is null ? new byte[32] : entry.Commit();
            hash = await _chain.LinkAsync(transaction.Tenant, ++position, hash, commitment, ct);
            links.Add((entry.Id, position, commitment, hash));
        }

        await using var write = transaction.Command(
            """
            with sealed as (
                update audit_entries e set position = l.position, commitment = l.commitment, hash = l.hash
                  from unnest($1, $2, $3, $4) l (id, position, commitment, hash) where e.id = l.id
            )
            update audit_heads set position = $5, hash = $6
            """);
        write.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = [.. links.Select(link => link.Id)] });
        write.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. links.Select(link => link.Position)] });
        write.Parameters.Add(new NpgsqlParameter<byte[][]> { TypedValue = [.. links.Select(link => link.Commitment)] });
        write.Parameters.Add(new NpgsqlParameter<byte[][]> { TypedValue = [.. links.Select(link => link.Hash)] });
        write.Parameters.Add(new NpgsqlParameter<long> { TypedValue = position });
        write.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = hash });
        await write.ExecuteNonQueryAsync(ct);
        return entries.Count;
    }

    private sealed record Backlog(long Entries, DateTimeOffset OldestAt);
}

/// <summary>Takes out what was kept long enough: audit entries behind a signed checkpoint, lines of the customers' logs, and refusals.</summary>
internal sealed class AuditRetention : OwnedLoop
{
    private const int BatchSize = 5000;

    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    private readonly TenantDatabase _database;
    private readonly AuditChain _chain;
    private readonly AuditOptions _options;
    private readonly TimeProvider _time;
    private readonly Counter<long> _purged;
    private readonly Counter<long> _logs;
    private readonly Counter<long> _refusals;
    private readonly Counter<long> _failures;

    public AuditRetention(
        TenantDatabase database, ISecretProtector secrets, IOptions<AuditOptions> options, ShardLeases leases, TimeProvider time, IMeterFactory meters,
        ILogger<AuditRetention> logger)
        : base(leases, Interval, time, logger)
    {
        (_database, _chain, _options, _time) = (database, new AuditChain(secrets), options.Value, time);
        var meter = meters.Create("Integrations.Audit");
        _purged = meter.CreateCounter<long>("audit_purged_total", description: "Entries of the audit that went by their age.");
        _logs = meter.CreateCounter<long>("logs_forgotten_total", description: "Lines of the customers' logs that went by their age.");
        _refusals = meter.CreateCounter<long>("refusals_forgotten_total", description: "Lines of refusals that went by their age.");
        _failures = meter.CreateCounter<long>("audit_retention_failures_total", description: "Passes of the retention that failed; the next hour tries again.");
    }

    protected override async Task PassAsync(CancellationToken ct)
    {
        try
        {
            // Lines first: they need no key, and go even while none can be had.
            await ForgetAsync("select doors.forget_logs($1, $2)", _logs, ct);
            await ForgetAsync("select doors.forget_refusals($1, $2)", _refusals, ct);
            var before = _time.GetUtcNow() - _options.KeptFor;
            foreach (var tenant in await TenantsAsync(before, ct))
                _purged.Add(await _database.InTenantAsync(tenant, transaction => _chain.PurgeAsync(transaction, before, by: null, ct), ct));
        }
        catch when (!ct.IsCancellationRequested)
        {
            _failures.Add(1);
            throw;
        }
    }

    private Task<List<TenantId>> TenantsAsync(DateTimeOffset before, CancellationToken ct) => _database.ThroughDoorsAsync(
        async (connection, transaction) =>
        {
            await using var command = new NpgsqlCommand("select * from doors.aged_audit($1)", connection, transaction);
            command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = before });
            List<TenantId> tenants = [];
            await using var reader = await command.ExecuteReaderAsync(ct);
            while (await reader.ReadAsync(ct))
                tenants.Add(new TenantId(reader.GetGuid(0)));
            return tenants;
        },
        ct);

    /// <summary>In small transactions until nothing is left.</summary>
    private async Task ForgetAsync(string sql, Counter<long> counter, CancellationToken ct)
    {
        int count;
        do
        {
            count = await BatchAsync();
            counter.Add(count);
        }
        while (count == BatchSize);

        Task<int> BatchAsync() => _database.ThroughDoorsAsync(
            async (connection, transaction) =>
            {
#pragma warning disable CA2100 // Constant texts of the method above.
                await using var command = new NpgsqlCommand(sql, connection, transaction);
#pragma warning restore CA2100
                command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = _time.GetUtcNow() - _options.LogsKeptFor });
                command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = BatchSize });
                return (int)(await command.ExecuteScalarAsync(ct))!;
            },
            ct);
    }
}
