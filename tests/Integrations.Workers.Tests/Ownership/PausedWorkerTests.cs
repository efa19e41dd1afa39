using Integrations.Core.Ownership;
using Integrations.Sandbox.Telegram.World;
using Integrations.Testing;
using Npgsql;

namespace Integrations.Workers.Tests.Ownership;

public sealed class PausedWorkerTests(Servers servers)
{
    [Fact]
    public async Task A_worker_that_cannot_renew_its_leases_writes_nothing_after_another_has_taken_over()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        var database = new NpgsqlConnectionStringBuilder(installation.WorkerSettings()["ConnectionStrings:integrations"]);
        await using var proxy = new PausableProxy(database.Host!, database.Port);
        (database.Host, database.Port) = ("127.0.0.1", proxy.Port);
        await using var cutOff = await TestWorker.StartAsync(installation, ("ConnectionStrings:integrations", database.ConnectionString));
        var account = await installation.Customer.ConnectAsync("anna");
        var anna = PeerRef.User(installation.Telegram.PhoneOf("anna").Owner.Id);

        // Its socket to Telegram is in order; only the right to use it runs out, by its own clock.
        proxy.Hold();
        await using var other = await TestWorker.StartAsync(installation);
        var message = await installation.Customer.SendAsync(account, "boris", "From the new owner");
        await installation.Customer.UntilMessageAsync(message, "delivered");
        installation.Telegram.PhoneOf("boris").Send(anna, "To the new owner");
        await installation.Customer.UntilStoredAsync(account, "To the new owner");
        proxy.Release();

        await Eventually.BecomesAsync(
            "both are there again", _ => installation.ScalarAsync<long>("select count(*) from workers where heartbeat_at > now() - interval '3 s'"), count => count == 2);
        var last = await installation.Customer.SendAsync(account, "boris", "And after");
        await installation.Customer.UntilMessageAsync(last, "delivered");
        Assert.Single(await installation.Customer.StoredAsync(account, "To the new owner"));
        Assert.Equal(
            ["From the new owner", "And after"],
            installation.Telegram.PhoneOf("boris").Messages(anna).Where(m => !m.Out).Select(m => m.Text));
        Assert.Empty(installation.Telegram.Faults.Violations);
    }

    [Fact]
    public async Task A_worker_that_is_cut_off_in_the_middle_of_a_write_does_not_keep_its_shard()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        var database = new NpgsqlConnectionStringBuilder(installation.WorkerSettings()["ConnectionStrings:integrations"]);
        await using var proxy = new PausableProxy(database.Host!, database.Port);
        (database.Host, database.Port) = ("127.0.0.1", proxy.Port);
        await using var cutOff = await TestWorker.StartAsync(installation, ("ConnectionStrings:integrations", database.ConnectionString));
        var account = await installation.Customer.ConnectAsync("anna");

        // What comes in moves the account's position, whose row is locked: the write waits inside its transaction, and with it the shard's lock.
        await using var blocking = await installation.Admin.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using (var transaction = await blocking.BeginTransactionAsync(TestContext.Current.CancellationToken))
        {
            await using (var position = new NpgsqlCommand($"select from telegram_update_states where account_id = '{account}' for update", blocking, transaction))
                await position.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
            installation.Telegram.PhoneOf("boris").Send(PeerRef.User(installation.Telegram.PhoneOf("anna").Owner.Id), "To whoever is there");
            await Eventually.BecomesAsync("a write of the worker waits", _ => installation.WaitingSessionsAsync(), count => count > 0);
            proxy.Hold();
        }

        await using var other = await TestWorker.StartAsync(installation);

        await installation.Customer.UntilMessageAsync(await installation.Customer.SendAsync(account, "boris", "From the new owner"), "delivered");
        Assert.Single(await installation.Customer.UntilStoredAsync(account, "To whoever is there"));
        proxy.Release();
        Assert.Empty(installation.Telegram.Faults.Violations);
    }

    [Fact]
    public async Task A_process_that_is_stopped_for_half_a_minute_and_goes_on_sends_not_one_byte_more()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var first = await WorkerProcess.StartAsync(installation);
        var account = await installation.Customer.ConnectAsync("anna");
        var shard = Shards.ShardOf(account, TestInstallation.ShardCount);
        var firstId = await installation.ScalarAsync<Guid>($"select owner from shards where id = {shard}");
        await using var second = await WorkerProcess.StartAsync(installation);
        await Eventually.BecomesAsync("two workers live", _ => installation.ScalarAsync<long>("select count(*) from workers"), count => count == 2);
        var preferred = Shards.Preferred(shard, (await installation.ScalarAsync<Guid[]>("select array_agg(id) from workers"))!);
        await Eventually.BecomesAsync(
            "the shard is where it belongs", _ => installation.ScalarAsync<Guid>($"select owner from shards where id = {shard}"), owner => owner == preferred);
        var anna = PeerRef.User(installation.Telegram.PhoneOf("anna").Owner.Id);
        await installation.Customer.UntilMessageAsync(await installation.Customer.SendAsync(account, "boris", "Before"), "delivered");
        var owner = preferred == firstId ? first : second;

        var stopped = TimeProvider.System.GetTimestamp();
        owner.Signal("STOP");
        await installation.Customer.UntilMessageAsync(await installation.Customer.SendAsync(account, "boris", "Meanwhile"), "delivered");
        installation.Telegram.PhoneOf("boris").Send(anna, "Is it you?");
        await installation.Customer.UntilStoredAsync(account, "Is it you?");
        await Eventually.BecomesAsync(
            "half a minute has passed", _ => Task.FromResult(TimeProvider.System.GetElapsedTime(stopped)), passed => passed > TimeSpan.FromSeconds(30));
        owner.Signal("CONT");

        await Eventually.BecomesAsync(
            "the one that was stopped lives again", _ => installation.ScalarAsync<long>("select count(*) from workers where heartbeat_at > now() - interval '3 s'"), count => count == 2);
        await installation.Customer.UntilMessageAsync(await installation.Customer.SendAsync(account, "boris", "After"), "delivered");
        Assert.Equal(["Before", "Meanwhile", "After"], installation.Telegram.PhoneOf("boris").Messages(anna).Where(m => !m.Out).Select(m => m.Text));
        Assert.Single(await installation.Customer.StoredAsync(account, "Is it you?"));
        Assert.Empty(installation.Telegram.Faults.Violations);
    }
}
