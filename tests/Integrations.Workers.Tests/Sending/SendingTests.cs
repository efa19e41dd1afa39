using Integrations.Sandbox.Telegram.Faults;
using Integrations.Sandbox.Telegram.World;
using Integrations.Testing;

namespace Integrations.Workers.Tests.Sending;

public sealed class SendingTests(Servers servers)
{
    [Fact]
    public async Task An_accepted_message_reaches_the_recipient_once_and_bears_Telegrams_id()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation);
        var account = await installation.Customer.ConnectAsync("anna");

        var message = await installation.Customer.SendAsync(account, "boris", "Good morning, Boris");

        Assert.NotNull((await installation.Customer.UntilMessageAsync(message, "delivered")).TelegramId);
        Assert.Equal(1, At(installation, "boris", "anna", "Good morning, Boris"));
        Assert.Single(await installation.Customer.StoredAsync(account, "Good morning, Boris"));
    }

    [Fact]
    public async Task Messages_of_one_dialog_arrive_in_the_order_of_their_acceptance()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation);
        var account = await installation.Customer.ConnectAsync("anna");
        var texts = Enumerable.Range(1, 12).Select(n => $"number {n}").ToArray();

        var last = Guid.Empty;
        foreach (var text in texts)
            last = await installation.Customer.SendAsync(account, "boris", text);
        await installation.Customer.UntilMessageAsync(last, "delivered");

        var anna = installation.Telegram.PhoneOf("anna").Owner.Id;
        Assert.Equal(texts, installation.Telegram.PhoneOf("boris").Messages(PeerRef.User(anna)).Select(m => m.Text).Where(texts.Contains));
    }

    [Fact]
    public async Task A_message_whose_answer_was_lost_with_its_worker_is_delivered_once()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        var first = await TestWorker.StartAsync(installation);
        var account = await installation.Customer.ConnectAsync("anna");
        // Telegram takes the message and never says so; then the worker dies between the claim and the outcome.
        installation.Telegram.Faults.Add(new Fault { Kind = FaultKind.LoseAnswer, Method = "messages.sendMessage" });
        var message = await installation.Customer.SendAsync(account, "boris", "Once and only once");
        await Eventually.BecomesAsync("Boris has it", _ => Task.FromResult(At(installation, "boris", "anna", "Once and only once")), count => count == 1);
        await first.KillAsync();
        Assert.Equal("sending", (await installation.Customer.MessageAsync(message)).Status);

        await using var second = await TestWorker.StartAsync(installation);

        var seen = await installation.Customer.UntilMessageAsync(message, "delivered");
        Assert.NotNull(seen.TelegramId);
        Assert.Equal(1, At(installation, "boris", "anna", "Once and only once"));
        Assert.Single(await installation.Customer.StoredAsync(account, "Once and only once"));
    }

    [Fact]
    public async Task A_duplicate_of_what_Telegram_has_already_counts_as_delivered_under_its_id()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation, ("Accounts:CallTimeout", "00:00:05"));
        var account = await installation.Customer.ConnectAsync("anna");
        installation.Telegram.Faults.Add(new Fault { Kind = FaultKind.LoseAnswer, Method = "messages.sendMessage" });

        var message = await installation.Customer.SendAsync(account, "boris", "Said twice, heard once");

        var seen = await installation.Customer.UntilMessageAsync(message, "delivered");
        Assert.NotNull(seen.TelegramId);
        Assert.Equal(1, At(installation, "boris", "anna", "Said twice, heard once"));
    }

    [Fact]
    public async Task Trouble_inside_Telegram_is_tried_again()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation, ("Sending:FirstRetryDelay", "00:00:00.2"));
        var account = await installation.Customer.ConnectAsync("anna");
        // The client itself repeats a call twice before it tells the trouble.
        installation.Telegram.Faults.Add(new Fault { Kind = FaultKind.RpcError, Method = "messages.sendMessage", Code = 500, Error = "INTERNAL", Times = 6 });

        var message = await installation.Customer.SendAsync(account, "boris", "At the third try");

        Assert.True((await installation.Customer.UntilMessageAsync(message, "delivered")).Attempts >= 3);
    }

    [Fact]
    public async Task A_message_that_is_tried_again_holds_back_those_behind_it_in_its_dialog_and_no_other_dialog()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation, ("Sending:FirstRetryDelay", "00:00:05"));
        var account = await installation.Customer.ConnectAsync("anna");
        // The client itself repeats it twice before it tells anybody.
        installation.Telegram.Faults.Add(new Fault { Kind = FaultKind.RpcError, Method = "messages.sendMessage", Code = 500, Error = "INTERNAL", Times = 3 });
        var first = await installation.Customer.SendAsync(account, "boris", "The first");
        await Eventually.BecomesAsync(
            "the first is put off", _ => installation.Customer.MessageAsync(first), row => row is { Status: "pending", ErrorCode: "TG_UNAVAILABLE" });

        var second = await installation.Customer.SendAsync(account, "boris", "The second");
        var other = await installation.Customer.SendAsync(account, "vera", "Elsewhere");

        await installation.Customer.UntilMessageAsync(other, "delivered");
        await installation.Customer.UntilMessageAsync(second, "delivered");
        Assert.Equal(
            [other, first, second],
            await installation.ScalarAsync<Guid[]>($"select array_agg(id order by finished_at) from messages where account_id = '{account}'"));
    }

    [Fact]
    public async Task A_flood_wait_of_looking_up_names_holds_back_nothing_else()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation);
        var account = await installation.Customer.ConnectAsync("anna");
        await installation.Customer.UntilMessageAsync(await installation.Customer.SendAsync(account, "boris", "We have met"), "delivered");
        installation.Telegram.Faults.Add(new Fault { Kind = FaultKind.FloodWait, Method = "contacts.resolveUsername", Seconds = 300 });
        var stranger = await installation.Customer.SendAsync(account, "vera", "Who are you?");
        await Eventually.BecomesAsync(
            "the wait is told", _ => installation.Customer.MessageAsync(stranger), row => row is { Status: "pending", ErrorCode: "TG_API_429" });

        await installation.Customer.UntilMessageAsync(await installation.Customer.SendAsync(account, "boris", "And meet again"), "delivered");

        Assert.Equal("pending", (await installation.Customer.MessageAsync(stranger)).Status);
        Assert.Equal(
            ["contacts.resolveUsername"],
            await installation.ScalarAsync<string[]>($"select array_agg(method) from telegram_flood_waits where account_id = '{account}' and until > now()"));
    }

    [Fact]
    public async Task A_flood_wait_holds_the_account_back_and_outlives_the_worker()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        var first = await TestWorker.StartAsync(installation);
        var account = await installation.Customer.ConnectAsync("anna");
        installation.Telegram.Faults.Add(new Fault { Kind = FaultKind.FloodWait, Method = "messages.sendMessage", Seconds = 8 });
        var message = await installation.Customer.SendAsync(account, "boris", "Patience");
        await Eventually.BecomesAsync(
            "the wait is told", _ => installation.Customer.MessageAsync(message), row => row is { Status: "pending", ErrorCode: "TG_API_429" });
        await first.StopAsync();

        await using var second = await TestWorker.StartAsync(installation);
        var other = await installation.Customer.SendAsync(account, "vera", "Not before either");

        await installation.Customer.UntilMessageAsync(other, "delivered");
        await installation.Customer.UntilMessageAsync(message, "delivered");
        var lapse = await installation.ScalarAsync<DateTime>($"select until from telegram_flood_waits where account_id = '{account}'");
        var delivered = await installation.ScalarAsync<DateTime>($"select min(finished_at) from messages where account_id = '{account}' and status = 'delivered'");
        Assert.True(delivered >= lapse, $"a message was delivered at {delivered:O}, before the wait was over at {lapse:O}");
    }

    [Fact]
    public async Task Slow_mode_holds_back_one_chat_only()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation);
        var account = await installation.Customer.ConnectAsync("anna");
        installation.Telegram.Faults.Add(new Fault { Kind = FaultKind.SlowmodeWait, Method = "messages.sendMessage", Seconds = 60 });
        var slow = await installation.Customer.SendAsync(account, "town_square", "Too fast");
        await Eventually.BecomesAsync("the wait is told", _ => installation.Customer.MessageAsync(slow), row => row.ErrorCode == "TG_API_429");

        var other = await installation.Customer.SendAsync(account, "boris", "Elsewhere");

        await installation.Customer.UntilMessageAsync(other, "delivered");
        Assert.Equal("pending", (await installation.Customer.MessageAsync(slow)).Status);
    }

    [Theory]
    [InlineData("USER_IS_BLOCKED", 400, "TG_PEER_FORBIDDEN")]
    [InlineData("PEER_ID_INVALID", 400, "TG_PEER_UNKNOWN")]
    [InlineData("MESSAGE_EMPTY", 400, "TG_MESSAGE_REJECTED")]
    [InlineData("CHAT_WRITE_FORBIDDEN", 403, "TG_PEER_FORBIDDEN")]
    public async Task What_Telegram_refuses_for_good_fails_with_a_code_and_is_not_tried_again(string refusal, int code, string told)
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation);
        var account = await installation.Customer.ConnectAsync("anna");
        installation.Telegram.Faults.Add(new Fault { Kind = FaultKind.RpcError, Method = "messages.sendMessage", Code = code, Error = refusal });

        var message = await installation.Customer.SendAsync(account, "boris", "Never");

        var seen = await installation.Customer.UntilMessageAsync(message, "failed");
        Assert.Equal((told, 1), (seen.ErrorCode, seen.Attempts));
    }

    [Fact]
    public async Task Nobody_can_be_written_to_by_a_bare_id_that_this_account_has_never_met()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation);
        var account = await installation.Customer.ConnectAsync("anna");

        var stranger = await installation.Customer.SendToIdAsync(account, installation.Telegram.PhoneOf("zoya").Owner.Id, "Do we know each other?");
        var nobody = await installation.Customer.SendAsync(account, "nobody_has_this_name", "Hello?");

        Assert.Equal("TG_PEER_UNKNOWN", (await installation.Customer.UntilMessageAsync(stranger, "failed")).ErrorCode);
        Assert.Equal("TG_PEER_UNKNOWN", (await installation.Customer.UntilMessageAsync(nobody, "failed")).ErrorCode);
    }

    [Fact]
    public async Task A_dialog_known_by_its_username_only_becomes_one_with_the_dialog_of_the_person()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation);
        var account = await installation.Customer.ConnectAsync("egor");
        installation.Telegram.PhoneOf("zoya").Send(PeerRef.User(installation.Telegram.PhoneOf("egor").Owner.Id), "I write first");
        await installation.Customer.UntilStoredAsync(account, "I write first");
        // As if Zoya had taken her username only now: the next message begins a dialog of its own.
        await installation.ScalarAsync<object>($"update dialogs set username = null where personal_account_id = '{account}'");

        var message = await installation.Customer.SendAsync(account, "zoya", "And I answer");

        await installation.Customer.UntilMessageAsync(message, "delivered");
        Assert.Equal(1L, await installation.ScalarAsync<long>($"select count(*) from dialogs where personal_account_id = '{account}'"));
    }

    private static int At(TestInstallation installation, string reader, string with, string text) =>
        installation.Telegram.PhoneOf(reader).Messages(PeerRef.User(installation.Telegram.PhoneOf(with).Owner.Id)).Count(message => message.Text == text);
}
