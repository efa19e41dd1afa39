using System.Text.Json.Nodes;
using Integrations.Core.Telegram.Media;
using Integrations.Sandbox.Tests.Telegram.Client;
using Integrations.Testing;

namespace Integrations.Workers.Tests.Bots;

/// <summary>What people send to a bot besides texts, by the updates that Telegram brings of it.</summary>
public sealed class BotMediaTests(Servers servers)
{
    private const long Boris = 1000002;

    [Fact]
    public async Task Files_of_every_kind_are_stored_with_their_description_and_fetched_byte_for_byte()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var api = await ScriptedBotApi.StartAsync();
        var bot = await TestBot.ConnectAsync(installation, "telegram");
        await using var worker = await TestWorker.StartAsync(installation, ("TelegramBots:ApiAddress", api.Address));
        string[] ids = ["large", "animation", "video", "note", "voice", "audio", "document", "sticker"];
        foreach (var (id, index) in ids.Select((id, index) => (id, index)))
            api.Files[id] = Pictures.Noise(1000 + (index * MediaStore.PartSize / 3), index);

        await bot.BringAsync(
            With(1, "photo", new JsonArray(File("small", ("width", 90), ("height", 60)), File("large", ("width", 900), ("height", 600))), ("caption", "Look"), ("media_group_id", "13512345678901234")),
            With(2, "animation", File("animation", ("width", 320), ("height", 240), ("duration", 2), ("mime_type", "video/mp4")), ("document", File("animation"))),
            With(3, "video", File("video", ("width", 640), ("height", 360), ("duration", 61), ("mime_type", "video/mp4"), ("file_name", "film.mp4"))),
            With(4, "video_note", File("note", ("length", 240), ("duration", 5))),
            With(5, "voice", File("voice", ("duration", 3), ("mime_type", "audio/ogg"))),
            With(6, "audio", File("audio", ("duration", 200), ("mime_type", "audio/mpeg"), ("file_name", "song.mp3"))),
            With(7, "document", File("document", ("mime_type", "application/pdf"), ("file_name", "report.pdf"), ("file_size", 77))),
            With(8, "sticker", File("sticker", ("width", 512), ("height", 512), ("is_animated", false), ("is_video", false))));

        await UntilAsync(bot, installation, "ready", 8);
        Assert.Equal(
            [
                "photo - image/jpeg 900 600 0", "animation - video/mp4 320 240 2", "video film.mp4 video/mp4 640 360 61", "video_note - video/mp4 240 240 5", "voice - audio/ogg 0 0 3",
                "audio song.mp3 audio/mpeg 0 0 200", "document report.pdf application/pdf 0 0 0", "sticker - image/webp 512 512 0",
            ],
            await FilesAsync(bot, installation, "concat_ws(' ', f.kind, coalesce(f.file_name, '-'), f.mime_type, coalesce(f.width, 0), coalesce(f.height, 0), coalesce(f.duration, 0))"));
        Assert.Equal(["Look", "", "", "", "", "", "", ""], await bot.TextsAsync());
        Assert.Equal(["13512345678901234"], await installation.Customer.RowsAsync($"select album_id from messages where bot_id = '{bot.Id}' and album_id is not null"));
        var store = new MediaStore(installation.Customer.Database);
        foreach (var (file, id) in (await FilesAsync(bot, installation, "f.id")).Zip(ids))
        {
            await using var content = (await store.OpenAsync(installation.Customer.Tenant, Guid.Parse(file), TestContext.Current.CancellationToken))!;
            using var copy = new MemoryStream();
            await content.CopyToAsync(copy, TestContext.Current.CancellationToken);
            Assert.Equal(api.Files[id], copy.ToArray());
        }

        // What opens a file is kept sealed, and no longer than it is needed.
        Assert.Equal(0L, await installation.ScalarAsync<long>("select count(*) from media where location_sealed is not null"));
    }

    [Fact]
    public async Task What_is_no_file_is_stored_in_words()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        var bot = await TestBot.ConnectAsync(installation);
        await using var worker = await TestWorker.StartAsync(installation);
        var place = new JsonObject { ["latitude"] = 50.4501, ["longitude"] = 30.5234 };

        await bot.BringAsync(
            With(1, "contact", new JsonObject { ["phone_number"] = "999661234567", ["first_name"] = "Anna", ["last_name"] = "Test" }),
            With(2, "location", place.DeepClone()),
            With(3, "venue", new JsonObject { ["location"] = place.DeepClone(), ["title"] = "The shop", ["address"] = "Main street 1" }, ("location", place.DeepClone())),
            With(4, "poll", new JsonObject { ["question"] = "When?", ["options"] = new JsonArray(new JsonObject { ["text"] = "Now" }, new JsonObject { ["text"] = "Later" }) }),
            With(5, "dice", new JsonObject { ["emoji"] = "🎲", ["value"] = 4 }),
            With(6, "story", new JsonObject()));

        await bot.UntilProcessedAsync();
        Assert.Equal(
            [
                "[contact] Anna Test, +999661234567", "[location] 50.4501 30.5234", "[venue] The shop, Main street 1, 50.4501 30.5234", "[poll] When?\n– Now\n– Later", "[dice] 🎲 4", "[story]",
            ],
            await bot.TextsAsync());
    }

    [Fact]
    public async Task An_edit_changes_the_caption_and_brings_another_file()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var api = await ScriptedBotApi.StartAsync();
        var bot = await TestBot.ConnectAsync(installation, "telegram");
        await using var worker = await TestWorker.StartAsync(installation, ("TelegramBots:ApiAddress", api.Address));
        (api.Files["before"], api.Files["after"]) = (Pictures.Noise(10), Pictures.Noise(20));
        await bot.BringAsync(With(1, "photo", new JsonArray(File("before")), ("caption", "Befor")));
        await UntilAsync(bot, installation, "ready", 1);

        await bot.BringAsync(Edit(With(1, "photo", new JsonArray(File("before")), ("caption", "Before"))));
        await bot.UntilProcessedAsync();
        Assert.Equal(["Before"], await bot.TextsAsync());
        Assert.Equal(["before 10"], (await FilesAsync(bot, installation, "concat_ws(' ', substr(f.remote_key, 2), f.size)")).ToArray());

        await bot.BringAsync(Edit(With(1, "photo", new JsonArray(File("after")), ("caption", "After"))));
        await bot.UntilProcessedAsync();
        await UntilAsync(bot, installation, "ready", 1);
        Assert.Equal(["after 20"], (await FilesAsync(bot, installation, "concat_ws(' ', substr(f.remote_key, 2), f.size)")).ToArray());
        Assert.Equal(1L, await installation.ScalarAsync<long>("select count(*) from media"));
        Assert.Equal(1L, await installation.ScalarAsync<long>("select count(*) from messages where edited_at is not null"));
    }

    [Fact]
    public async Task A_refusal_gives_up_what_is_gone_tells_what_is_too_big_and_waits_where_telegram_asks_for_it()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var api = await ScriptedBotApi.StartAsync();
        var bot = await TestBot.ConnectAsync(installation, "telegram");
        await using var worker = await TestWorker.StartAsync(installation, ("TelegramBots:ApiAddress", api.Address), ("Media:FirstRetryDelay", "00:00:00.1"));
        api.Files["flood"] = api.Files["broken"] = Pictures.Noise(100);
        var floods = 0;
        var errors = 0;
        api.FileScript = id => id switch
        {
            "flood" when floods++ == 0 => ScriptedBotApi.Refusal(429, "Too Many Requests: retry after 1", new JsonObject { ["retry_after"] = 1 }),
            "broken" when errors++ == 0 => ScriptedBotApi.Refusal(500, "Internal Server Error"),
            "big" => ScriptedBotApi.Refusal(400, "Bad Request: file is too big"),
            _ => null,
        };

        await bot.BringAsync(
            With(1, "document", File("gone")), With(2, "document", File("big")), With(3, "document", File("broken")), With(4, "document", File("flood")),
            With(5, "document", File("told", ("file_size", 21 << 20))));

        await UntilAsync(bot, installation, "ready", 2);
        await UntilAsync(bot, installation, "failed", 1);
        Assert.Equal(
            ["failed MEDIA_UNAVAILABLE", "too_big MEDIA_TOO_BIG", "ready", "ready", "too_big MEDIA_TOO_BIG"], await FilesAsync(bot, installation, "concat_ws(' ', f.state, f.error_code)"));
        // Over the limit by its own word it is never asked for.
        Assert.DoesNotContain("told", api.Asked);
    }

    private static JsonObject With(int id, string kind, JsonNode content, params (string Name, JsonNode Value)[] more)
    {
        var update = TestBot.Message(Boris, id, "");
        var message = update["message"]!.AsObject();
        message.Remove("text");
        message[kind] = content;
        foreach (var (name, value) in more)
            message[name] = value;
        return update;
    }

    private static JsonObject Edit(JsonObject update)
    {
        var message = update["message"]!.DeepClone().AsObject();
        message["edit_date"] = 1_790_001_000;
        return new JsonObject { ["edited_message"] = message };
    }

    private static JsonObject File(string id, params (string Name, JsonNode Value)[] traits)
    {
        var file = new JsonObject { ["file_id"] = id, ["file_unique_id"] = "u" + id };
        foreach (var (name, value) in traits)
            file[name] = value;
        return file;
    }

    private static Task<int> UntilAsync(TestBot bot, TestInstallation installation, string state, int count) => Eventually.BecomesAsync(
        $"{count} files are {state}", async _ => (await FilesAsync(bot, installation, "f.state")).Count(seen => seen == state), seen => seen == count);

    private static Task<IReadOnlyList<string>> FilesAsync(TestBot bot, TestInstallation installation, string columns) =>
        installation.Customer.RowsAsync($"select {columns} from messages m join media f on f.id = m.media_id where m.bot_id = '{bot.Id}' order by m.seq");
}
