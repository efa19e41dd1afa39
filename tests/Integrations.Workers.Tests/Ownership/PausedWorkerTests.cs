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
        await installation.Customer.UntilMessageAsync(message, "delivered", TimeSpan.FromSeconds(20));
        installation.Telegram.PhoneOf("boris").Send(anna, "To the new owner");
        await installation.Customer.UntilStoredAsync(account, "To the new owner");
        proxy.Release();

        await Eventually.BecomesAsync(
            "both are there again", _ => installation.ScalarAsync<long>("select count(*) from workers where heartbeat_at > now() - interval '1 s'"), count => count == 2);
        var last = await installation.Customer.SendAsync(account, "boris", "And after");
        await installation.Customer.UntilMessageAsync(last, "delivered", TimeSpan.FromSeconds(20));
        Assert.Single(await installation.Customer.StoredAsync(account, "To the new owner"));
        Assert.Equal(
            ["From the new owner", "And after"],
            installation.Telegram.PhoneOf("boris").Messages(anna).Where(m => !m.Out).Select(m => m.Text));
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
        var anna = PeerRef.User(installation.Telegram.PhoneOf("anna").Owner.Id);
        // Delivered through whoever has the shard once the two have shared it out.
        await installation.Customer.UntilMessageAsync(await installation.Customer.SendAsync(account, "boris", "Before"), "delivered", TimeSpan.FromSeconds(20));
        var owner = await installation.ScalarAsync<Guid>($"select owner from shards where id = {shard}") == firstId ? first : second;

        var stopped = TimeProvider.System.GetTimestamp();
        owner.Signal("STOP");
        await installation.Customer.UntilMessageAsync(await installation.Customer.SendAsync(account, "boris", "Meanwhile"), "delivered", TimeSpan.FromSeconds(20));
        installation.Telegram.PhoneOf("boris").Send(anna, "Is it you?");
        await installation.Customer.UntilStoredAsync(account, "Is it you?");
        await Eventually.BecomesAsync(
            "half a minute has passed", _ => Task.FromResult(TimeProvider.System.GetElapsedTime(stopped)), passed => passed > TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(31));
        owner.Signal("CONT");

        await Eventually.BecomesAsync(
            "the one that was stopped lives again", _ => installation.ScalarAsync<long>("select count(*) from workers where heartbeat_at > now() - interval '1 s'"), count => count == 2);
        await installation.Customer.UntilMessageAsync(await installation.Customer.SendAsync(account, "boris", "After"), "delivered", TimeSpan.FromSeconds(20));
        Assert.Equal(["Before", "Meanwhile", "After"], installation.Telegram.PhoneOf("boris").Messages(anna).Where(m => !m.Out).Select(m => m.Text));
        Assert.Single(await installation.Customer.StoredAsync(account, "Is it you?"));
        Assert.Empty(installation.Telegram.Faults.Violations);
    }
}
