using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Integrations.Sandbox.Telegram.World;
using Integrations.Sandbox.Tests.Telegram.Client;

namespace Integrations.Sandbox.Tests.Telegram.Phone;

/// <summary>Files, edits, deletions and forwards over HTTP.</summary>
public sealed class PhoneFileTests(APhoneHost host) : IClassFixture<APhoneHost>
{
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_photo_comes_to_the_other_side_byte_for_byte_and_to_nobody_else()
    {
        var picture = Pictures.Png(40, 30);
        using var sent = await SendAsync($"{Seed.Anna}/chats/{Seed.Boris}", "photo", "Look", (picture, "a.png", "image/png"));
        var message = (await APhoneHost.ReadAsync(sent))[0];
        Assert.Equal(("photo", 40, 30, "Look"), (Media(message, "kind").GetString(), Media(message, "width").GetInt32(), Media(message, "height").GetInt32(), Text(message)));

        var seen = (await host.GetAsync($"/sandbox/people/{Seed.Boris}/chats/{Seed.Anna}/messages")).EnumerateArray().Last();
        using var file = await FileAsync($"{Seed.Boris}/chats/{Seed.Anna}", seen);
        Assert.Equal(picture, await file.Content.ReadAsByteArrayAsync(_cancel));
        Assert.Equal("image/png", file.Content.Headers.ContentType!.MediaType);
        Assert.Null(file.Content.Headers.ContentDisposition);
        Assert.Equal("nosniff", Assert.Single(file.Headers.GetValues("X-Content-Type-Options")));
        using var nobodys = await FileAsync($"{Seed.Mila}/chats/{Seed.Anna}", seen);
        Assert.Equal(HttpStatusCode.NotFound, nobodys.StatusCode);
        using var anonymous = new HttpClient { BaseAddress = host.Http.BaseAddress };
        using var refused = await anonymous.GetAsync(file.RequestMessage!.RequestUri, _cancel);
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
    }

    [Theory]
    [InlineData("page.html", "text/html")]
    [InlineData("picture.svg", "image/svg+xml")]
    [InlineData("script.js", "text/javascript")]
    public async Task What_a_browser_could_run_is_only_ever_saved(string name, string type)
    {
        using var sent = await SendAsync($"{Seed.Anna}/chats/{Seed.Vera}", "document", "", ("<script>alert(1)</script>"u8.ToArray(), name, type));
        using var file = await FileAsync($"{Seed.Anna}/chats/{Seed.Vera}", (await APhoneHost.ReadAsync(sent))[0]);

        Assert.Equal("application/octet-stream", file.Content.Headers.ContentType!.MediaType);
        Assert.Equal("attachment", file.Content.Headers.ContentDisposition!.DispositionType);
        Assert.Equal(name, file.Content.Headers.ContentDisposition.FileName);
        Assert.Contains("sandbox", Assert.Single(file.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
        Assert.Equal("nosniff", Assert.Single(file.Headers.GetValues("X-Content-Type-Options")));
    }

    [Theory]
    [InlineData("../../etc/passwd", "passwd")]
    [InlineData("C:\\evil\\run.exe", "run.exe")]
    [InlineData("a\u202Egnp.exe", "agnp.exe")]
    [InlineData("...", "file")]
    public async Task A_name_keeps_nothing_of_a_path(string given, string kept)
    {
        using var sent = await SendAsync($"{Seed.Anna}/chats/{Seed.Gleb}", "document", "", ("x"u8.ToArray(), given, "text/plain"));

        Assert.Equal(kept, Media((await APhoneHost.ReadAsync(sent))[0], "name").GetString());
    }

    [Fact]
    public async Task Several_photos_are_one_album_with_the_caption_under_the_first()
    {
        var room = host.Telegram.PhoneOf("dana").MakeRoom("supergroup", "Pictures", "", true, Seed.Egor);
        var topic = host.Telegram.PhoneOf("dana").MakeTopic(Peer(room.Peer), "Holidays").Id;
        using var sent = await SendAsync(
            $"{Seed.Dana}/chats/{room.Peer}", "photo", "The sea", topic,
            (Pictures.Png(20, 20), "1.png", "image/png"), (Pictures.Png(30, 20), "2.png", "image/png"), (Pictures.Png(20, 30), "3.png", "image/png"));

        var seen = (await host.GetAsync($"/sandbox/people/{Seed.Egor}/chats/{room.Peer}/messages?topic={topic}")).EnumerateArray().TakeLast(3).ToArray();
        Assert.Single(seen.Select(message => message.GetProperty("album").GetString()).Distinct());
        Assert.NotNull(seen[0].GetProperty("album").GetString());
        Assert.Equal(["The sea", "", ""], seen.Select(Text));
        Assert.Equal([20, 30, 20], seen.Select(message => Media(message, "width").GetInt32()));
    }

    [Fact]
    public async Task Recordings_and_stickers_are_shown_as_what_they_are()
    {
        using var voice = await SendAsync($"{Seed.Zoya}/chats/{Seed.Mila}", "voice", "", 0, 7, (Pictures.Noise(500), "a.ogg", "audio/ogg"));
        using var sticker = await SendAsync($"{Seed.Zoya}/chats/{Seed.Mila}", "sticker", "", (Pictures.Png(10, 10), "s.png", "image/png"));
        var seen = (await host.GetAsync($"/sandbox/people/{Seed.Mila}/chats/{Seed.Zoya}/messages")).EnumerateArray().ToArray();

        Assert.Equal(["voice", "sticker"], seen.Select(message => Media(message, "kind").GetString()));
        Assert.Equal(7, Media(seen[0], "duration").GetInt32());
        using var heard = await FileAsync($"{Seed.Mila}/chats/{Seed.Zoya}", seen[0]);
        Assert.Equal("audio/ogg", heard.Content.Headers.ContentType!.MediaType);
    }

    [Fact]
    public async Task What_is_no_picture_too_many_or_too_large_is_refused()
    {
        using var noPhoto = await SendAsync($"{Seed.Egor}/chats/{Seed.Gleb}", "photo", "", ("not a picture"u8.ToArray(), "a.png", "image/png"));
        using var nothing = await SendAsync($"{Seed.Egor}/chats/{Seed.Gleb}", "document", "");
        using var many = await SendAsync($"{Seed.Egor}/chats/{Seed.Gleb}", "document", "", [.. Enumerable.Repeat(("x"u8.ToArray(), "a", "text/plain"), 11)]);
        using var voices = await SendAsync($"{Seed.Egor}/chats/{Seed.Gleb}", "voice", "", ("x"u8.ToArray(), "a", "audio/ogg"), ("y"u8.ToArray(), "b", "audio/ogg"));
        using var large = await SendAsync($"{Seed.Egor}/chats/{Seed.Gleb}", "document", "", (new byte[(50 << 20) + 1], "a", "text/plain"));
        using var strange = await SendAsync($"{Seed.Egor}/chats/{Seed.Gleb}", "7", "", ("x"u8.ToArray(), "a", "text/plain"));

        await ProblemAsync(noPhoto, HttpStatusCode.BadRequest, "IMAGE_PROCESS_FAILED");
        await ProblemAsync(nothing, HttpStatusCode.BadRequest, "MEDIA_EMPTY");
        await ProblemAsync(many, HttpStatusCode.BadRequest, "MULTI_MEDIA_TOO_LONG");
        await ProblemAsync(voices, HttpStatusCode.BadRequest, "MEDIA_INVALID");
        await ProblemAsync(large, HttpStatusCode.RequestEntityTooLarge, "FILE_TOO_BIG");
        await ProblemAsync(strange, HttpStatusCode.BadRequest, "MEDIA_INVALID");
        Assert.Empty((await host.GetAsync($"/sandbox/people/{Seed.Egor}/chats/{Seed.Gleb}/messages")).EnumerateArray());
    }

    [Fact]
    public async Task An_upload_beyond_all_bounds_is_cut_off()
    {
        using var content = new MultipartFormDataContent();
        using var endless = new StreamContent(new MemoryStream(new byte[111 << 20]));
        content.Add(endless, "files", "a");
        using var request = new HttpRequestMessage(HttpMethod.Post, APhoneHost.Path($"/sandbox/people/{Seed.Egor}/chats/{Seed.Gleb}/files")) { Content = content };
        // Asks before it sends, so that the answer is not lost in a connection that is reset while it still writes.
        request.Headers.ExpectContinue = true;
        using var response = await host.Http.SendAsync(request, _cancel);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
    }

    [Fact]
    public async Task What_is_edited_and_deleted_is_told_to_who_follows_the_chat()
    {
        var path = $"/sandbox/people/{Seed.Boris}/chats/{Seed.Gleb}";
        var glebs = $"/sandbox/people/{Seed.Gleb}/chats/{Seed.Boris}";
        using var first = await host.PostAsync(path + "/messages", new { text = "Frist" });
        using var second = await host.PostAsync(path + "/messages", new { text = "Second" });
        var (one, two) = (Id(await APhoneHost.ReadAsync(first)), Id(await APhoneHost.ReadAsync(second)));
        var position = (await host.GetAsync(glebs + "/changes")).GetProperty("position").GetInt32();

        using var edited = await host.Http.PatchAsJsonAsync(APhoneHost.Path($"{path}/messages/{one}"), new { text = "First" }, _cancel);
        using var deleted = await host.Http.DeleteAsync(APhoneHost.Path($"{path}/messages/{two}"), _cancel);
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.NoContent), (edited.StatusCode, deleted.StatusCode));
        var changes = await host.GetAsync($"{glebs}/changes?since={position}");
        var changed = Assert.Single(changes.GetProperty("changed").EnumerateArray());
        Assert.Equal("First", Text(changed));
        Assert.NotEqual(JsonValueKind.Null, changed.GetProperty("edited_at").ValueKind);
        Assert.Single(changes.GetProperty("deleted").EnumerateArray());
        Assert.Equal(["First"], (await host.GetAsync(glebs + "/messages")).EnumerateArray().Select(Text));
        Assert.True((await host.GetAsync($"{glebs}/changes?since=99999")).GetProperty("reset").GetBoolean());

        using var notHis = await host.Http.PatchAsJsonAsync(APhoneHost.Path($"{glebs}/messages/{Id(changed)}"), new { text = "Mine" }, _cancel);
        await ProblemAsync(notHis, HttpStatusCode.Forbidden, "MESSAGE_AUTHOR_REQUIRED");
        using var elsewhere = await host.Http.DeleteAsync(APhoneHost.Path($"/sandbox/people/{Seed.Boris}/chats/{Seed.Anna}/messages/{one}"), _cancel);
        await ProblemAsync(elsewhere, HttpStatusCode.NotFound, "MESSAGE_ID_INVALID");
        using var forMe = await host.Http.DeleteAsync(APhoneHost.Path($"{glebs}/messages/{Id(changed)}?everybody=false"), _cancel);
        Assert.Empty((await host.GetAsync(glebs + "/messages")).EnumerateArray());
        Assert.Single((await host.GetAsync(path + "/messages")).EnumerateArray());
    }

    [Fact]
    public async Task A_forwarded_message_says_who_wrote_it_first()
    {
        using var sent = await host.PostAsync($"/sandbox/people/{Seed.Vera}/chats/{Seed.Dana}/messages", new { text = "To be passed on" });
        var id = Id((await host.GetAsync($"/sandbox/people/{Seed.Dana}/chats/{Seed.Vera}/messages")).EnumerateArray().Last());
        using var forwarded = await host.PostAsync($"/sandbox/people/{Seed.Dana}/chats/{Seed.Egor}/forwards", new { from = $"{Seed.Vera}", messages = new[] { id } });
        Assert.Equal(HttpStatusCode.Created, forwarded.StatusCode);
        using var post = await host.PostAsync($"/sandbox/people/{Seed.Dana}/chats/{Seed.Egor}/forwards", new { from = $"c{Seed.News}", messages = new[] { 2 } });

        var seen = (await host.GetAsync($"/sandbox/people/{Seed.Egor}/chats/{Seed.Dana}/messages")).EnumerateArray().TakeLast(2).ToArray();
        Assert.Equal([("To be passed on", "Vera Voronina"), ("The town has a square now.", "Town news")], seen.Select(message => (Text(message), message.GetProperty("forwarded_from").GetString()!)));
    }

    private Task<HttpResponseMessage> SendAsync(string to, string kind, string text, params (byte[] Bytes, string Name, string Type)[] files) =>
        SendAsync(to, kind, text, 0, 0, files);

    private Task<HttpResponseMessage> SendAsync(string to, string kind, string text, int topic, params (byte[] Bytes, string Name, string Type)[] files) =>
        SendAsync(to, kind, text, topic, 0, files);

    private async Task<HttpResponseMessage> SendAsync(string to, string kind, string text, int topic, int duration, params (byte[] Bytes, string Name, string Type)[] files)
    {
        using var form = new MultipartFormDataContent { { new StringContent(kind), "kind" }, { new StringContent(text), "text" } };
        if (topic > 0)
            form.Add(new StringContent($"{topic}"), "topic");
        if (duration > 0)
            form.Add(new StringContent($"{duration}"), "duration");
        foreach (var (bytes, name, type) in files)
        {
            var file = new ByteArrayContent(bytes);
            file.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
            form.Add(file, "files", name);
        }

        return await host.Http.PostAsync(APhoneHost.Path($"/sandbox/people/{to}/files"), form, _cancel);
    }

    private Task<HttpResponseMessage> FileAsync(string from, JsonElement message) =>
        host.Http.GetAsync(APhoneHost.Path($"/sandbox/people/{from}/messages/{Id(message)}/file"), _cancel);

    private static PeerRef Peer(string text) => PeerRef.TryParse(text, out var peer) ? peer : throw new ArgumentException(text, nameof(text));

    private static int Id(JsonElement message) => message.GetProperty("id").GetInt32();

    private static string Text(JsonElement message) => message.GetProperty("text").GetString()!;

    private static JsonElement Media(JsonElement message, string name) => message.GetProperty("media").GetProperty(name);

    private static async Task ProblemAsync(HttpResponseMessage response, HttpStatusCode status, string code)
    {
        Assert.Equal(status, response.StatusCode);
        Assert.Equal(code, (await APhoneHost.ReadAsync(response)).GetProperty("code").GetString());
    }
}
