using System.Diagnostics.Metrics;
using Integrations.Core.Events;
using Integrations.Core.Ownership;
using Integrations.Core.Persistence;
using Integrations.Core.Telegram.Messages;
using Integrations.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Integrations.Core.Tests.Ownership;

/// <summary>The installation's chores: done by the holder of shard 0, by nobody else.</summary>
public sealed class OwnedLoopTests(Servers servers) : IAsyncLifetime
{
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;
    private readonly CoreDatabase _database = new(servers);
    private NpgsqlDataSource _source = null!;
    private ShardLeases _leases = null!;

    public async ValueTask InitializeAsync()
    {
        await _database.InitializeAsync();
        var builder = new NpgsqlDataSourceBuilder(CoreDatabase.LogIn(_database.Admin.ConnectionString, "integrations_worker", CoreDatabase.WorkerPassword));
        _source = builder.Build();
        _leases = new ShardLeases(
            _source, "sandbox", new OwnershipOptions { ShardCount = CoreDatabase.ShardCount, Lease = TimeSpan.FromMinutes(1) }, TimeProvider.System, _database.Meters, NullLogger<ShardLeases>.Instance);
    }

    public async ValueTask DisposeAsync()
    {
        await _leases.DisposeAsync();
        await _source.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task What_has_expired_goes_and_only_the_holder_of_shard_0_removes_it()
    {
        var tenant = await _database.AddTenantAsync();
        await CoreDatabase.ExecuteAsync(
            _database.Admin,
            $"""
             insert into console_sessions (token_hash, tenant_id, user_id, expires_at) select decode(md5(i::text), 'hex'), '{tenant}', 1, now() - interval '1 second' from generate_series(1, 2500) i;
             insert into workers (id, host, world, heartbeat_at) values (gen_random_uuid(), 'gone', 'sandbox', now() - interval '25 hours'), (gen_random_uuid(), 'late', 'sandbox', now() - interval '1 hour');
             """);
        using var expired = new ExpiredRows(_database.WorkerTenants, _leases, TimeProvider.System, NullLogger<ExpiredRows>.Instance);

        await expired.TickAsync(_cancel);
        Assert.Equal(["2500"], await CoreDatabase.RowsAsync(_database.Admin, "select count(*) from console_sessions"));
        await OwnAsync();
        await expired.TickAsync(_cancel);

        Assert.Equal(["0"], await CoreDatabase.RowsAsync(_database.Admin, "select count(*) from console_sessions"));
        Assert.Equal(["late"], await CoreDatabase.RowsAsync(_database.Admin, $"select host from workers where id <> '{_leases.WorkerId}'"));
    }

    [Fact]
    public async Task Events_are_kept_for_seven_days()
    {
        var tenant = await _database.AddTenantAsync();
        await CoreDatabase.ExecuteAsync(
            _database.Admin,
            $"""
             insert into events (position, tenant_id, type, data, occurred_at) values
               (1, '{tenant}', 't', '{"{}"}', now() - interval '7 days 1 minute'), (2, '{tenant}', 't', '{"{}"}', now() - interval '6 days 23 hours');
             update event_head set position = 2;
             """);
        using var trimming = new EventTrimming(_database.WorkerTenants, _leases, TimeProvider.System, NullLogger<EventTrimming>.Instance);
        await OwnAsync();

        await trimming.TickAsync(_cancel);

        Assert.Equal(["2 1"], await CoreDatabase.RowsAsync(_database.Admin, "select e.position, h.tail from events e, event_head h"));
    }

    [Fact]
    public async Task The_balance_is_told_per_tenant_and_channel_by_the_holder_of_shard_0()
    {
        var tenant = await _database.AddTenantAsync();
        var account = await _database.AddAccountAsync(tenant);
        await _database.AddMessageAsync(tenant, account, await _database.AddDialogAsync(tenant, account));
        await CoreDatabase.ExecuteAsync(_database.Admin, $"insert into message_counters (tenant_id, channel, stripe, accepted) values ('{tenant}', 'personal_telegram', 0, 3)");
        using var balance = new MessageBalance(_database.WorkerTenants, _leases, TimeProvider.System, _database.Meters, NullLogger<MessageBalance>.Instance);
        var measured = new List<string>();
        using var meters = new MeterListener();
        meters.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name == "message_balance" && ReferenceEquals(instrument.Meter.Scope, _database.Meters))
                listener.EnableMeasurementEvents(instrument);
        };
        meters.SetMeasurementEventCallback<long>((_, value, tags, _) => measured.Add($"{value} {string.Join(' ', tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}"))}"));
        meters.Start();

        await balance.TickAsync(_cancel);
        meters.RecordObservableInstruments();
        Assert.Empty(measured);
        await OwnAsync();
        await balance.TickAsync(_cancel);
        meters.RecordObservableInstruments();

        Assert.Equal([$"2 tenant={tenant} channel=personal_telegram"], measured);
    }

    private async Task OwnAsync()
    {
        await _leases.StartAsync(_cancel);
        await Eventually.IsAsync(() => _leases.Held.Count == CoreDatabase.ShardCount, () => string.Join(", ", _leases.Held));
    }
}
