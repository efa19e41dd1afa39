using Integrations.Core.Ownership;
using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Telegram.Bots;
using Integrations.Core.Telegram.WorkingGroups;
using Integrations.Core.Tenancy;
using Integrations.Testing;
using Integrations.Workers.Bots;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Integrations.Workers.Tests.Bots;

/// <summary>Storing what comes for bots, answering, and looking after them at the same time: whoever waits, nobody waits in a circle.</summary>
/// <remarks>A third session holds what makes them meet; PostgreSQL ends a circle by failing one of them, and so the test.</remarks>
public sealed class BotLockTests(Servers servers) : IAsyncLifetime
{
    public enum Way
    {
        Send,
        SendAgain,
        AnswerInTopic,
    }

    private const long Boris = 1_000_002;
    private const long Clara = 1_000_003;

    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;
    private TestInstallation _installation = null!;
    private TestWorker _host = null!;
    private TestBot _bot = null!;
    private ShardClaim _claim = null!;

    public async ValueTask InitializeAsync()
    {
        _installation = await TestInstallation.StartAsync(servers);
        _host = TestWorker.Create(_installation, static _ => { });
        _bot = await TestBot.ConnectAsync(_installation);
        _claim = new ShardClaim(
            _bot.Shard,
            await _installation.ScalarAsync<long>($"update shards set owner = gen_random_uuid(), epoch = epoch + 1, lease_until = 'infinity' where id = {_bot.Shard} returning epoch"));
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        await _installation.DisposeAsync();
    }

    /// <summary>Of two hosts one goes through the bots as they lie in their table, the other by an index: without an order of its own each count would take them in another one.</summary>
    [Fact]
    public async Task Two_counts_of_the_same_bots_take_them_in_one_order()
    {
        TestBot[] bots = [_bot, await BesideAsync(), await BesideAsync()];
        Array.Sort(bots, (a, b) => a.Id.CompareTo(b.Id));
        // Where they lie, the first comes last.
        foreach (var bot in bots.Reverse())
            await _installation.ExecuteAsync($"update integrations set last_activity = now() where id = '{bot.Id}'");
        foreach (var bot in bots)
            await bot.StoreAsync(TestBot.Message(Boris, 1, "To one"), TestBot.Message(Clara, 1, "To the other"));
        var updates = await ReadAsync();
        await using var asTheyLie = HostWith("-c enable_indexscan=off -c enable_bitmapscan=off");
        await using var byIndex = HostWith("-c enable_seqscan=off -c enable_bitmapscan=off");

        await using var held = await HeldRows.HoldAsync(_installation.Admin, $"select from integrations where id = '{bots[1].Id}' for update");
        var one = StoreAsync(asTheyLie, [.. updates.Where(update => update.Update.ChatId == Boris)]);
        await UntilWaitingAsync(1);
        var other = StoreAsync(byIndex, [.. updates.Where(update => update.Update.ChatId == Clara)]);
        await UntilWaitingAsync(2);
        await held.LetGoAsync();
        await Task.WhenAll(one, other);

        Assert.Equal(["2", "2", "2"], await _installation.Customer.RowsAsync("select messages_received from integrations"));
    }

    [Fact]
    public async Task A_bot_is_looked_after_while_its_messages_are_stored()
    {
        await using var held = await HoldNextMessageAsync();
        // Of two messages one opens a dialog, which holds the bot's row as far as its key goes; then the store waits at the other one.
        await _bot.StoreAsync(TestBot.Message(Clara, 1, "Good morning"), TestBot.Message(Boris, 2, "Is anybody there?"));
        var storing = StoreAsync(_host, await ReadAsync());
        await UntilWaitingAsync(1);

        var looking = LookAsync();
        await UntilDoneOrWaitingAsync(looking, 2);
        await held.LetGoAsync();
        await Task.WhenAll(storing, looking);

        Assert.Equal(["3"], await _installation.Customer.RowsAsync("select messages_received from integrations where status = 'active'"));
    }

    [Fact]
    public async Task A_dialog_is_answered_while_what_came_in_it_is_stored()
    {
        await using var held = await HoldNextMessageAsync();
        await _bot.StoreAsync(TestBot.Message(Boris, 2, "Is anybody there?"));
        var storing = StoreAsync(_host, await ReadAsync());
        await UntilWaitingAsync(1);

        // It has to wait for the dialog; what the store needs next it must not hold meanwhile.
        var answering = _bot.SendAsync(Boris, "Yes");
        await UntilDoneOrWaitingAsync(answering, 2);
        await held.LetGoAsync();
        await Task.WhenAll(storing, answering);

        Assert.Equal(["Hello", "Is anybody there?", "Yes"], await _bot.TextsAsync());
    }

    [Theory]
    [InlineData(Way.Send)]
    [InlineData(Way.SendAgain)]
    [InlineData(Way.AnswerInTopic)]
    public async Task A_bot_is_sent_by_while_it_is_looked_after(Way way)
    {
        var dialog = await OpenDialogAsync();
        var failed = await _bot.SendAsync(Boris, "Yes");
        await _installation.ExecuteAsync($"update messages set status = 'failed', error_code = 'TG_UNAVAILABLE', finished_at = now() where id = '{failed}'");
        var project = await GroupAsync();

        await using var held = await HeldRows.HoldAsync(_installation.Admin, $"select from integrations where id = '{_bot.Id}' for no key update");
        var looking = LookAsync();
        await UntilWaitingAsync(1);
        var sending = way switch
        {
            Way.Send => _bot.SendAsync(Boris, "Yes"),
            Way.SendAgain => _bot.RetryAsync(failed),
            _ => _host.Services.GetRequiredService<TenantDatabase>().InTenantAsync(
                _installation.Customer.Tenant,
                transaction => TopicAnswers.AcceptAsync(transaction, new TopicAnswer(project, dialog, 1, "Yes", null, 1, "Olga"), 100, TimeProvider.System.GetUtcNow(), _cancel),
                _cancel),
        };
        await UntilDoneOrWaitingAsync(sending, 2);
        await held.LetGoAsync();
        await Task.WhenAll(looking, sending);

        Assert.Equal(["pending"], await _installation.Customer.RowsAsync("select distinct status from messages where text = 'Yes' and status <> 'failed'"));
    }

    private Task StoreAsync(TestWorker host, ReadUpdate[] updates) => host.Services.GetRequiredService<UpdateStore>().StoreAsync(_claim, _installation.Customer.Tenant, updates, _cancel);

    /// <summary>As after a look at which Telegram was told the bot's address.</summary>
    private Task LookAsync() => BotLooks.WriteAsync(
        _host.Services.GetRequiredService<TenantDatabase>(), _installation.Customer.Tenant, _bot.Id, _claim, null, null, registered: true, null, TimeProvider.System.GetUtcNow(), _cancel);

    private async Task<ReadUpdate[]> ReadAsync() =>
        [.. (await _host.Services.GetRequiredService<UpdateQueue>().ReadAsync(_claim, World.Sandbox, 100, _cancel)).Select(update => new ReadUpdate(update, Happening.In(update.Payload)))];

    private async Task<Guid> OpenDialogAsync()
    {
        await _bot.StoreAsync(TestBot.Message(Boris, 1, "Hello"));
        await StoreAsync(_host, await ReadAsync());
        return await _installation.ScalarAsync<Guid>($"select id from dialogs where bot_id = '{_bot.Id}'");
    }

    /// <summary>Somebody is about to store the second message of a dialog, so that whoever stores it, too, waits in the middle of his work.</summary>
    private async Task<HeldRows> HoldNextMessageAsync()
    {
        await OpenDialogAsync();
        return await HeldRows.HoldAsync(
            _installation.Admin,
            $"""
             insert into messages (id, tenant_id, bot_id, dialog_id, shard, direction, status, text, telegram_message_id, finished_at)
             select gen_random_uuid(), tenant_id, bot_id, id, {_bot.Shard}, 'telegram_bot_in', 'received', 'never', 2, now() from dialogs where bot_id = '{_bot.Id}'
             """);
    }

    private async Task<Guid> GroupAsync()
    {
        var project = Customer.NewId();
        await _installation.ExecuteAsync(
            $"""
             insert into projects (id, tenant_id, name, mirroring) values ('{project}', '{_installation.Customer.Tenant}', 'Shop', true);
             insert into working_groups (project_id, tenant_id, shard, world) values ('{project}', '{_installation.Customer.Tenant}', 0, 'sandbox');
             """);
        return project;
    }

    private async Task<TestBot> BesideAsync()
    {
        TestBot bot;
        do
        {
            bot = await TestBot.ConnectAsync(_installation);
        }
        while (bot.Shard != _bot.Shard);

        await _installation.ExecuteAsync($"delete from integrations i using telegram_bots b where b.id = i.id and b.shard <> {_bot.Shard}");
        return bot;
    }

    private TestWorker HostWith(string options)
    {
        var connection = new NpgsqlConnectionStringBuilder(_installation.WorkerSettings()["ConnectionStrings:integrations"]) { Options = options };
        return TestWorker.Create(_installation, static _ => { }, ("ConnectionStrings:integrations", connection.ConnectionString));
    }

    private async Task UntilWaitingAsync(long sessions) =>
        await Eventually.BecomesAsync($"{sessions} wait for a row", _ => _installation.WaitingSessionsAsync(), count => count == sessions);

    private async Task UntilDoneOrWaitingAsync(Task work, long sessions) => await Eventually.BecomesAsync(
        "it is done, or waits, too", async _ => work.IsCompleted || await _installation.WaitingSessionsAsync() == sessions, done => done);
}
