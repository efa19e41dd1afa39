using System.Text.Json;
using Integrations.Mtproto;
using Integrations.Mtproto.Files;
using Integrations.Mtproto.GapRecovery;
using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Text;
using Integrations.Sandbox.Telegram.Phone;
using Integrations.Sandbox.Telegram.World;
using Integrations.Sandbox.Tests.Telegram.Client;
using Integrations.Sandbox.Tests.Telegram.Phone;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using PeerKind = Integrations.Mtproto.GapRecovery.PeerKind;

namespace Integrations.Sandbox.Tests.Telegram.BotApi;

/// <summary>Files between bots and people: by upload, by <c>file_id</c>, by address, and back.</summary>
public sealed class BotMediaTests(APhoneHost host) : IClassFixture<APhoneHost>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private TelegramPhone Anna => host.Telegram.PhoneOf("anna");

    [Fact]
    public async Task A_photo_of_a_bot_reaches_a_person_and_goes_again_by_its_file_id()
    {
        var bot = await MeetsAnnaAsync();
        await using var anna = await OurClient.SignedInAsync(host.Telegram, "anna");
        await anna.ReceiveAsync();
        var picture = Pictures.Png(320, 200);

        using var form = Form(("chat_id", $"{Seed.Anna}"), ("caption", "<b>Grey</b>"), ("parse_mode", "HTML"));
        form.Add(new ByteArrayContent(picture), "photo", "grey.png");
        var sent = await bot.AskAsync("sendPhoto", form);

        var size = sent.GetProperty("photo").EnumerateArray().Last();
        Assert.Equal((320, 200, picture.Length), (size.GetProperty("width").GetInt32(), size.GetProperty("height").GetInt32(), size.GetProperty("file_size").GetInt32()));
        Assert.Equal("Grey", sent.GetProperty("caption").GetString());
        Assert.Equal("bold", sent.GetProperty("caption_entities")[0].GetProperty("type").GetString());
        var seen = await anna.NextMessageAsync();
        Assert.Equal("Grey", seen.MessageValue);
        Assert.Equal(picture, await FetchAsync(anna, bot, seen));

        var again = await bot.AskAsync("sendPhoto", new { chat_id = Seed.Anna, photo = size.GetProperty("file_id").GetString() });
        Assert.Equal(size.GetProperty("file_unique_id").GetString(), again.GetProperty("photo")[0].GetProperty("file_unique_id").GetString());
        Assert.Equal(((Photo)((MessageMediaPhoto)seen.Media!).Photo!).Id, ((Photo)((MessageMediaPhoto)(await anna.NextMessageAsync()).Media!).Photo!).Id);

        // Another bot is another owner of names, but knows it for the same file.
        var other = await MeetsAnnaAsync();
        await other.RefusedAsync(
            400, "Bad Request: wrong file identifier/HTTP URL specified", "sendPhoto", new { chat_id = Seed.Anna, photo = size.GetProperty("file_id").GetString() });
        await bot.RefusedAsync(
            400, "Bad Request: can't use file of type Photo as Document", "sendDocument", new { chat_id = Seed.Anna, document = size.GetProperty("file_id").GetString() });
        await bot.RefusedAsync(400, "Bad Request: there is no photo in the request", "sendPhoto", new { chat_id = Seed.Anna });
    }

    [Theory]
    [InlineData("sendDocument", "document", "document")]
    [InlineData("sendVideo", "video", "video")]
    [InlineData("sendAudio", "audio", "audio")]
    [InlineData("sendVoice", "voice", "voice")]
    [InlineData("sendAnimation", "animation", "animation")]
    [InlineData("sendVideoNote", "video_note", "video_note")]
    [InlineData("sendSticker", "sticker", "sticker")]
    public async Task What_a_bot_sends_it_fetches_again_byte_for_byte(string method, string part, string field)
    {
        var bot = await MeetsAnnaAsync();
        var bytes = Pictures.Noise(70_000);
        using var form = Form(("chat_id", $"{Seed.Anna}"), ("duration", "3"), ("width", "640"), ("height", "480"), ("length", "240"), ("title", "Song"));
        form.Add(new ByteArrayContent(bytes), part, "noise.bin");

        var told = (await bot.AskAsync(method, form)).GetProperty(field);

        Assert.Equal(bytes.Length, told.GetProperty("file_size").GetInt32());
        var file = await bot.AskAsync("getFile", new { file_id = told.GetProperty("file_id").GetString() });
        Assert.Equal(told.GetProperty("file_unique_id").GetString(), file.GetProperty("file_unique_id").GetString());
        Assert.Equal(bytes, await host.Http.GetByteArrayAsync(APhoneHost.Path($"/file/bot{bot.Token}/{file.GetProperty("file_path").GetString()}"), Token));
    }

    [Fact]
    public async Task A_persons_photo_document_and_voice_are_told_to_a_bot_and_fetched()
    {
        var bot = await MeetsAnnaAsync();
        await using var anna = await OurClient.SignedInAsync(host.Telegram, "anna");
        var (picture, bytes) = (Pictures.Png(64, 48), Pictures.Noise(5000));
        var photo = await anna.Client.UploadAsync(new MemoryStream(picture), picture.Length, "p.png", null, Token);
        await anna.Client.SendMediaAsync(Address(bot), new OutgoingMedia.Photo(photo), FormattedText.Plain("Look"), Sending(1), Token);
        var document = await anna.Client.UploadAsync(new MemoryStream(bytes), bytes.Length, "bill.pdf", null, Token);
        await anna.Client.SendMediaAsync(Address(bot), new OutgoingMedia.Document(document, "application/pdf", []), FormattedText.Plain(""), Sending(2), Token);
        var voice = await anna.Client.UploadAsync(new MemoryStream(bytes), bytes.Length, "voice.ogg", null, Token);
        await anna.Client.SendMediaAsync(Address(bot), new OutgoingMedia.Voice(voice, TimeSpan.FromSeconds(3.2), [1, 2, 3]), FormattedText.Plain(""), Sending(3), Token);

        var told = await bot.NewsAsync("message");
        var size = told[0].GetProperty("photo")[0];
        Assert.Equal((64, 48, "Look"), (size.GetProperty("width").GetInt32(), size.GetProperty("height").GetInt32(), told[0].GetProperty("caption").GetString()));
        Assert.Equal(picture, await DownloadAsync(bot, size));
        var bill = told[1].GetProperty("document");
        Assert.Equal(("bill.pdf", "application/pdf"), (bill.GetProperty("file_name").GetString(), bill.GetProperty("mime_type").GetString()));
        Assert.False(told[1].TryGetProperty("text", out _));
        Assert.Equal(bytes, await DownloadAsync(bot, bill));
        Assert.Equal(4, told[2].GetProperty("voice").GetProperty("duration").GetInt32());
        Assert.Equal(bytes, await DownloadAsync(bot, told[2].GetProperty("voice")));
    }

    [Fact]
    public async Task An_album_goes_as_one_with_its_caption_on_the_first()
    {
        var bot = await MeetsAnnaAsync();
        await using var anna = await OurClient.SignedInAsync(host.Telegram, "anna");
        await anna.ReceiveAsync();
        object[] media = [new { type = "photo", media = "attach://a", caption = "Two" }, new { type = "video", media = "attach://b", duration = 2 }];
        using var form = Form(("chat_id", $"{Seed.Anna}"), ("media", JsonSerializer.Serialize(media)));
        form.Add(new ByteArrayContent(Pictures.Png(10, 10)), "a", "a.png");
        form.Add(new ByteArrayContent(Pictures.Noise(500)), "b", "b.mp4");

        var sent = (await bot.AskAsync("sendMediaGroup", form)).EnumerateArray().ToList();

        Assert.Equal(sent[0].GetProperty("media_group_id").GetString(), sent[1].GetProperty("media_group_id").GetString());
        Assert.True(sent[1].TryGetProperty("video", out _));
        Message[] seen = [await anna.NextMessageAsync(), await anna.NextMessageAsync()];
        Assert.Equal(["Two", ""], seen.Select(message => message.MessageValue));
        Assert.NotNull(seen[0].GroupedId);
        Assert.Equal(seen[0].GroupedId, seen[1].GroupedId);

        using var mixed = Form(("chat_id", $"{Seed.Anna}"), ("media", """[{"type":"photo","media":"x"},{"type":"document","media":"y"}]"""));
        await bot.RefusedAsync(400, "Bad Request: document can't be mixed with other media types", "sendMediaGroup", mixed);
        using var one = Form(("chat_id", $"{Seed.Anna}"), ("media", """[{"type":"photo","media":"x"}]"""));
        await bot.RefusedAsync(400, "Bad Request: there are too few messages to send as an album", "sendMediaGroup", one);
    }

    [Fact]
    public async Task Media_of_a_message_is_replaced_and_its_caption_changed()
    {
        var bot = await MeetsAnnaAsync();
        await using var anna = await OurClient.SignedInAsync(host.Telegram, "anna");
        await anna.ReceiveAsync();
        using var form = Form(("chat_id", $"{Seed.Anna}"), ("caption", "First"));
        form.Add(new ByteArrayContent(Pictures.Png(10, 10)), "photo", "a.png");
        var id = (await bot.AskAsync("sendPhoto", form)).GetProperty("message_id").GetInt32();

        await bot.AskAsync("editMessageCaption", new { chat_id = Seed.Anna, message_id = id, caption = "Second" });
        Assert.Equal("Second", ((Message)(await anna.NextAsync<UpdateEditMessage>()).Message).MessageValue);
        using var other = Form(("chat_id", $"{Seed.Anna}"), ("message_id", $"{id}"), ("media", """{"type":"photo","media":"attach://new","caption":"Third"}"""));
        other.Add(new ByteArrayContent(Pictures.Png(20, 30)), "new", "b.png");
        Assert.Equal(30, (await bot.AskAsync("editMessageMedia", other)).GetProperty("photo")[0].GetProperty("height").GetInt32());
        Assert.Equal(30, ((PhotoSize)((Photo)((MessageMediaPhoto)((Message)(await anna.NextAsync<UpdateEditMessage>()).Message).Media!).Photo!).Sizes[0]).H);
        await bot.RefusedAsync(400, "Bad Request: there is no text in the message to edit", "editMessageText", new { chat_id = Seed.Anna, message_id = id, text = "x" });
    }

    [Fact]
    public async Task What_is_no_photo_or_too_large_is_refused()
    {
        var bot = await MeetsAnnaAsync();
        await RefusedAsync("photo", Pictures.Noise(1000), "IMAGE_PROCESS_FAILED");
        await RefusedAsync("photo", Pictures.Png(9000, 2000), "PHOTO_INVALID_DIMENSIONS");
        await RefusedAsync("photo", Pictures.Png(2100, 100), "PHOTO_INVALID_DIMENSIONS");
        await RefusedAsync("photo", new byte[(10 << 20) + 1], "file is too big");
        await RefusedAsync("document", [], "file must be non-empty");
        using var large = Form(("chat_id", $"{Seed.Anna}"));
        large.Add(new ByteArrayContent(new byte[(20 << 20) + 1]), "document", "large.bin");
        var told = (await bot.AskAsync("sendDocument", large)).GetProperty("document");
        await bot.RefusedAsync(400, "Bad Request: file is too big", "getFile", new { file_id = told.GetProperty("file_id").GetString() });
        await bot.RefusedAsync(400, "Bad Request: wrong file_id or the file is temporarily unavailable", "getFile", new { file_id = "none" });
        using var captioned = Form(("chat_id", $"{Seed.Anna}"), ("caption", new string('x', 1025)));
        captioned.Add(new ByteArrayContent(Pictures.Png(10, 10)), "photo", "a.png");
        await bot.RefusedAsync(400, "Bad Request: message caption is too long", "sendPhoto", captioned);

        async Task RefusedAsync(string part, byte[] content, string why)
        {
            using var form = Form(("chat_id", $"{Seed.Anna}"));
            form.Add(new ByteArrayContent(content), part, "a.png");
            await bot.RefusedAsync(400, $"Bad Request: {why}", part is "photo" ? "sendPhoto" : "sendDocument", form);
        }
    }

    [Fact]
    public async Task A_file_is_fetched_from_an_address_of_this_machine_and_of_no_other()
    {
        var bot = await MeetsAnnaAsync();
        var picture = Pictures.Png(40, 40);
        await using var site = await SiteAsync(picture);
        var address = site.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();

        var sent = await bot.AskAsync("sendPhoto", new { chat_id = Seed.Anna, photo = $"{address}/picture.png" });
        Assert.Equal(picture, await DownloadAsync(bot, sent.GetProperty("photo")[0]));
        var document = await bot.AskAsync("sendDocument", new { chat_id = Seed.Anna, document = $"{address}/page" });
        Assert.Equal("page", document.GetProperty("document").GetProperty("file_name").GetString());
        await bot.RefusedAsync(400, "Bad Request: wrong type of the web page content", "sendPhoto", new { chat_id = Seed.Anna, photo = $"{address}/page" });
        await bot.RefusedAsync(400, "Bad Request: failed to get HTTP URL content", "sendPhoto", new { chat_id = Seed.Anna, photo = $"{address}/large" });
        await bot.RefusedAsync(400, "Bad Request: failed to get HTTP URL content", "sendPhoto", new { chat_id = Seed.Anna, photo = $"{address}/nothing" });
        await bot.RefusedAsync(400, "Bad Request: failed to get HTTP URL content", "sendPhoto", new { chat_id = Seed.Anna, photo = "https://example.org/a.png" });
    }

    private async Task<ABot> MeetsAnnaAsync()
    {
        var bot = ABot.Make(host);
        Anna.Send(bot.Chat, "/start");
        Assert.Single(await bot.NewsAsync("message"));
        return bot;
    }

    private static async Task<WebApplication> SiteAsync(byte[] picture)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var site = builder.Build();
        site.MapGet("/picture.png", () => Results.Bytes(picture, "image/png"));
        site.MapGet("/page", () => Results.Text("<p>no picture</p>", "text/html"));
        site.MapGet("/large", () => Results.Bytes(new byte[(5 << 20) + 1], "image/png"));
        await site.StartAsync(Token);
        return site;
    }

    private static MultipartFormDataContent Form(params (string Name, string Value)[] fields)
    {
        var form = new MultipartFormDataContent();
        foreach (var (name, value) in fields)
            form.Add(new StringContent(value), name);
        return form;
    }

    private async Task<byte[]> DownloadAsync(ABot bot, JsonElement told)
    {
        var file = await bot.AskAsync("getFile", new { file_id = told.GetProperty("file_id").GetString() });
        return await host.Http.GetByteArrayAsync(APhoneHost.Path($"/file/bot{bot.Token}/{file.GetProperty("file_path").GetString()}"), Token);
    }

    private async Task<byte[]> FetchAsync(OurClient client, ABot bot, Message message)
    {
        using var bytes = new MemoryStream();
        await client.Client.DownloadToAsync(RemoteFile.Of(Address(bot), message)!, bytes, null, Token);
        return bytes.ToArray();
    }

    private PeerAddress Address(ABot bot) => new(new PeerKey(PeerKind.User, bot.Id), host.Telegram.World.AccessHash(Seed.Anna, bot.Chat));

    private static SendOptions Sending(long randomId) => new() { RandomId = randomId };
}
