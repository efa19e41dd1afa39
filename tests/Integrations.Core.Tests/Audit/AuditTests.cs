using System.Diagnostics.Metrics;
using System.Globalization;
using Integrations.Core.Audit;
using Integrations.Core.IntegrationLogs;
using Integrations.Core.Ownership;
using Integrations.Core.Secrets;
using Integrations.Core.Tenancy;
using Integrations.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Integrations.Core.Tests.Audit;

/// <summary>Who changed what: written with the change, sealed afterwards, and proven to be whole.</summary>
public sealed class AuditTests(Servers servers) : IAsyncLifetime
{
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;
    private readonly DirectoryInfo _parent = Directory.CreateTempSubdirectory("integrations-audit-");
    private readonly TestClock _clock = new();
    private readonly CoreDatabase _database = new(servers);
    private DataKeys _keys = null!;
    private EnvelopeProtector _secrets = null!;
    private NpgsqlDataSource _source = null!;
    private ShardLeases _leases = null!;
    private TenantId _tenant;

    private VerifyAudit Verify => new(_database.ApiTenants, _secrets);

    public async ValueTask InitializeAsync()
    {
        await _database.InitializeAsync();
        var keys = Path.Combine(_parent.FullName, "keys");
        _keys = new DataKeys(new DataKeyRows(_database.WorkerTenants), [new KeyFiles(keys)], new SecretsOptions { Directory = keys }, _clock);
        _secrets = new EnvelopeProtector(_keys);
        _source = NpgsqlDataSource.Create(CoreDatabase.LogIn(_database.Admin.ConnectionString, "integrations_worker", CoreDatabase.WorkerPassword));
        _leases = new ShardLeases(
            _source, "sandbox", new OwnershipOptions { ShardCount = CoreDatabase.ShardCount, Lease = TimeSpan.FromMinutes(1) }, TimeProvider.System, _database.Meters, NullLogger<ShardLeases>.Instance);
        _tenant = await _database.AddTenantAsync();
        await _leases.StartAsync(_cancel);
        await Eventually.IsAsync(() => _leases.Held.Count == CoreDatabase.ShardCount, () => string.Join(", ", _leases.Held));
    }

    public async ValueTask DisposeAsync()
    {
        await _leases.DisposeAsync();
        await _source.DisposeAsync();
        _keys.Dispose();
        await _database.DisposeAsync();
        _parent.Delete(recursive: true);
    }

    [Fact]
    public async Task A_change_is_written_with_whom_whence_and_what_and_a_look_is_not()
    {
        await ChangeAsync(1);
        using (Scope(1))
        {
            await _database.ApiTenants.InTenantAsync(_tenant, transaction => CountAsync(transaction), _cancel);
            await Assert.ThrowsAsync<InvalidOperationException>(() => _database.ApiTenants.InTenantAsync(_tenant, async transaction =>
            {
                await AddProjectAsync(transaction, 2);
                throw new InvalidOperationException("undone");
            }, _cancel));
        }

        await _database.ApiTenants.InTenantAsync(_tenant, transaction => AddProjectAsync(transaction, 3), _cancel);

        Assert.Equal(
            ["OpenProject 1 192.0.2.7 agent/1 {\"id\": \"7\"} [{\"action\": \"project.open\", \"details\": {\"number\": 1}}]"],
            await RowsAsync("select concat_ws(' ', action, user_id, address, user_agent, objects, changes) from audit_entries"));
    }

    [Fact]
    public async Task What_was_sealed_verifies_and_what_was_noted_is_found_again()
    {
        for (var number = 1; number <= 3; number++)
            await ChangeAsync(number);
        Assert.Equal((null, 0, 3), await LookAsync());
        await SealAsync();
        var first = await Verify.ExecuteAsync(_tenant, null, _cancel);
        Assert.Equal((null, 3, 0), (first.Fault, first.Entries, first.Unsealed));

        await ChangeAsync(4);
        await SealAsync();
        await SealAsync();
        var second = await Verify.ExecuteAsync(_tenant, first.Head, _cancel);
        Assert.Equal((null, 4, 4), (second.Fault, second.Entries, second.Head.Position));
        Assert.Equal(AuditFault.AnchorLost, (await Verify.ExecuteAsync(_tenant, new(4, first.Head.Hash), _cancel)).Fault);
    }

    [Theory]
    [InlineData("update audit_entries set action = 'Nothing' where position = 2", AuditFault.EntryChanged, 2)]
    [InlineData("update audit_entries set user_id = 4711 where position = 2", AuditFault.EntryChanged, 2)]
    [InlineData("update audit_entries set changes = '[]' where position = 3", AuditFault.EntryChanged, 3)]
    [InlineData("update audit_entries set commitment = sha256('x') where position = 2", AuditFault.EntryChanged, 2)]
    [InlineData("update audit_entries set salt = null, erased_at = now(), commitment = sha256('x') where position = 2", AuditFault.LinkBroken, 2)]
    [InlineData("update audit_entries set hash = sha256('x') where position = 2", AuditFault.LinkBroken, 2)]
    [InlineData("delete from audit_entries where position = 2", AuditFault.EntryMissing, 2)]
    [InlineData("delete from audit_entries where position = 1", AuditFault.EntryMissing, 1)]
    [InlineData("delete from audit_entries where position = 3", AuditFault.HeadMoved, 2)]
    [InlineData("delete from audit_entries where position = 2; update audit_entries set position = 2 where position = 3", AuditFault.LinkBroken, 2)]
    [InlineData("insert into audit_checkpoints select tenant_id, 2, hash, 2, null, sha256('x') from audit_entries where position = 2", AuditFault.CheckpointForged, 2)]
    public async Task Whoever_writes_to_the_database_is_found_out(string sql, AuditFault fault, long at)
    {
        for (var number = 1; number <= 3; number++)
            await ChangeAsync(number);
        await SealAsync();

        await CoreDatabase.ExecuteAsync(_database.Admin, sql);

        var verdict = await Verify.ExecuteAsync(_tenant, null, _cancel);
        Assert.Equal((fault, at), (verdict.Fault, verdict.FaultAt));
    }

    [Fact]
    public async Task An_end_that_was_cut_off_with_its_head_is_missed_by_whoever_noted_the_head()
    {
        for (var number = 1; number <= 3; number++)
            await ChangeAsync(number);
        await SealAsync();
        var noted = (await Verify.ExecuteAsync(_tenant, null, _cancel)).Head;

        await CoreDatabase.ExecuteAsync(
            _database.Admin,
            "delete from audit_entries where position = 3; update audit_heads set position = 2, hash = (select hash from audit_entries where position = 2)");

        Assert.Null((await Verify.ExecuteAsync(_tenant, null, _cancel)).Fault);
        var late = await Verify.ExecuteAsync(_tenant, noted, _cancel);
        Assert.Equal((AuditFault.AnchorLost, 3), (late.Fault, late.FaultAt));
    }

    [Fact]
    public async Task A_person_who_is_erased_is_in_no_entry_any_more_and_the_chain_is_whole()
    {
        await ChangeAsync(1, user: 1);
        await ChangeAsync(2, user: 2);
        await ChangeAsync(3, user: 1, details: new { Deep = new { AssigneeId = 2 } });
        await SealAsync();
        await ChangeAsync(4, user: 2);

        Assert.Equal(3, await new EraseAudit(_database.ApiTenants).ExecuteAsync(_tenant, 2, _cancel));
        await SealAsync();

        Assert.Equal(["1 192.0.2.7 t", "- - f", "- - f", "- - f"], await RowsAsync("select concat_ws(' ', coalesce(user_id::text, '-'), coalesce(address, '-'), salt is not null) from audit_entries order by seq"));
        var verdict = await Verify.ExecuteAsync(_tenant, null, _cancel);
        Assert.Equal((null, 4, 3), (verdict.Fault, verdict.Entries, verdict.Erased));
    }

    [Fact]
    public async Task What_is_purged_leaves_a_signed_checkpoint_from_which_the_rest_verifies()
    {
        for (var number = 1; number <= 3; number++)
            await ChangeAsync(number);
        await SealAsync();
        var noted = (await Verify.ExecuteAsync(_tenant, null, _cancel)).Head;
        await AgeAsync(2);
        await ChangeAsync(4);
        await SealAsync();

        using var retention = new AuditRetention(
            _database.WorkerTenants, _secrets, Options.Create(new AuditOptions { KeptFor = TimeSpan.FromDays(365) }), _leases, TimeProvider.System, _database.Meters, NullLogger<AuditRetention>.Instance);
        await retention.TickAsync(_cancel);

        Assert.Equal(["3", "4"], await RowsAsync("select position from audit_entries order by position"));
        Assert.Equal(["2 2 -"], await RowsAsync("select concat_ws(' ', position, entries, coalesce(purged_by::text, '-')) from audit_checkpoints"));
        var verdict = await Verify.ExecuteAsync(_tenant, noted, _cancel);
        // The age that this test gave to the first two was no part of what stayed.
        Assert.Equal((null, 3, 2), (verdict.Fault, verdict.From, verdict.Entries));
        await CoreDatabase.ExecuteAsync(_database.Admin, "delete from audit_entries where position = 3");
        Assert.Equal(AuditFault.EntryMissing, (await Verify.ExecuteAsync(_tenant, null, _cancel)).Fault);
    }

    [Fact]
    public async Task Sealers_of_two_workers_at_once_make_one_chain()
    {
        await Task.WhenAll(Enumerable.Range(1, 40).Select(number => ChangeAsync(number)));

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => SealAsync()));

        var verdict = await Verify.ExecuteAsync(_tenant, null, _cancel);
        Assert.Equal((null, 40, 40, 0), (verdict.Fault, verdict.Entries, verdict.Head.Position, verdict.Unsealed));
    }

    [Fact]
    public async Task Lines_of_the_log_go_after_their_time()
    {
        await CoreDatabase.ExecuteAsync(
            _database.Admin,
            string.Create(
                CultureInfo.InvariantCulture,
                $"""
                 insert into integration_logs (id, tenant_id, user_id, integration_type, action, status, created_at)
                 select gen_random_uuid(), '{_tenant}'::uuid, 1, 'telegram', 'old', 'success', now() - interval '31 days' from generate_series(1, 6000)
                 union all select gen_random_uuid(), '{_tenant}', 1, 'telegram', 'young', 'success', now() - interval '29 days'
                 """));
        using var retention = new AuditRetention(_database.WorkerTenants, _secrets, Options.Create(new AuditOptions()), _leases, TimeProvider.System, _database.Meters, NullLogger<AuditRetention>.Instance);

        await retention.TickAsync(_cancel);

        Assert.Equal(["young"], await RowsAsync("select action from integration_logs"));
    }

    [Fact]
    public async Task A_sealer_that_is_killed_within_a_pass_leaves_nothing_half_done_and_the_next_makes_the_chain()
    {
        await ChangeAsync(1);
        await ChangeAsync(2);
        var heard = new HeldSecrets(_secrets, holdAt: 2);
        using var killed = new AuditSealer(_database.WorkerTenants, heard, _leases, TimeProvider.System, _database.Meters, NullLogger<AuditSealer>.Instance);
        await killed.StartAsync(_cancel);
        await heard.Held.WaitAsync(_cancel);

        await killed.StopAsync(_cancel);

        Assert.True(killed.ExecuteTask!.IsCanceled);
        Assert.Equal(["0"], await RowsAsync("select count(*) from audit_entries where position is not null"));
        await SealAsync();
        Assert.Equal((null, 2, 0), await LookAsync());
    }

    [Fact]
    public async Task A_sealer_whose_passes_fail_tells_how_far_it_lags_and_catches_up_by_itself()
    {
        using var metrics = new Metrics(_database.Meters);
        var secrets = new HeldSecrets(_secrets) { Broken = true };
        using var sealer = new AuditSealer(_database.WorkerTenants, secrets, _leases, TimeProvider.System, _database.Meters, NullLogger<AuditSealer>.Instance);
        await ChangeAsync(1);
        await CoreDatabase.ExecuteAsync(_database.Admin, "update audit_entries set occurred_at = now() - interval '90 seconds'");

        await sealer.TickAsync(_cancel);
        var lagging = metrics.Read();
        secrets.Broken = false;
        await sealer.TickAsync(_cancel);
        var caughtUp = metrics.Read();

        Assert.Equal((1, 1, 0), (lagging["audit_unsealed"], lagging["audit_seal_failures_total"], lagging.GetValueOrDefault("audit_sealed_total")));
        Assert.InRange(lagging["audit_unsealed_age_seconds"], 90, 150);
        Assert.Equal((0, 1, 0), (caughtUp["audit_unsealed"], caughtUp["audit_sealed_total"], caughtUp["audit_unsealed_age_seconds"]));
        Assert.Equal((null, 1, 0), await LookAsync());
    }

    [Fact]
    public async Task A_retention_that_is_killed_within_a_pass_takes_nothing_out_and_the_next_does()
    {
        using var metrics = new Metrics(_database.Meters);
        await ChangeAsync(1);
        await ChangeAsync(2);
        await SealAsync();
        await AgeAsync(1);
        await CoreDatabase.ExecuteAsync(
            _database.Admin,
            $"insert into refusals (tenant_id, minute, kind, by_key, route, times) select '{_tenant}', now() - age, 'throttle', false, 'r', 1 from unnest(array[interval '31 days', interval '29 days']) age");
        var hour = new TestClock(TimeProvider.System.GetUtcNow());
        var heard = new HeldSecrets(_secrets, holdAt: 1);
        using var killed = Retention(heard, hour);
        await killed.StartAsync(_cancel);
        await hour.WaitForTimerAsync(cancellationToken: _cancel);
        hour.Advance(TimeSpan.FromHours(1));
        await heard.Held.WaitAsync(_cancel);

        await killed.StopAsync(_cancel);

        Assert.True(killed.ExecuteTask!.IsCanceled);
        Assert.Equal(["2 0"], await RowsAsync("select concat_ws(' ', (select count(*) from audit_entries), (select count(*) from audit_checkpoints))"));
        using var next = Retention(_secrets, TimeProvider.System);
        await next.TickAsync(_cancel);
        Assert.Equal(["1 1"], await RowsAsync("select concat_ws(' ', (select count(*) from audit_entries), (select count(*) from audit_checkpoints))"));
        Assert.Equal(["1"], await RowsAsync("select count(*) from refusals"));
        var read = metrics.Read();
        Assert.Equal((1, 1, 0), (read["audit_purged_total"], read["refusals_forgotten_total"], read.GetValueOrDefault("audit_retention_failures_total")));

        AuditRetention Retention(ISecretProtector secrets, TimeProvider time) => new(
            _database.WorkerTenants, secrets, Options.Create(new AuditOptions()), _leases, time, _database.Meters, NullLogger<AuditRetention>.Instance);
    }

    [Fact]
    public async Task The_doors_tell_workers_whose_audit_waits_and_nothing_of_it()
    {
        await ChangeAsync(1);
        Assert.Equal([_tenant.ToString()], await CoreDatabase.RowsAsync(_database.Worker, "select * from doors.unsealed_audit(10)"));
        Assert.Empty(await CoreDatabase.RowsAsync(_database.Worker, "select * from doors.aged_audit(now())"));
        await SealAsync();
        Assert.Empty(await CoreDatabase.RowsAsync(_database.Worker, "select * from doors.unsealed_audit(10)"));
        Assert.Equal([_tenant.ToString()], await CoreDatabase.RowsAsync(_database.Worker, "select * from doors.aged_audit(now())"));
        Assert.Equal(["bigint", "double precision"], await RowsAsync("select distinct format_type(t, null) from pg_proc p, unnest(p.proallargtypes) t where p.proname = 'audit_backlog' order by 1"));
        foreach (var door in new[] { "unsealed_audit(10)", "aged_audit(now())", "forget_logs(now(), 1)", "audit_backlog()" })
        {
            var refused = await Assert.ThrowsAsync<PostgresException>(() => CoreDatabase.RowsAsync(_database.Api, $"select * from doors.{door}"));
            Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
        }
    }

    private static AuditScope Scope(int user) =>
        new AuditScope("OpenProject", "192.0.2.7", "agent/1", new Dictionary<string, string> { ["id"] = "7" }) { UserId = user }.Open();

    private async Task ChangeAsync(int number, int user = 1, object? details = null)
    {
        using (Scope(user))
        {
            await _database.ApiTenants.InTenantAsync(
                _tenant,
                async transaction =>
                {
                    await AddProjectAsync(transaction, number);
                    await IntegrationLog.WriteAsync(
                        transaction,
                        new LogEntry(CoreDatabase.NewId(), 1, "telegram", "project.open", LogStatus.Success) { Details = details ?? new { Number = number } },
                        _cancel);
                },
                _cancel);
        }
    }

    private async Task AddProjectAsync(TenantTransaction transaction, int number)
    {
        await using var command = transaction.Command("insert into projects (id, tenant_id, name) values (gen_random_uuid(), $1, $2)");
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = _tenant.Value });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = $"Project {number}" });
        await command.ExecuteNonQueryAsync(_cancel);
    }

    private async Task CountAsync(TenantTransaction transaction)
    {
        await using var command = transaction.Command("select count(*) from projects");
        await command.ExecuteScalarAsync(_cancel);
    }

    private async Task SealAsync()
    {
        using var sealer = new AuditSealer(_database.WorkerTenants, _secrets, _leases, TimeProvider.System, _database.Meters, NullLogger<AuditSealer>.Instance);
        await sealer.TickAsync(_cancel);
    }

    private async Task<(AuditFault? Fault, long Entries, long Unsealed)> LookAsync() =>
        await Verify.ExecuteAsync(_tenant, null, _cancel) is var verdict ? (verdict.Fault, verdict.Entries, verdict.Unsealed) : default;

    private Task AgeAsync(int upTo) =>
        CoreDatabase.ExecuteAsync(_database.Admin, string.Create(CultureInfo.InvariantCulture, $"update audit_entries set occurred_at = now() - interval '366 days' where position <= {upTo}"));

    private Task<string[]> RowsAsync(string sql) => CoreDatabase.RowsAsync(_database.Admin, sql);

    /// <summary>The keys, held from a certain use on until the caller is cancelled, or out of reach.</summary>
    private sealed class HeldSecrets(ISecretProtector secrets, int holdAt = int.MaxValue) : ISecretProtector
    {
        private readonly TaskCompletionSource _held = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _uses;

        public Task Held => _held.Task;

        public bool Broken { get; set; }

        public ValueTask<byte[]> ProtectAsync(SecretAddress address, ReadOnlyMemory<byte> clear, CancellationToken ct) => secrets.ProtectAsync(address, clear, ct);

        public ValueTask<byte[]> UnprotectAsync(SecretAddress address, ReadOnlyMemory<byte> sealed_, CancellationToken ct) => secrets.UnprotectAsync(address, sealed_, ct);

        public Task DestroyTenantAsync(TenantId tenant, CancellationToken ct) => secrets.DestroyTenantAsync(tenant, ct);

        public async ValueTask<byte[]> FingerprintAsync(string purpose, ReadOnlyMemory<byte> clear, CancellationToken ct)
        {
            if (Broken)
                throw new SecretUnavailableException(TenantId.Installation, "out of reach") { Obstacle = SecretObstacle.Unreachable };
            if (Interlocked.Increment(ref _uses) >= holdAt)
            {
                _held.TrySetResult();
                await Task.Delay(Timeout.Infinite, ct);
            }

            return await secrets.FingerprintAsync(purpose, clear, ct);
        }
    }

    /// <summary>What the meters of a database's parts tell: gauges as they stand, counters since the beginning.</summary>
    private sealed class Metrics : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly Dictionary<string, double> _values = new(StringComparer.Ordinal);

        public Metrics(IMeterFactory meters)
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (ReferenceEquals(instrument.Meter.Scope, meters) && instrument.Meter.Name == "Integrations.Audit")
                    listener.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => Take(instrument, value));
            _listener.SetMeasurementEventCallback<double>((instrument, value, _, _) => Take(instrument, value));
            _listener.Start();
        }

        public Dictionary<string, double> Read()
        {
            _listener.RecordObservableInstruments();
            lock (_values)
                return new(_values, StringComparer.Ordinal);
        }

        public void Dispose() => _listener.Dispose();

        private void Take(Instrument instrument, double value)
        {
            lock (_values)
                _values[instrument.Name] = instrument.IsObservable ? value : _values.GetValueOrDefault(instrument.Name) + value;
        }
    }
}
