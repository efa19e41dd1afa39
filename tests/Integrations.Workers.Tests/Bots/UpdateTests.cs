using System.Text.Json.Nodes;
using Integrations.Core.Ownership;
using Integrations.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Integrations.Workers.Tests.Bots;

public sealed class UpdateTests(Servers servers)
{
    private const long Boris = 1_000_002;
    private const long Group = -1_000_000_003_001;

    [Fact]
    public async Task What_a_person_writes_to_a_bot_becomes_a_dialog_a_message_and_an_event()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        var bot = await TestBot.ConnectAsync(installation);
        await using var worker = await TestWorker.StartAsync(installation);

        await bot.BringAsync(TestBot.Message(Boris, 7, "Good morning"));

        await bot.UntilProcessedAsync();
        Assert.Equal(
            ["received telegram_bot_in Good morning 7 user 1000002"],
            await installation.Customer.RowsAsync(
                $"select concat_ws(' ', status, direction, text, telegram_message_id, from_peer_kind, from_peer_id) from messages where bot_id = '{bot.Id}'"));
        Assert.Equal(
            ["telegram_bot user 1000002 boris Boris Belov 1"],
            await installation.Customer.RowsAsync($"select concat_ws(' ', source, peer_kind, peer_id, username, title, unread_count) from dialogs where bot_id = '{bot.Id}'"));
        Assert.Equal(
            ["dialog.updated", "message.created"],
            await installation.Customer.RowsAsync(
                $"select type from (select type, bot_id, user_id from outbox union all select type, bot_id, user_id from events) e where bot_id = '{bot.Id}' and user_id is null order by 1"));
        Assert.Equal(["1 t"], await installation.Customer.RowsAsync($"select messages_received || ' ' || left((last_activity is not null)::text, 1) from integrations where id = '{bot.Id}'"));
        Assert.Equal(["t"], await installation.Customer.RowsAsync($"select left((payload is null)::text, 1) from telegram_bot_updates where bot_id = '{bot.Id}'"));
    }

    [Fact]
    public async Task Who_writes_opens_the_dialog_that_was_closed_and_the_event_says_so()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        var bot = await TestBot.ConnectAsync(installation);
        await using var worker = await TestWorker.StartAsync(installation);
        await bot.BringAsync(TestBot.Message(Boris, 7, "Good morning"));
        await bot.UntilProcessedAsync();
        await installation.ScalarAsync<object>($"update dialogs set closed_at = now() where bot_id = '{bot.Id}'");

        await bot.BringAsync(TestBot.Message(Boris, 8, "One thing more"));

        await bot.UntilProcessedAsync();
        Assert.Equal(["t"], await installation.Customer.RowsAsync($"select left((closed_at is null)::text, 1) from dialogs where bot_id = '{bot.Id}'"));
        Assert.Equal(["null 1", "null 2"], await installation.Customer.RowsAsync(
            $"select (data -> 'closed_at')::text || ' ' || (data ->> 'unread_count') from (select type, bot_id, data from outbox union all select type, bot_id, data from events) e where bot_id = '{bot.Id}' and type = 'dialog.updated' order by 1"));
    }

    [Fact]
    public async Task The_same_message_in_a_second_update_is_stored_and_counted_once()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        var bot = await TestBot.ConnectAsync(installation);
        await bot.StoreAsync(TestBot.Message(Boris, 7, "Once"), TestBot.Message(Boris, 7, "Once"));
        await using var worker = await TestWorker.StartAsync(installation);
        await bot.UntilProcessedAsync();

        await bot.BringAsync(TestBot.Message(Boris, 7, "Once"));
        await bot.UntilProcessedAsync();

        Assert.Equal(["Once"], await bot.TextsAsync());
        Assert.Equal(["1"], await installation.Customer.RowsAsync($"select unread_count from dialogs where bot_id = '{bot.Id}'"));
        Assert.Equal(["1"], await installation.Customer.RowsAsync($"select messages_received from integrations where id = '{bot.Id}'"));
    }

    [Fact]
    public async Task Each_chat_keeps_its_order_over_many_batches()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        var bot = await TestBot.ConnectAsync(installation);
        await bot.StoreAsync(Enumerable.Range(1, 60).SelectMany(i => new[] { TestBot.Message(Boris, i, $"b{i:00}"), TestBot.Message(Group, i, $"g{i:00}") }));

        await using var worker = await TestWorker.StartAsync(installation, ("Bots:UpdateBatch", "7"));

        await bot.UntilProcessedAsync();
        Assert.Equal(Enumerable.Range(1, 60).Select(i => $"b{i:00}"), await bot.TextsAsync("and text like 'b%'"));
        Assert.Equal(Enumerable.Range(1, 60).Select(i => $"g{i:00}"), await bot.TextsAsync("and text like 'g%'"));
        Assert.Equal(["channel 3001 Shop"], await installation.Customer.RowsAsync(
            $"select concat_ws(' ', peer_kind, peer_id, title) from dialogs where bot_id = '{bot.Id}' and title = 'Shop'"));
    }

    [Fact]
    public async Task An_update_that_cannot_be_processed_holds_back_its_own_chat_alone()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        var bot = await TestBot.ConnectAsync(installation);
        await bot.StoreAsync(TestBot.Message(Boris, 1, "Before"), TestBot.Poison(Boris), TestBot.Message(Boris, 3, "Behind"), TestBot.Message(Group, 1, "Beside"));
        await using var worker = await TestWorker.StartAsync(installation, ("Bots:FirstRetryDelay", "00:10:00"), ("Bots:MaxRetryDelay", "00:10:00"));
        await Eventually.BecomesAsync("the other chat goes on", _ => bot.TextsAsync(), texts => texts.Contains("Beside"));

        await bot.BringAsync(TestBot.Message(Boris, 4, "Later"), TestBot.Message(Group, 2, "Beside again"));

        await Eventually.BecomesAsync("the other chat goes on again", _ => bot.TextsAsync(), texts => texts.Contains("Beside again"));
        Assert.Equal(["Before", "Beside", "Beside again"], await bot.TextsAsync());
        Assert.Equal(["1"], await installation.Customer.RowsAsync($"select attempts from telegram_bot_updates where bot_id = '{bot.Id}' and error is not null"));
    }

    [Fact]
    public async Task An_update_that_never_can_be_processed_is_given_up_and_its_chat_goes_on_in_order()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        var bot = await TestBot.ConnectAsync(installation);
        await bot.StoreAsync(TestBot.Message(Boris, 1, "Before"), TestBot.Poison(Boris), TestBot.Message(Boris, 3, "Behind"), TestBot.Message(Boris, 4, "Later"));

        await using var worker = await TestWorker.StartAsync(installation, ("Bots:FirstRetryDelay", "00:00:00.05"), ("Bots:PollInterval", "00:00:00.1"));

        await bot.UntilProcessedAsync();
        Assert.Equal(["Before", "Behind", "Later"], await bot.TextsAsync());
        Assert.Equal(
            ["5 JsonException at $.message.message_id t"],
            await installation.Customer.RowsAsync(
                $"select concat_ws(' ', attempts, error, left((payload is null)::text, 1)) from telegram_bot_updates where bot_id = '{bot.Id}' and error is not null"));
    }

    [Fact]
    public async Task A_flood_into_one_bot_holds_up_no_other_bot()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        var flooded = await TestBot.ConnectAsync(installation);
        TestBot quiet;
        do
        {
            quiet = await TestBot.ConnectAsync(installation);
        }
        while (quiet.Shard != flooded.Shard);
        await flooded.StoreAsync(Enumerable.Range(1, 400).Select(i => TestBot.Message(Boris + i, i, "Flood")));
        await quiet.StoreAsync(TestBot.Message(Boris, 1, "Hello?"));

        await using var worker = await TestWorker.StartAsync(installation, ("Bots:UpdateBatch", "20"));

        await flooded.UntilProcessedAsync();
        Assert.Equal(
            ["t"],
            await installation.Customer.RowsAsync(
                $"select left((count(*) <= 20)::text, 1) from messages f where f.bot_id = '{flooded.Id}' and f.seq < (select q.seq from messages q where q.bot_id = '{quiet.Id}')"));
    }

    [Fact]
    public async Task An_edit_changes_the_text_and_is_told()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        var bot = await TestBot.ConnectAsync(installation);
        await using var worker = await TestWorker.StartAsync(installation);
        await bot.BringAsync(TestBot.Message(Boris, 7, "Good mornnig"));
        await bot.UntilProcessedAsync();
        var edit = TestBot.Message(Boris, 7, "Good morning");

        await bot.BringAsync(
            new JsonObject { ["edited_message"] = edit["message"]!.DeepClone() },
            new JsonObject { ["edited_message"] = TestBot.Message(Boris, 6, "From before the bot was connected")["message"]!.DeepClone() });

        await bot.UntilProcessedAsync();
        Assert.Equal(["Good morning"], await bot.TextsAsync());
        Assert.Equal(["Good morning"], await installation.Customer.RowsAsync(
            $"select data ->> 'text' from (select type, bot_id, data from outbox union all select type, bot_id, data from events) e where bot_id = '{bot.Id}' and type = 'message.updated'"));
    }

    [Fact]
    public async Task Media_without_words_are_stored_as_their_kind_and_service_messages_not_at_all()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        var bot = await TestBot.ConnectAsync(installation);
        await using var worker = await TestWorker.StartAsync(installation);

        await bot.BringAsync(
            With(1, "photo", new JsonArray()), With(2, "voice", new JsonObject(), caption: "Listen"), With(3, "new_chat_title", "Shop"),
            new JsonObject { ["callback_query"] = new JsonObject { ["id"] = "1" } });

        await bot.UntilProcessedAsync();
        Assert.Equal(["[photo]", "Listen"], await bot.TextsAsync());

        static JsonObject With(int id, string kind, JsonNode content, string? caption = null)
        {
            var update = TestBot.Message(Boris, id, "");
            var message = update["message"]!.AsObject();
            message.Remove("text");
            message[kind] = content;
            if (caption is not null)
                message["caption"] = caption;
            return update;
        }
    }

    [Fact]
    public async Task A_bot_that_is_blocked_is_marked_in_the_dialog_until_it_is_let_in_again()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        var bot = await TestBot.ConnectAsync(installation);
        await using var worker = await TestWorker.StartAsync(installation);
        await bot.BringAsync(TestBot.Message(Boris, 1, "Hello"));
        await bot.UntilProcessedAsync();

        await bot.BringAsync(Membership("kicked"));
        await bot.UntilProcessedAsync();
        Assert.Equal(["t"], await BlockedAsync());

        await bot.BringAsync(Membership("member"));
        await bot.UntilProcessedAsync();
        Assert.Equal(["f"], await BlockedAsync());

        await bot.BringAsync(Membership("kicked"), TestBot.Message(Boris, 2, "I am back"));
        await bot.UntilProcessedAsync();
        await bot.BringAsync(TestBot.Message(Boris, 3, "Really"));
        await bot.UntilProcessedAsync();
        Assert.Equal(["f"], await BlockedAsync());

        Task<IReadOnlyList<string>> BlockedAsync() =>
            installation.Customer.RowsAsync($"select left((blocked_at is not null)::text, 1) from dialogs where bot_id = '{bot.Id}'");

        static JsonObject Membership(string status) => new()
        {
            ["my_chat_member"] = new JsonObject { ["chat"] = TestBot.ChatOf(Boris), ["date"] = 1_790_000_000, ["new_chat_member"] = new JsonObject { ["status"] = status } },
        };
    }

    [Fact]
    public async Task What_waits_when_a_worker_dies_is_processed_once_by_the_next()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        var bot = await TestBot.ConnectAsync(installation);
        var first = await TestWorker.StartAsync(installation, ("Bots:UpdateBatch", "5"));
        await bot.StoreAsync(Enumerable.Range(1, 600).Select(i => TestBot.Message(Boris, i, $"m{i:000}")));
        await installation.Customer.RingAsync(bot.Shard);
        await Eventually.BecomesAsync("some are processed", _ => bot.WaitingAsync(), count => count < 600);
        await first.KillAsync();
        Assert.NotEqual(0, await bot.WaitingAsync());

        await using var second = await TestWorker.StartAsync(installation);

        await bot.UntilProcessedAsync();
        Assert.Equal(Enumerable.Range(1, 600).Select(i => $"m{i:000}"), await bot.TextsAsync());
        Assert.Equal(["600"], await installation.Customer.RowsAsync($"select messages_received from integrations where id = '{bot.Id}'"));
    }

    [Fact]
    public async Task A_worker_whose_shard_has_passed_on_stores_nothing()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        var bot = await TestBot.ConnectAsync(installation);
        await using var worker = await TestWorker.StartAsync(installation);
        var leases = worker.Services.GetRequiredService<ShardLeases>();
        await Eventually.BecomesAsync("the shard is held", _ => Task.FromResult(leases.Held.Any(held => held.Shard == bot.Shard)), held => held);
        await bot.ExecuteAsync($"update shards set owner = gen_random_uuid(), epoch = epoch + 1, lease_until = clock_timestamp() + interval '1 hour' where id = {bot.Shard}");

        // The worker has not noticed yet.
        await bot.BringAsync(TestBot.Message(Boris, 1, "Too late"));

        await Eventually.BecomesAsync("the worker lets the shard go", _ => Task.FromResult(leases.Held.Any(held => held.Shard == bot.Shard)), held => !held);
        Assert.Empty(await bot.TextsAsync());
        Assert.Equal(1, await bot.WaitingAsync());
    }

    [Fact]
    public async Task A_ring_wakes_the_worker_long_before_its_poll()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        var bot = await TestBot.ConnectAsync(installation);
        await using var worker = await TestWorker.StartAsync(installation, ("Bots:PollInterval", "00:01:00"));
        await Eventually.BecomesAsync(
            "the shard is attended", _ => Task.FromResult(worker.Services.GetRequiredService<ShardLeases>().Held.Any(held => held.Shard == bot.Shard)), held => held);

        await Eventually.BecomesAsync(
            "a rung update is processed",
            async _ =>
            {
                await installation.Customer.RingAsync(bot.Shard);
                if (await bot.WaitingAsync() == 0 && (await bot.TextsAsync()).Count == 0)
                    await bot.BringAsync(TestBot.Message(Boris, 1, "Wake up"));
                return (await bot.TextsAsync()).Count;
            },
            count => count == 1,
            TimeSpan.FromSeconds(20));
    }
}
