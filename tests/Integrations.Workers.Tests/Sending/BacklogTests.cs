using Integrations.Sandbox.Telegram.World;
using Integrations.Testing;

namespace Integrations.Workers.Tests.Sending;

public sealed class BacklogTests(Servers servers)
{
    [Fact]
    public async Task What_has_come_together_in_one_dialog_goes_out_in_order_without_waiting_for_the_poll()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        Guid account;
        await using (await TestWorker.StartAsync(installation))
            account = await installation.Customer.ConnectAsync("anna");
        var texts = Enumerable.Range(1, 10).Select(n => $"number {n}").ToArray();
        var last = Guid.Empty;
        foreach (var text in texts)
            last = await installation.Customer.SendAsync(account, "boris", text);

        // Nobody listened when it rang for them, and nobody looks by itself in time.
        await using var worker = await TestWorker.StartAsync(installation, ("Accounts:ClaimInterval", "00:01:00"));

        await installation.Customer.UntilMessageAsync(last, "delivered", TimeSpan.FromSeconds(60));
        var anna = PeerRef.User(installation.Telegram.PhoneOf("anna").Owner.Id);
        Assert.Equal(texts, installation.Telegram.PhoneOf("boris").Messages(anna).Where(message => !message.Out).Select(message => message.Text));
    }
}
