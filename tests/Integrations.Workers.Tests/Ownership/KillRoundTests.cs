using Integrations.Core.Telegram.Sending;
using Integrations.Sandbox.Telegram.World;
using Integrations.Testing;

namespace Integrations.Workers.Tests.Ownership;

public sealed class KillRoundTests(Servers servers)
{
    private const int MessagesInRound = 12;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Whenever_the_process_is_killed_every_message_arrives_once_and_in_order_both_ways()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        var customer = installation.Customer;
        var anna = PeerRef.User(installation.Telegram.PhoneOf("anna").Owner.Id);
        var boris = installation.Telegram.PhoneOf("boris");
        var random = new Random(20260718);
        var rounds = LongRun.Rounds(2, 30);
        List<string> sent = [], written = [];

        var worker = await WorkerProcess.StartAsync(installation);
        try
        {
            var account = await customer.ConnectAsync("anna");
            var last = Guid.Empty;
            for (var round = 0; round < rounds; round++)
            {
                // Between two messages of the round, and with whatever is under way at that moment.
                var fatal = random.Next(1, MessagesInRound);
                for (var n = 0; n < MessagesInRound; n++)
                {
                    if (n == fatal)
                        worker.Signal("KILL");
                    sent.Add($"out {round}.{n}");
                    last = await customer.AskToSendAsync(account, new Recipient(Username: "boris"), sent[^1]);
                    written.Add($"in {round}.{n}");
                    boris.Send(anna, written[^1]);
                }

                await worker.DisposeAsync();
                worker = await WorkerProcess.StartAsync(installation);
            }

            await customer.UntilMessageAsync(last, "delivered", Patience);
            await customer.UntilStoredAsync(account, written[^1], Patience);

            Assert.Equal(sent, boris.Messages(anna).Where(message => !message.Out).Select(message => message.Text));
            Assert.Equal(written, await customer.TextsAsync(account, "personal_telegram_in"));
            Assert.Equal(sent, await customer.TextsAsync(account, "personal_telegram_out"));
            Assert.Equal(0L, await installation.ScalarAsync<long>("select count(*) from messages where status not in ('delivered', 'received')"));
            Assert.Empty(installation.Telegram.Faults.Violations);
        }
        finally
        {
            await worker.DisposeAsync();
        }
    }
}
