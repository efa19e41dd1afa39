using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using Integrations.Mtproto;
using Integrations.Mtproto.Files;
using Integrations.Mtproto.GapRecovery;
using Integrations.Mtproto.Text;
using Integrations.Sandbox.Telegram.Faults;
using Integrations.Sandbox.Telegram.Phone;
using Integrations.Sandbox.Telegram.World;
using Integrations.Sandbox.Tests.Telegram.Client;
using Integrations.Sandbox.Tests.Telegram.Phone;
using Integrations.Testing;

namespace Integrations.Sandbox.Tests.PythonBot;

/// <summary>The simulated Bot API as Debian's python-telegram-bot 13.15 sees it.</summary>
public sealed class PythonBotTests(APhoneHost host) : IClassFixture<APhoneHost>
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData("polling_py_bot", false)]
    [InlineData("webhook_py_bot", true)]
    public async Task A_bot_answers_people_and_is_told_why_it_may_not_write(string username, bool webhook)
    {
        var anna = host.Telegram.PhoneOf("anna");
        var card = anna.MakeBot("Echo", username);
        using var python = Start(webhook ? FreePort.Next() : null);
        await python.StandardInput.WriteLineAsync(card.Token);

        var me = await HearAsync(python, "me");
        Assert.Equal((card.Id, true), (me.GetProperty("id").GetInt64(), me.GetProperty("is_bot").GetBoolean()));
        var ready = await HearAsync(python, "ready");
        Assert.Equal(webhook, ready.GetProperty("url").GetString()!.Length > 0);

        var chat = PeerRef.User(card.Id);
        anna.Send(chat, "/start");
        await UntilAsync(anna, chat, "Hello, Anna.");
        var asked = anna.Send(chat, "loud, please");
        var answer = await UntilAsync(anna, chat, "LOUD, PLEASE");
        Assert.Equal(asked.Id, answer.ReplyTo);

        await TellAsync(python, new { @do = "send", chat = Seed.Egor, text = "unasked" });
        Assert.Equal("BadRequest", (await HearAsync(python, "refused")).GetProperty("kind").GetString());
        host.Telegram.Faults.Add(new Fault { Kind = FaultKind.FloodWait, Person = card.Id, Method = "sendMessage", Seconds = 7 });
        await TellAsync(python, new { @do = "send", chat = Seed.Anna, text = "too fast" });
        var refused = await HearAsync(python, "refused");
        Assert.Equal(("RetryAfter", 7.0), (refused.GetProperty("kind").GetString(), refused.GetProperty("retry_after").GetDouble()));

        anna.Invite(PeerRef.Channel(Seed.Town), card.Id);
        await TellAsync(python, new { @do = "send", chat = "@town_square", text = "Hello, everybody." });
        Assert.Equal("Town square", (await HearAsync(python, "sent")).GetProperty("title").GetString());
        Assert.Contains(anna.Messages(PeerRef.Channel(Seed.Town)), message => message.Text == "Hello, everybody." && message.FromId == card.Id);

        await TellAsync(python, new { @do = "stop" });
        await HearAsync(python, "stopped");
        await python.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Deadline, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_bot_keeps_rooms_files_and_buttons_as_at_Telegram()
    {
        var anna = host.Telegram.PhoneOf("anna");
        var boris = host.Telegram.PhoneOf("boris");
        var (town, news) = (PeerRef.Channel(Seed.Town), PeerRef.Channel(Seed.News));
        var card = anna.MakeBot("Keeper", "keeper_py_bot");
        boris.Promote(town, card.Id, "can_manage_topics", "can_pin_messages", "can_delete_messages");
        boris.ToggleForum(town, enabled: true);
        anna.Promote(news, card.Id, "can_post_messages");
        using var python = Start(null);
        await python.StandardInput.WriteLineAsync(card.Token);
        await HearAsync(python, "me");
        await HearAsync(python, "ready");
        var chat = PeerRef.User(card.Id);
        anna.Send(chat, "/start");
        await UntilAsync(anna, chat, "Hello, Anna.");

        anna.Send(news, "News for the bot");
        var post = await HearAsync(python, "post");
        Assert.Equal(("News for the bot", "Town news"), (post.GetProperty("text").GetString(), post.GetProperty("chat").GetString()));

        var picture = Convert.ToHexStringLower(Pictures.Png(30, 20));
        await TellAsync(python, new { @do = "tour", chat = Seed.Anna, forum = -1_000_000_000_000 - Seed.Town, picture });
        var toured = await HearAsync(python, "toured");
        Assert.Equal(picture, toured.GetProperty("picture").GetString());
        Assert.True(toured.GetProperty("same").GetBoolean());
        Assert.Equal(("bill.txt", 1, "Orders"), (toured.GetProperty("document").GetString(), toured.GetProperty("album").GetInt32(), toured.GetProperty("topic").GetString()));
        Assert.Equal("In the topic", toured.GetProperty("pinned").GetString());
        Assert.Equal(("In the topic, corrected", true), (toured.GetProperty("edited").GetString(), toured.GetProperty("deleted").GetBoolean()));

        var question = await UntilAsync(anna, chat, "Choose.");
        var answer = await anna.PressAsync(chat, question.Id, "tea", TestContext.Current.CancellationToken);
        Assert.Equal("You chose tea.", answer?.Text);
        await UntilAsync(anna, chat, "Chosen.");

        await using var client = await OurClient.SignedInAsync(host.Telegram, "anna");
        var bytes = Pictures.Noise(50_000);
        var file = await client.Client.UploadAsync(new MemoryStream(bytes), bytes.Length, "noise.bin", null, TestContext.Current.CancellationToken);
        await client.Client.SendMediaAsync(
            new PeerAddress(new PeerKey(Mtproto.GapRecovery.PeerKind.User, card.Id), host.Telegram.World.AccessHash(Seed.Anna, chat)),
            new OutgoingMedia.Document(file, "application/octet-stream", []),
            FormattedText.Plain("For you"),
            new SendOptions { RandomId = 1 },
            TestContext.Current.CancellationToken);
        var told = await HearAsync(python, "file");
        Assert.Equal(("document", "For you"), (told.GetProperty("kind").GetString(), told.GetProperty("caption").GetString()));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(bytes)), told.GetProperty("hash").GetString());

        await TellAsync(python, new { @do = "stop" });
        await HearAsync(python, "stopped");
        await python.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Deadline, TestContext.Current.CancellationToken);
    }

    private Process Start(int? webhookPort)
    {
        // Debian's python3, which has python3-python-telegram-bot; another one on the path may not.
        var start = new ProcessStartInfo("/usr/bin/python3")
        {
            ArgumentList = { Path.Combine(AppContext.BaseDirectory, "PythonBot", "journey.py"), "--base", host.Http.BaseAddress!.ToString().TrimEnd('/') },
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        if (webhookPort is { } port)
        {
            start.ArgumentList.Add("--webhook-port");
            start.ArgumentList.Add($"{port}");
        }

        return Process.Start(start)!;
    }

    private static async Task<JsonElement> HearAsync(Process python, string name)
    {
        while (await python.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Deadline, TestContext.Current.CancellationToken) is { } line)
        {
            using var told = JsonDocument.Parse(line);
            if (told.RootElement.GetProperty("event").GetString() == name)
                return told.RootElement.Clone();
            Assert.Fail($"expected {name}, heard {line}");
        }

        throw new InvalidOperationException($"The bot ended before it told {name}.");
    }

    private static Task TellAsync(Process python, object command) => python.StandardInput.WriteLineAsync(JsonSerializer.Serialize(command));

    private async Task<PhoneMessage> UntilAsync(TelegramPhone phone, PeerRef chat, string text)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Deadline);
        while (true)
        {
            var seen = host.Telegram.World.Changes.Version;
            if (phone.Messages(chat).LastOrDefault(message => message.Text == text) is { } found)
                return found;
            await host.Telegram.World.Changes.ChangedSinceAsync(seen, limit.Token);
        }
    }
}
