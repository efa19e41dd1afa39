using Integrations.Core.Ownership;
using Integrations.Sandbox.Telegram.World;
using Integrations.Testing;

namespace Integrations.Workers.Tests.Ownership;

public sealed class HandOverTests(Servers servers)
{
    [Fact]
    public async Task Two_workers_share_the_accounts_and_each_account_has_one_connection()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var first = await TestWorker.StartAsync(installation);
        var anna = await installation.Customer.ConnectAsync("anna");
        var boris = await installation.Customer.ConnectAsync("boris");
        var egor = await installation.Customer.ConnectAsync("egor");

        await using var second = await TestWorker.StartBesideAsync(installation, first, anna);
        var share = Enumerable.Range(0, TestInstallation.ShardCount).Select(shard => Shards.Preferred(shard, [first.Id, second.Id])!.Value).ToArray();
        await Eventually.BecomesAsync(
            "each holds its share",
            _ => installation.ScalarAsync<Guid[]>("select array_agg(owner order by id) from shards where lease_until > now()"),
            owners => owners is not null && owners.SequenceEqual(share));

        foreach (var (account, text) in new[] { (anna, "from Anna"), (boris, "from Boris"), (egor, "from Egor") })
            await installation.Customer.UntilMessageAsync(await installation.Customer.SendAsync(account, "zoya", text), "delivered");
        await Eventually.BecomesAsync("three connections are open", _ => Task.FromResult(installation.Telegram.OpenConnections), count => count == 3);
        Assert.Empty(installation.Telegram.Faults.Violations);
    }

    [Fact]
    public async Task A_stopped_worker_hands_over_at_once_and_nothing_is_lost_or_doubled()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        var first = await TestWorker.StartAsync(installation);
        var account = await installation.Customer.ConnectAsync("anna");
        await using var second = await TestWorker.StartAsync(installation);

        List<Guid> messages = [];
        for (var i = 0; i < 20; i++)
        {
            messages.Add(await installation.Customer.SendAsync(account, "boris", $"number {i}"));
            if (i == 10)
                await first.StopAsync();
        }

        foreach (var message in messages)
            await installation.Customer.UntilMessageAsync(message, "delivered");
        var anna = PeerRef.User(installation.Telegram.PhoneOf("anna").Owner.Id);
        var seen = installation.Telegram.PhoneOf("boris").Messages(anna).Select(m => m.Text).Where(text => text.StartsWith("number", StringComparison.Ordinal));
        Assert.Equal(Enumerable.Range(0, 20).Select(i => $"number {i}"), seen);
        Assert.Empty(installation.Telegram.Faults.Violations);
    }
}
