using System.Text.Json.Nodes;
using Integrations.Testing;

namespace Integrations.Workers.Tests.Bots;

public sealed class BotSendTests(Servers servers) : IAsyncLifetime
{
    private const long Boris = 1_000_002;
    private const long Group = -1_000_000_003_001;

    private TestInstallation _installation = null!;
    private ScriptedBotApi _api = null!;
    private TestBot _bot = null!;

    public async ValueTask InitializeAsync()
    {
        _installation = await TestInstallation.StartAsync(servers);
        _api = await ScriptedBotApi.StartAsync();
        _bot = await TestBot.ConnectAsync(_installation, "telegram");
    }

    public async ValueTask DisposeAsync()
    {
        await _api.DisposeAsync();
        await _installation.DisposeAsync();
    }

    [Fact]
    public async Task A_text_is_sent_by_the_bots_token_and_delivered_with_Telegrams_number()
    {
        await using var worker = await WorkerAsync();

        var message = await _bot.SendAsync(Boris, "Good morning");

        var seen = await _bot.UntilMessageAsync(message, "delivered");
        Assert.Equal(("telegram_bot_out", 101, 1), (seen.Direction, seen.TelegramId, seen.Attempts));
        var sent = Assert.Single(_api.Sent);
        Assert.Equal((_bot.Token, Boris, "Good morning"), (sent.Token, sent.ChatId, sent.Text));
        Assert.Equal(["1"], await RowsAsync($"select messages_sent from integrations where id = '{_bot.Id}'"));
        Assert.Equal(["telegram_bot 1 1 0 0"], await RowsAsync("select concat_ws(' ', channel, accepted, delivered, failed, in_flight) from doors.message_balance()"));
        Assert.Equal(["success"], await RowsAsync($"select status from integration_logs where action = 'bot.send_message' and details ->> 'message_id' = '{message}'"));
    }

    [Fact]
    public async Task Texts_into_one_chat_go_in_their_order_and_one_a_second()
    {
        await using var worker = await WorkerAsync(null, ("Bots:PollInterval", "00:00:15"));

        Guid last = default;
        foreach (var i in Enumerable.Range(1, 4))
            last = await _bot.SendAsync(Boris, $"{i}");

        var seen = await _bot.UntilMessageAsync(last, "delivered");
        var sent = _api.Sent.ToArray();
        Assert.Equal(["1", "2", "3", "4"], sent.Select(text => text.Text));
        // Three seconds lie between the first and the last; on its way the first one lost some time to the new connection.
        Assert.True(sent[3].At - sent[0].At > TimeSpan.FromSeconds(2.3));
        // What was held back goes when its time has come, not at the next poll.
        Assert.True(sent[3].At - sent[0].At < TimeSpan.FromSeconds(12));
        // Waiting for its turn is no try.
        Assert.Equal(1, seen.Attempts);
    }

    [Fact]
    public async Task One_bot_sends_at_most_thirty_texts_a_second()
    {
        await using var worker = await WorkerAsync();

        Guid last = default;
        foreach (var i in Enumerable.Range(1, 45))
            last = await _bot.SendAsync(Boris + i, "To many");
        await Eventually.BecomesAsync("all are delivered", _ => CountAsync("delivered"), count => count == 45);

        var sent = _api.Sent.OrderBy(text => text.At).ToArray();
        Assert.Equal(45, sent.Length);
        Assert.True(sent[44].At - sent[14].At > TimeSpan.FromSeconds(0.9));
    }

    [Fact]
    public async Task A_429_holds_back_its_chat_for_as_long_as_Telegram_asks()
    {
        var refused = 0;
        _api.Script = (text, _) => Task.FromResult(
            text.ChatId == Group && Interlocked.Increment(ref refused) == 1
                ? ScriptedBotApi.Refusal(429, "Too Many Requests: retry after 3", new JsonObject { ["retry_after"] = 3 })
                : null);
        await using var worker = await WorkerAsync();

        var first = await _bot.SendAsync(Group, "First");
        await Eventually.BecomesAsync("it was refused", _ => Task.FromResult(Volatile.Read(ref refused)), count => count == 1);
        var second = await _bot.SendAsync(Group, "Second");
        var other = await _bot.SendAsync(Boris, "Elsewhere");

        await _bot.UntilMessageAsync(other, "delivered", TimeSpan.FromSeconds(2.5));
        await _bot.UntilMessageAsync(first, "delivered");
        await _bot.UntilMessageAsync(second, "delivered");
        var sent = _api.Sent.Where(text => text.ChatId == Group).ToArray();
        Assert.Equal(["First", "First", "Second"], sent.Select(text => text.Text));
        Assert.True(sent[1].At - sent[0].At > TimeSpan.FromSeconds(2.9));
    }

    [Fact]
    public async Task A_bot_that_was_blocked_fails_with_the_reason_and_the_dialog_shows_it()
    {
        _api.Script = (_, _) => Task.FromResult<JsonObject?>(ScriptedBotApi.Refusal(403, "Forbidden: bot was blocked by the user"));
        await using var worker = await WorkerAsync();

        var seen = await _bot.UntilMessageAsync(await _bot.SendAsync(Boris, "Hello?"), "failed");

        Assert.Equal("TG_PEER_FORBIDDEN", seen.ErrorCode);
        Assert.Equal(["t"], await RowsAsync($"select left((blocked_at is not null)::text, 1) from dialogs where bot_id = '{_bot.Id}'"));
    }

    [Fact]
    public async Task A_group_that_became_a_supergroup_is_followed_there()
    {
        _api.Script = (text, _) => Task.FromResult(
            text.ChatId == -77
                ? ScriptedBotApi.Refusal(400, "Bad Request: group chat was upgraded to a supergroup chat", new JsonObject { ["migrate_to_chat_id"] = Group })
                : null);
        await using var worker = await WorkerAsync();

        var message = await _bot.SendAsync(-77, "Where are you?");

        await _bot.UntilMessageAsync(message, "delivered");
        Assert.Equal([-77, Group], _api.Sent.Select(text => text.ChatId));
        Assert.Equal(["channel 3001"], await RowsAsync($"select peer_kind || ' ' || peer_id from dialogs d join messages m on m.dialog_id = d.id where m.id = '{message}'"));
    }

    [Fact]
    public async Task A_revoked_token_fails_the_message_and_stops_the_bot()
    {
        _api.Script = (_, _) => Task.FromResult<JsonObject?>(ScriptedBotApi.Refusal(401, "Unauthorized"));
        await using var worker = await WorkerAsync();

        var seen = await _bot.UntilMessageAsync(await _bot.SendAsync(Boris, "Hello?"), "failed");

        Assert.Equal("TG_BOT_TOKEN_INVALID", seen.ErrorCode);
        Assert.Equal(["error TG_BOT_TOKEN_INVALID"], await RowsAsync($"select status || ' ' || last_error_code from integrations where id = '{_bot.Id}'"));
    }

    [Fact]
    public async Task A_connection_that_never_came_about_is_tried_again()
    {
        var address = _api.Address;
        await _api.DisposeAsync();
        await using var worker = await WorkerAsync(address, ("Bots:FirstRetryDelay", "00:00:00.1"));

        var message = await _bot.SendAsync(Boris, "Anybody there?");

        await Eventually.BecomesAsync("it is tried again", _ => _installation.Customer.MessageAsync(message), seen => seen is { Attempts: > 1, ErrorCode: "TG_UNAVAILABLE" });
        Assert.NotEqual("failed", (await _installation.Customer.MessageAsync(message)).Status);
        _api = await ScriptedBotApi.StartAsync();
    }

    [Fact]
    public async Task A_connection_that_broke_after_the_request_leaves_the_outcome_unknown_until_somebody_sends_again()
    {
        var broken = false;
        _api.Script = (_, context) =>
        {
            if (!broken)
            {
                broken = true;
                context.Abort();
            }

            return Task.FromResult<JsonObject?>(null);
        };
        await using var worker = await WorkerAsync();

        var message = await _bot.SendAsync(Boris, "Did it come?");

        Assert.Equal("OUTCOME_UNKNOWN", (await _bot.UntilMessageAsync(message, "failed")).ErrorCode);
        Assert.Single(_api.Sent);
        await _bot.RetryAsync(message);
        await _bot.UntilMessageAsync(message, "delivered");
        Assert.Equal(2, _api.Sent.Count);
    }

    [Fact]
    public async Task What_a_dead_worker_was_sending_is_not_sent_again_by_the_next()
    {
        var hold = new TaskCompletionSource();
        _api.Script = async (_, context) =>
        {
            await hold.Task.WaitAsync(context.RequestAborted);
            return null;
        };
        var first = await WorkerAsync();
        var message = await _bot.SendAsync(Boris, "Did it come?");
        var behind = await _bot.SendAsync(Boris, "Behind it");
        await Eventually.BecomesAsync("the request is there", _ => Task.FromResult(_api.Sent.Count), count => count == 1);
        await first.KillAsync();
        hold.SetResult();

        await using var second = await WorkerAsync();

        Assert.Equal("OUTCOME_UNKNOWN", (await _bot.UntilMessageAsync(message, "failed")).ErrorCode);
        await _bot.UntilMessageAsync(behind, "delivered");
        Assert.Equal(["Did it come?", "Behind it"], _api.Sent.Select(text => text.Text));
    }

    [Fact]
    public async Task A_worker_that_stops_ends_what_it_is_sending()
    {
        var hold = new TaskCompletionSource();
        _api.Script = async (_, context) =>
        {
            await hold.Task.WaitAsync(context.RequestAborted);
            return null;
        };
        var worker = await WorkerAsync();
        var message = await _bot.SendAsync(Boris, "Before you go");
        await Eventually.BecomesAsync("the request is there", _ => Task.FromResult(_api.Sent.Count), count => count == 1);

        var stopping = worker.StopAsync();
        hold.SetResult();
        await stopping;

        Assert.Equal("delivered", (await _installation.Customer.MessageAsync(message)).Status);
    }

    [Fact]
    public async Task What_a_deleted_bot_was_to_send_fails()
    {
        var message = await _bot.SendAsync(Boris, "Too late");
        await _bot.ExecuteAsync($"update telegram_bots set deleted_at = now(), token_sealed = null, is_active = false where id = '{_bot.Id}'");

        await using var worker = await WorkerAsync();

        Assert.Equal("BOT_NOT_ACTIVE", (await _bot.UntilMessageAsync(message, "failed")).ErrorCode);
        Assert.Empty(_api.Sent);
    }

    [Fact]
    public async Task An_answer_names_the_message_that_it_answers()
    {
        await using var worker = await WorkerAsync();
        await _bot.BringAsync(TestBot.Message(Boris, 7, "A question"));
        await _bot.UntilProcessedAsync();
        var question = Guid.Parse((await RowsAsync($"select id from messages where bot_id = '{_bot.Id}'"))[0]);

        await _bot.UntilMessageAsync(await _bot.SendAsync(Boris, "An answer", question), "delivered");

        Assert.Equal(7, Assert.Single(_api.Sent).ReplyTo);
    }

    private Task<TestWorker> WorkerAsync(string? address = null, params IEnumerable<(string, string?)> settings) =>
        TestWorker.StartAsync(_installation, [("TelegramBots:ApiAddress", address ?? _api.Address), .. settings]);

    private Task<IReadOnlyList<string>> RowsAsync(string sql) => _installation.Customer.RowsAsync(sql);

    private Task<long> CountAsync(string status) => _installation.ScalarAsync<long>($"select count(*) from messages where bot_id = '{_bot.Id}' and status = '{status}'");
}
