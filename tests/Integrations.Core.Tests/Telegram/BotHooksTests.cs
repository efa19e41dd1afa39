using Integrations.Core.Secrets;
using Integrations.Core.Telegram.Bots;
using Integrations.Testing;

namespace Integrations.Core.Tests.Telegram;

/// <summary>Whose webhook an address is, asked by many at once.</summary>
public sealed class BotHooksTests(CoreDatabase database) : IClassFixture<CoreDatabase>, IDisposable
{
    private readonly TestClock _clock = new();
    // No token is asked for here, hence no key.
    private readonly DataKeys _keys = new(new DataKeyRows(database.WorkerTenants), [], new SecretsOptions(), TimeProvider.System);

    [Fact]
    public async Task Addresses_that_are_asked_for_at_once_lead_each_to_its_own_bot_and_a_stranger_nowhere()
    {
        var tenant = await database.AddTenantAsync();
        var bots = new List<Guid>();
        for (var shard = 0; shard < 20; shard++)
            bots.Add(await database.AddBotAsync(tenant, shard));
        var hooks = Hooks();

        // Each twice: whoever comes second waits for the same answer.
        var found = await Task.WhenAll(bots.Concat(bots).Select(bot => hooks.FindAsync(bot.ToString(), CancellationToken.None).AsTask()));
        var stranger = await hooks.FindAsync("nobody", CancellationToken.None);

        Assert.Equal(bots.Concat(bots), found.Select(hook => hook!.BotId));
        Assert.Equal(Enumerable.Range(0, 20), found.Take(20).Select(hook => hook!.Shard));
        Assert.Null(stranger);
    }

    [Fact]
    public async Task One_who_stops_waiting_ends_it_for_nobody_else()
    {
        var bot = await database.AddBotAsync(await database.AddTenantAsync());
        var hooks = Hooks();
        using var gone = new CancellationTokenSource();

        var left = hooks.FindAsync(bot.ToString(), gone.Token).AsTask();
        var stays = hooks.FindAsync(bot.ToString(), CancellationToken.None).AsTask();
        await gone.CancelAsync();

        Assert.Equal(bot, (await stays)!.BotId);
        await Record.ExceptionAsync(() => left);
    }

    [Fact]
    public async Task An_address_is_asked_for_again_once_its_memory_is_over()
    {
        var bot = await database.AddBotAsync(await database.AddTenantAsync());
        var hooks = Hooks();
        Assert.NotNull(await hooks.FindAsync(bot.ToString(), CancellationToken.None));
        await CoreDatabase.ExecuteAsync(database.Admin, $"update telegram_bots set is_active = false where id = '{bot}'");

        Assert.NotNull(await hooks.FindAsync(bot.ToString(), CancellationToken.None));
        _clock.Advance(new TelegramBotOptions().HookMemory);
        Assert.Null(await hooks.FindAsync(bot.ToString(), CancellationToken.None));
    }

    public void Dispose() => _keys.Dispose();

    private BotHooks Hooks() => new(database.ApiTenants, new EnvelopeProtector(_keys), new TelegramBotOptions(), _clock);
}
