using System.Security.Cryptography;
using Integrations.Mtproto;
using Integrations.Mtproto.Files;
using Integrations.Mtproto.GapRecovery;
using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Sessions;
using Integrations.Mtproto.Text;
using Integrations.Sandbox.Telegram.World;
using Integrations.Sandbox.Tests.Telegram.Client;
using Integrations.Sandbox.Tests.Telegram.Server;
using PeerKind = Integrations.Mtproto.GapRecovery.PeerKind;

namespace Integrations.Sandbox.Tests.Telethon;

/// <summary>Telethon and our client exchange files and changes through the sandbox, each at its own layer.</summary>
public sealed class TelethonMediaTests : ServerTest
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Our_files_reach_it()
    {
        await using var ours = await OurClient.SignedInAsync(Sandbox, "anna");
        await using var telethon = await BorisAsync();
        var (picture, noise) = (Pictures.Png(64, 48), Pictures.Noise(700_000));
        var boris = Person(Seed.Anna, Seed.Boris);

        var photo = new OutgoingMedia.Photo(await UploadAsync(ours, picture, "grey.png"));
        await ours.Client.SendMediaAsync(boris, photo, FormattedText.FromMarkdown("*A photo*"), new SendOptions { RandomId = 1 }, Token);
        Assert.Equal(("photo", "A photo", Sha256(picture)), Heard(await telethon.HearAsync("file")));

        var document = new OutgoingMedia.Document(await UploadAsync(ours, noise, "noise.bin"), "application/octet-stream", []);
        await ours.Client.SendMediaAsync(boris, document, FormattedText.Plain("A document"), new SendOptions { RandomId = 2 }, Token);
        var file = await telethon.HearAsync("file");
        Assert.Equal(("document", "A document", Sha256(noise)), Heard(file));
        Assert.Equal("noise.bin", (string?)file["name"]);

        var voice = new OutgoingMedia.Voice(await UploadAsync(ours, noise, "voice.ogg"), TimeSpan.FromSeconds(2));
        await ours.Client.SendMediaAsync(boris, voice, FormattedText.Plain(""), new SendOptions { RandomId = 3 }, Token);
        Assert.Equal(("voice", "", Sha256(noise)), Heard(await telethon.HearAsync("file")));

        AlbumPart[] album =
        [
            new(new OutgoingMedia.Photo(await UploadAsync(ours, picture, "1.png")), FormattedText.Plain("An album"), 4),
            new(new OutgoingMedia.Photo(await UploadAsync(ours, picture, "2.png")), FormattedText.Plain(""), 5),
        ];
        await ours.Client.SendAlbumAsync(boris, album, new SendOptions { RandomId = 6 }, Token);
        var (first, second) = (await telethon.HearAsync("file"), await telethon.HearAsync("file"));
        Assert.NotNull((long?)first["album"]);
        Assert.Equal((long?)first["album"], (long?)second["album"]);
        Assert.Empty(Sandbox.Faults.Violations);
    }

    [Fact]
    public async Task Its_files_reach_us()
    {
        await using var ours = await OurClient.SignedInAsync(Sandbox, "anna");
        await ours.ReceiveAsync();
        await using var telethon = await BorisAsync();
        var directory = Directory.CreateTempSubdirectory("telethon-files-");
        try
        {
            var (picture, noise) = (Pictures.Png(64, 48), Pictures.Noise(11_000_000));
            var photo = await WriteAsync(directory, "grey.png", picture);
            var other = await WriteAsync(directory, "other.png", picture);
            var large = await WriteAsync(directory, "noise.bin", noise);
            var spoken = await WriteAsync(directory, "voice.ogg", noise[..9000]);

            await telethon.OrderAsync(new { order = "send_file", to = "+" + AnnasPhone, files = new[] { photo }, caption = "A photo" });
            var received = await ours.NextMessageAsync();
            Assert.IsType<MessageMediaPhoto>(received.Media);
            Assert.Equal("A photo", received.MessageValue);

            await telethon.OrderAsync(new { order = "send_file", to = "+" + AnnasPhone, files = new[] { large }, document = true });
            received = await ours.NextMessageAsync();
            using var target = new MemoryStream();
            await ours.Client.DownloadToAsync(RemoteFile.Of(Person(Seed.Anna, Seed.Boris), received)!, target, null, Token);
            Assert.Equal(Sha256(noise), Sha256(target.ToArray()));

            await telethon.OrderAsync(new { order = "send_file", to = "+" + AnnasPhone, files = new[] { spoken }, voice = true });
            Assert.True(Assert.IsType<MessageMediaDocument>((await ours.NextMessageAsync()).Media).Voice);

            await telethon.OrderAsync(new { order = "send_file", to = "+" + AnnasPhone, files = new[] { photo, other } });
            var (first, second) = (await ours.NextMessageAsync(), await ours.NextMessageAsync());
            Assert.NotNull(first.GroupedId);
            Assert.Equal(first.GroupedId, second.GroupedId);
            Assert.Empty(Sandbox.Faults.Violations);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Changes_pass_in_both_directions()
    {
        await using var ours = await OurClient.SignedInAsync(Sandbox, "anna");
        await ours.ReceiveAsync();
        await using var telethon = await BorisAsync();
        var boris = Person(Seed.Anna, Seed.Boris);

        var sent = await ours.Client.SendTextAsync(boris, FormattedText.Plain("First"), new SendOptions { RandomId = 1 }, Token);
        var id = (int)(await telethon.HearAsync("received"))["id"]!;
        await ours.Client.EditTextAsync(boris, sent.MessageId, FormattedText.FromMarkdown("Second *bold*"), Token);
        var edited = await telethon.HearAsync("edited");
        Assert.Equal((id, "Second bold", "bold"), ((int)edited["id"]!, (string?)edited["text"], (string?)edited["bold"]![0]));
        await telethon.OrderAsync(new { order = "forward", to = "me", of = "+" + AnnasPhone, id });
        Assert.True((int)(await telethon.HearAsync("forwarded"))["id"]! > id);
        await ours.Client.DeleteMessagesAsync(boris, [sent.MessageId], forEverybody: true, Token);
        Assert.Equal(id, (int)(await telethon.HearAsync("deleted"))["ids"]![0]!);

        await telethon.OrderAsync(new { order = "send", to = "+" + AnnasPhone, text = "From Telethon" });
        var theirs = (int)(await telethon.HearAsync("sent"))["id"]!;
        var received = (Message)(await ours.NextAsync<UpdateNewMessage>(update => update.Message is Message { Out: false })).Message;
        await telethon.OrderAsync(new { order = "edit", of = "+" + AnnasPhone, id = theirs, text = "Changed" });
        Assert.Equal("Changed", ((Message)(await ours.NextAsync<UpdateEditMessage>(update => ((Message)update.Message).Id == received.Id)).Message).MessageValue);
        await telethon.OrderAsync(new { order = "delete", of = "+" + AnnasPhone, id = theirs });
        Assert.Equal([received.Id], (await ours.NextAsync<UpdateDeleteMessages>(update => update.Messages.Contains(received.Id))).Messages);
    }

    [Fact]
    public async Task A_session_of_ours_goes_on_in_it_and_back_without_a_new_login()
    {
        TelegramSession ourSession;
        await using (var ours = await OurClient.SignedInAsync(Sandbox, "anna"))
            ourSession = TelegramSession.FromBytes(ours.Stored!);
        var dc = Sandbox.Dcs.Single(dc => dc.Id == ourSession.DcId);

        var exported = TelethonSession.From(ourSession, new TelegramDc(dc.Id, dc.Host, dc.Port)).Export();
        string back;
        await using (var telethon = Journey.Start(Sandbox, "none", "full", session: exported))
        {
            Assert.Equal(Seed.Anna, (long)(await telethon.HearAsync("signed_in"))["id"]!);
            await telethon.OrderAsync(new { order = "session" });
            back = (string)(await telethon.HearAsync("session"))["text"]!;
            await telethon.OrderAsync(new { order = "stop" });
            await telethon.EndAsync();
        }

        Assert.True(TelethonSession.TryParse(back, out var imported));
        await using var again = await OurClient.ConnectAsync(Sandbox, imported.ToSession().ToBytes());
        Assert.Equal(Seed.Anna, (await again.Client.GetSelfAsync(Token)).Id);
        Assert.Equal(Seed.Anna, TelegramSession.FromBytes(again.Stored!).UserId);
        Assert.Single(Anna.Devices);
    }

    private static (string? Kind, string? Text, string? Sha) Heard(System.Text.Json.Nodes.JsonNode file) =>
        ((string?)file["kind"], (string?)file["text"], (string?)file["sha256"]);

    private static string Sha256(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    private static Task<UploadedFile> UploadAsync(OurClient client, byte[] bytes, string name) =>
        client.Client.UploadAsync(new MemoryStream(bytes), bytes.Length, name, null, Token);

    private static async Task<string> WriteAsync(DirectoryInfo directory, string name, byte[] bytes)
    {
        var path = Path.Combine(directory.FullName, name);
        await File.WriteAllBytesAsync(path, bytes, Token);
        return path;
    }

    private async Task<Journey> BorisAsync()
    {
        var telethon = Journey.Start(Sandbox, "code", "full", "boris");
        await telethon.HearAsync("listening");
        return telethon;
    }

    private PeerAddress Person(long viewer, long person) =>
        new(new PeerKey(PeerKind.User, person), Sandbox.World.AccessHash(viewer, PeerRef.User(person)));
}
