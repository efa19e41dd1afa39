using Integrations.Core.Hosts;
using Integrations.Core.Ownership;
using Integrations.Core.Tenancy;
using Microsoft.Extensions.Options;

namespace Integrations.Core.Tests.Hosts;

public sealed class InstallationTests(CoreDatabase database) : IClassFixture<CoreDatabase>
{
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_worker_is_alive_while_its_lease_is_and_dead_afterwards()
    {
        var tenant = await database.AddTenantAsync();
        var (living, dead) = (CoreDatabase.NewId(), CoreDatabase.NewId());
        await database.AddAccountAsync(tenant, shard: 1);
        await CoreDatabase.ExecuteAsync(
            database.Admin,
            $"""
             insert into workers (id, host, world, version, heartbeat_at) values
                ('{living}', 'one', 'sandbox', '1.2.3', now()), ('{dead}', 'two', 'sandbox', '1.2.3', now() - interval '7 seconds');
             update shards set owner = '{living}', epoch = 4, lease_until = now() + interval '1 hour' where id = 1;
             update shards set owner = '{dead}', epoch = 9, lease_until = now() - interval '2 seconds' where id = 2;
             """);

        var state = await ReadAsync(tenant);

        var (first, second) = (state.Hosts.Single(host => host.Id == living), state.Hosts.Single(host => host.Id == dead));
        Assert.Equal(("worker", "one", "1.2.3", "sandbox", true, 1, 1L), (first.Kind, first.Name, first.Version, first.World, first.Alive, first.Shards, first.Accounts));
        Assert.Equal((false, 0), (second.Alive, second.Shards));
        Assert.InRange(second.Silent.TotalSeconds, 6, 60);
        Assert.Equal((living, 4L, 1L), (state.Shards[1].Owner, state.Shards[1].Epoch, state.Shards[1].Accounts));
        Assert.Equal((null, 9L, null), (state.Shards[2].Owner, state.Shards[2].Epoch, state.Shards[2].LeaseLeft));
        Assert.Equal(CoreDatabase.ShardCount, state.Shards.Count);
    }

    [Fact]
    public async Task The_queue_is_counted_by_age_over_all_tenants_and_the_balance_is_of_one()
    {
        var (tenant, other) = (await database.AddTenantAsync(), await database.AddTenantAsync());
        var before = await ReadAsync(tenant);
        foreach (var (owner, seconds) in new[] { (tenant, 0), (tenant, 5), (other, 30), (other, 300), (other, 7200) })
        {
            var account = await database.AddAccountAsync(owner);
            var message = await database.AddMessageAsync(owner, account, await database.AddDialogAsync(owner, account));
            await CoreDatabase.ExecuteAsync(database.Admin, $"update messages set accepted_at = clock_timestamp() - interval '{seconds} seconds' where id = '{message}'");
        }

        await CoreDatabase.ExecuteAsync(
            database.Admin, $"insert into message_counters (tenant_id, channel, stripe, accepted) values ('{tenant}', 'personal_telegram', 0, 1), ('{tenant}', 'personal_telegram', 3, 2)");

        var state = await ReadAsync(tenant);

        Assert.Equal(
            (2L, 1L, 1L, 1L),
            (state.Queue.Below1S + state.Queue.Below10S, state.Queue.Below1Min, state.Queue.Below10Min, state.Queue.Older - before.Queue.Older));
        Assert.InRange(state.Queue.Oldest.TotalSeconds, 7200, 7300);
        Assert.Equal(new BalanceState(3, 0, 0, 2), state.Balance);
        Assert.Equal(1, state.Balance.Difference);
        Assert.Equal(new BalanceState(0, 0, 0, 3), (await ReadAsync(other)).Balance);
    }

    [Fact]
    public async Task The_relay_is_behind_by_its_oldest_event()
    {
        var tenant = await database.AddTenantAsync();
        await CoreDatabase.ExecuteAsync(
            database.Admin,
            $"insert into outbox (tenant_id, type, data, created_at) select '{tenant}', 'x', '{{}}', clock_timestamp() - n * interval '20 seconds' from generate_series(1, 3) n");
        var relay = (await ReadAsync(tenant)).Relay;
        Assert.Equal(3, relay.Waiting);
        Assert.InRange(relay.Lag.TotalSeconds, 60, 120);
        await CoreDatabase.RowsAsync(database.Api, "select * from doors.relay_events(100)");
        Assert.Equal(new RelayState(0, TimeSpan.Zero, relay.Position + 3), (await ReadAsync(tenant)).Relay);
    }

    [Fact]
    public async Task A_host_that_tells_is_there_until_it_leaves()
    {
        var tenant = await database.AddTenantAsync();
        var registry = new HostRegistry(database.ApiTenants);
        var sign = new HostSign(CoreDatabase.NewId(), "web", "three", "2.0.0", TimeProvider.System.GetUtcNow());
        await registry.TellAsync(sign, _cancel);
        await registry.TellAsync(sign, _cancel);
        var host = (await ReadAsync(tenant)).Hosts.Single(host => host.Id == sign.Id);
        Assert.Equal(("web", "three", "2.0.0", true, null), (host.Kind, host.Name, host.Version, host.Alive, host.World));
        await CoreDatabase.ExecuteAsync(database.Admin, $"update hosts set heartbeat_at = now() - interval '16 seconds' where id = '{sign.Id}'");
        Assert.False((await ReadAsync(tenant)).Hosts.Single(host => host.Id == sign.Id).Alive);
        await registry.LeaveAsync(sign.Id, _cancel);
        Assert.DoesNotContain((await ReadAsync(tenant)).Hosts, host => host.Id == sign.Id);
    }

    private Task<InstallationState> ReadAsync(TenantId tenant) =>
        new ReadInstallation(database.ApiTenants, Options.Create(new OwnershipOptions()), TimeProvider.System)
            .ExecuteAsync(new Principal(tenant, 1, Role.Admin, null, null), _cancel);
}
