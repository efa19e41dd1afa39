using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Integrations.Core.Telegram.Clients;
using Integrations.Sandbox.Telegram.World;
using Integrations.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Integrations.Workers.Tests.Accounts;

public sealed class MemoryTests(Servers servers)
{
    /// <summary>The requirement's limit, which is also the default.</summary>
    private const long Limit = 50_000_000;

    private readonly ConcurrentQueue<SwellingClient> _clients = new();

    [Fact]
    public async Task An_account_over_its_memory_limit_is_started_again_alone_and_loses_no_message()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await StartAsync(installation);
        var customer = installation.Customer;
        var anna = await customer.ConnectAsync("anna");
        var egor = await customer.ConnectAsync("egor");
        var clients = _clients.ToArray();
        Assert.Equal(2, clients.Length);
        clients[1].Extra = Limit - 1_000_000;
        List<Guid> messages = [await customer.SendAsync(anna, "boris", "number 0"), await customer.SendAsync(egor, "boris", "from Egor")];
        // From here on it is known whose name that is: what is sent to the name and what he writes are one dialog, and keep one order.
        await customer.UntilMessageAsync(messages[0], "delivered");

        clients[0].Extra = Limit;
        for (var i = 1; i < 10; i++)
        {
            messages.Add(await customer.SendAsync(anna, "boris", $"number {i}"));
            Write(installation, "boris", "anna", $"answer {i}");
        }

        await Eventually.BecomesAsync("Anna has another client", _ => Task.FromResult(_clients.Count), count => count == 3);
        Assert.True(clients[0].IsDisposed);
        foreach (var message in messages)
            await customer.UntilMessageAsync(message, "delivered");
        for (var i = 1; i < 10; i++)
            Assert.Single(await customer.UntilStoredAsync(anna, $"answer {i}"));
        var boris = installation.Telegram.PhoneOf("boris").Messages(PeerRef.User(installation.Telegram.PhoneOf("anna").Owner.Id));
        Assert.Equal(Enumerable.Range(0, 10).Select(i => $"number {i}"), boris.Where(message => !message.Out).Select(message => message.Text));

        Assert.Equal((3, false), (_clients.Count, clients[1].IsDisposed));
        Assert.Equal("active", (await customer.AccountAsync(anna)).Status);
        Assert.Empty(installation.Telegram.Faults.Violations);
    }

    [Fact]
    public async Task What_each_account_holds_is_a_gauge()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await StartAsync(installation);
        var anna = await installation.Customer.ConnectAsync("anna");
        var egor = await installation.Customer.ConnectAsync("egor");
        _clients.First().Extra = 1_000_000;

        // The row says active a moment before the owner begins to measure.
        var seen = await Eventually.BecomesAsync("both accounts are measured", _ => Task.FromResult(Measure(worker)), seen => seen.Count == 2);

        Assert.Equal(new HashSet<string> { $"{anna}", $"{egor}" }, [.. seen.Keys]);
        Assert.InRange(seen[$"{anna}"], 1_000_000, 2_000_000);
        // Well under a megabyte, which is what hosts are sized by.
        Assert.InRange(seen[$"{egor}"], 1, 1_000_000);
    }

    private Task<TestWorker> StartAsync(TestInstallation installation) =>
        TestWorker.StartAsync(
            installation,
            services => services.AddSingleton<CreateTelegramClient>(provider => settings =>
            {
                var client = new SwellingClient(
                    new MtprotoTelegramClient(settings, TimeProvider.System, provider.GetRequiredService<ILogger<MtprotoTelegramClient>>()));
                _clients.Enqueue(client);
                return client;
            }),
            ("Accounts:MemoryCheckInterval", "00:00:00.1"));

    private static Dictionary<string, long> Measure(TestWorker worker)
    {
        var factory = worker.Services.GetRequiredService<IMeterFactory>();
        Dictionary<string, long> seen = [];
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, all) =>
        {
            if (instrument.Name == "telegram_account_memory_bytes" && instrument.Meter.Scope == factory)
                all.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((_, value, tags, _) =>
        {
            foreach (var tag in tags)
            {
                if (tag.Key == "account_id")
                    seen[(string)tag.Value!] = value;
            }
        });
        listener.Start();
        listener.RecordObservableInstruments();
        return seen;
    }

    private static void Write(TestInstallation installation, string from, string to, string text) =>
        installation.Telegram.PhoneOf(from).Send(PeerRef.User(installation.Telegram.PhoneOf(to).Owner.Id), text);
}
