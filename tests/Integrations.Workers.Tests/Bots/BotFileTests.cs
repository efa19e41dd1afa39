using System.Text.Json.Nodes;
using Integrations.Sandbox.Tests.Telegram.Client;
using Integrations.Testing;
using Integrations.Workers.Tests.Ownership;

namespace Integrations.Workers.Tests.Bots;

/// <summary>Pictures and files that bots send.</summary>
public sealed class BotFileTests(Servers servers) : IAsyncLifetime
{
    private const long Boris = 5001;

    private TestInstallation _installation = null!;
    private TestBot _bot = null!;
    private ScriptedBotApi _api = null!;

    public async ValueTask InitializeAsync()
    {
        _installation = await TestInstallation.StartAsync(servers);
        _bot = await TestBot.ConnectAsync(_installation, "telegram");
        _api = await ScriptedBotApi.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _api.DisposeAsync();
        await _installation.DisposeAsync();
    }

    [Fact]
    public async Task A_photo_goes_as_a_form_whose_length_is_known()
    {
        await using var worker = await WorkerAsync();
        var picture = Pictures.Png(400, 300);

        var message = (await _bot.SendAsync(Boris, "The shelf", await _installation.Customer.UploadAsync(picture, "Полка.png", spoiler: true)))[0];

        Assert.NotNull((await _bot.UntilMessageAsync(message, "delivered")).TelegramId);
        var form = Assert.Single(_api.Forms);
        Assert.Equal(("sendPhoto", "The shelf", "true", $"{Boris}"), (form.Method, form.Fields["caption"], form.Fields["has_spoiler"], form.Fields["chat_id"]));
        Assert.Equal(picture, form.Files["photo"].Content);
        Assert.Equal("Полка.png", form.Files["photo"].Name);
        Assert.True(form.Length > picture.Length);
    }

    [Fact]
    public async Task An_album_goes_in_one_call_and_each_of_it_has_its_number()
    {
        await using var worker = await WorkerAsync();
        byte[][] documents = [Pictures.Noise(700_000, 1), Pictures.Noise(10, 2)];

        var sent = await _bot.SendAsync(
            Boris, "Both", await _installation.Customer.UploadAsync(documents[0], "a.bin"), await _installation.Customer.UploadAsync(documents[1], "b.bin"));
        var after = await _bot.SendAsync(Boris, "After");

        foreach (var id in sent)
            await _bot.UntilMessageAsync(id, "delivered");
        await _bot.UntilMessageAsync(after, "delivered");
        var form = Assert.Single(_api.Forms);
        var media = JsonNode.Parse(form.Fields["media"])!.AsArray();
        Assert.Equal("sendMediaGroup", form.Method);
        Assert.Equal(["document Both", "document "], media.Select(item => $"{item!["type"]} {item["caption"]}"));
        Assert.Equal(documents, media.Select(item => form.Files[item!["media"]!.ToString()["attach://".Length..]].Content));
        Assert.Equal(2L, await _installation.ScalarAsync<long>($"select count(distinct telegram_message_id) from messages where bot_id = '{_bot.Id}' and media_id is not null"));
    }

    [Fact]
    public async Task A_worker_killed_in_the_middle_of_a_form_leaves_an_unknown_outcome_and_sends_nothing_twice()
    {
        var begun = new TaskCompletionSource();
        _api.FormScript = async (_, context) =>
        {
            begun.TrySetResult();
            await new TaskCompletionSource().Task.WaitAsync(context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return ScriptedBotApi.Refusal(500, "Gone");
        };
        var worker = await WorkerProcess.StartAsync(_installation, ("TelegramBots:ApiAddress", _api.Address));
        try
        {
            var sent = await _bot.SendAsync(
                Boris, "", await _installation.Customer.UploadAsync(Pictures.Noise(3_000_000), "a.bin"), await _installation.Customer.UploadAsync(Pictures.Noise(10), "b.bin"));
            await begun.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
            worker.Signal("KILL");
            _api.FormScript = (_, _) => Task.FromResult<JsonObject?>(null);
            await worker.DisposeAsync();
            worker = await WorkerProcess.StartAsync(_installation, ("TelegramBots:ApiAddress", _api.Address));

            foreach (var id in sent)
                Assert.Equal("OUTCOME_UNKNOWN", (await _bot.UntilMessageAsync(id, "failed", TimeSpan.FromSeconds(60))).ErrorCode);
            Assert.Empty(_api.Forms);
            await _bot.RetryAsync(sent[1]);

            await _bot.UntilMessageAsync(sent[1], "delivered");
            Assert.Equal("sendDocument", Assert.Single(_api.Forms).Method);
        }
        finally
        {
            await worker.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_refusal_fails_all_of_an_album_with_its_reason()
    {
        _api.FormScript = (_, _) => Task.FromResult<JsonObject?>(ScriptedBotApi.Refusal(400, "Bad Request: PHOTO_INVALID_DIMENSIONS"));
        await using var worker = await WorkerAsync();

        var sent = await _bot.SendAsync(Boris, "", await _installation.Customer.UploadAsync(Pictures.Png(2, 2), "a.png"), await _installation.Customer.UploadAsync(Pictures.Png(3, 3), "b.png"));

        foreach (var id in sent)
            Assert.Equal("TG_MESSAGE_REJECTED", (await _bot.UntilMessageAsync(id, "failed")).ErrorCode);
    }

    private Task<TestWorker> WorkerAsync() => TestWorker.StartAsync(_installation, ("TelegramBots:ApiAddress", _api.Address));
}
