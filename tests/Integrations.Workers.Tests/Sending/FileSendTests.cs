using Integrations.Mtproto.Files;
using Integrations.Mtproto.Schema;
using Integrations.Sandbox.Telegram.Faults;
using Integrations.Sandbox.Telegram.World;
using Integrations.Sandbox.Tests.Telegram.Client;
using Integrations.Testing;
using Integrations.Workers.Tests.Ownership;
using PeerAddress = Integrations.Mtproto.PeerAddress;
using PeerKey = Integrations.Mtproto.GapRecovery.PeerKey;
using PeerKind = Integrations.Mtproto.GapRecovery.PeerKind;
using Recipient = Integrations.Core.Telegram.Sending.Recipient;

namespace Integrations.Workers.Tests.Sending;

/// <summary>Pictures and files that accounts send, as the other side gets them.</summary>
public sealed class FileSendTests(Servers servers)
{
    private static readonly Recipient Boris = new(Username: "boris");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_photo_arrives_byte_for_byte_with_its_caption()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation);
        await using var boris = await ReceiverAsync(installation, "boris");
        var account = await installation.Customer.ConnectAsync("anna");
        var picture = Pictures.Png(320, 200);

        var sent = await installation.Customer.AskToSendAsync(account, Boris, "The shelf", await installation.Customer.UploadAsync(picture, "shelf.png"));

        var seen = await installation.Customer.UntilMessageAsync(Assert.Single(sent), "delivered");
        Assert.NotNull(seen.TelegramId);
        var message = await boris.NextMessageAsync();
        Assert.Equal("The shelf", message.MessageValue);
        Assert.IsType<MessageMediaPhoto>(message.Media);
        Assert.Equal(picture, await FetchAsync(installation, boris, message));
        Assert.Empty(installation.Telegram.Faults.Violations);
    }

    [Theory]
    [InlineData("document", "report.bin")]
    [InlineData("audio", "song.mp3")]
    [InlineData("voice", "voice.ogg")]
    public async Task Other_kinds_arrive_as_what_they_are(string kind, string name)
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation);
        await using var boris = await ReceiverAsync(installation, "boris");
        var account = await installation.Customer.ConnectAsync("anna");
        var content = kind switch
        {
            "audio" => [.. "ID3"u8, .. Pictures.Noise(900_000)],
            "voice" => [.. "OggS"u8, .. new byte[24], .. "OpusHead"u8, .. new byte[2000], .. "OggS"u8, 0, 4, .. BitConverter.GetBytes(48_000L * 7), .. new byte[14]],
            _ => Pictures.Noise((11 << 20) + 5),
        };

        await installation.Customer.AskToSendAsync(account, Boris, "", await installation.Customer.UploadAsync(content, name));

        var message = await boris.NextMessageAsync();
        var document = (Document)Assert.IsType<MessageMediaDocument>(message.Media).Document!;
        Assert.Equal(name, document.Attributes.OfType<DocumentAttributeFilename>().Single().FileName);
        Assert.Equal(kind == "voice", document.Attributes.OfType<DocumentAttributeAudio>().Any(audio => audio is { Voice: true, Duration: 7 }));
        Assert.Equal(kind == "audio", document.Attributes.OfType<DocumentAttributeAudio>().Any(audio => !audio.Voice));
        Assert.Equal(content, await FetchAsync(installation, boris, message));
    }

    [Fact]
    public async Task An_album_arrives_as_one_and_in_order_and_each_of_it_has_an_outcome()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation);
        await using var boris = await ReceiverAsync(installation, "boris");
        var account = await installation.Customer.ConnectAsync("anna");
        byte[][] pictures = [Pictures.Png(10, 20), Pictures.Png(30, 40), Pictures.Png(50, 60)];
        var media = new List<Core.Telegram.Sending.OutgoingMedia>();
        foreach (var picture in pictures)
            media.Add(await installation.Customer.UploadAsync(picture, "p.png"));

        var sent = await installation.Customer.AskToSendAsync(account, Boris, "Three", [.. media]);
        var after = await installation.Customer.SendAsync(account, "boris", "And a word");

        Assert.Equal(3, sent.Count);
        foreach (var id in sent)
            Assert.NotNull((await installation.Customer.UntilMessageAsync(id, "delivered")).TelegramId);
        await installation.Customer.UntilMessageAsync(after, "delivered");
        List<Message> got = [await boris.NextMessageAsync(), await boris.NextMessageAsync(), await boris.NextMessageAsync()];
        Assert.Single(got.Select(message => message.GroupedId).Distinct());
        Assert.NotNull(got[0].GroupedId);
        Assert.Equal(["Three", "", ""], got.Select(message => message.MessageValue));
        for (var place = 0; place < got.Count; place++)
            Assert.Equal(pictures[place], await FetchAsync(installation, boris, got[place]));
        Assert.Equal("And a word", (await boris.NextMessageAsync()).MessageValue);
        // As many as were counted at the acceptance; the word came by a way that does not count.
        Assert.Equal(3L, await installation.ScalarAsync<long>($"select sum(accepted)::bigint from message_counters where tenant_id = '{installation.Customer.Tenant}'"));
        Assert.Equal(1L, await installation.ScalarAsync<long>($"select count(distinct album_id) from messages where account_id = '{account}' and media_id is not null and status = 'delivered'"));
    }

    [Theory]
    [InlineData("upload.saveFilePart")]
    [InlineData("messages.sendMultiMedia")]
    public async Task A_worker_killed_in_the_middle_leaves_exactly_one_album(string method)
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        var customer = installation.Customer;
        var worker = await WorkerProcess.StartAsync(installation);
        try
        {
            var account = await customer.ConnectAsync("anna");
            // Telegram does what is asked and does not say so: the worker waits, and dies waiting.
            installation.Telegram.Faults.Add(new Fault { Kind = FaultKind.LoseAnswer, Method = method });
            var sent = await customer.AskToSendAsync(
                account, Boris, "Once", await customer.UploadAsync(Pictures.Png(300, 20), "a.png"), await customer.UploadAsync(Pictures.Png(20, 300), "b.png"));
            await Eventually.BecomesAsync("the call is lost", _ => Task.FromResult(installation.Telegram.Faults.Active.Count), count => count == 0, TimeSpan.FromSeconds(30));
            worker.Signal("KILL");
            Assert.Equal("sending", (await customer.MessageAsync(sent[0])).Status);
            await worker.DisposeAsync();

            worker = await WorkerProcess.StartAsync(installation);

            foreach (var id in sent)
                Assert.NotNull((await customer.UntilMessageAsync(id, "delivered", TimeSpan.FromSeconds(60))).TelegramId);
            var anna = PeerRef.User(installation.Telegram.PhoneOf("anna").Owner.Id);
            Assert.Equal(["Once", ""], installation.Telegram.PhoneOf("boris").Messages(anna).Where(message => !message.Out).Select(message => message.Text));
            Assert.Equal(2L, await installation.ScalarAsync<long>($"select count(*) from messages where account_id = '{account}' and direction = 'personal_telegram_out'"));
        }
        finally
        {
            await worker.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_flood_wait_in_the_middle_of_an_upload_sends_it_later_and_holds_up_no_text()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation);
        var account = await installation.Customer.ConnectAsync("anna");
        installation.Telegram.Faults.Add(new Fault { Kind = FaultKind.FloodWait, Method = "upload.saveFilePart", Seconds = 3 });

        var file = (await installation.Customer.AskToSendAsync(account, Boris, "", await installation.Customer.UploadAsync(Pictures.Noise(700_000), "noise.bin")))[0];
        await Eventually.BecomesAsync("the file waits", _ => installation.Customer.MessageAsync(file), row => row is { Status: "pending", ErrorCode: "TG_API_429" });
        var text = await installation.Customer.SendAsync(account, "vera", "Meanwhile");

        await installation.Customer.UntilMessageAsync(text, "delivered", TimeSpan.FromSeconds(2));
        Assert.Equal("pending", (await installation.Customer.MessageAsync(file)).Status);
        await installation.Customer.UntilMessageAsync(file, "delivered");
    }

    [Fact]
    public async Task An_upload_that_hangs_holds_up_neither_texts_nor_other_accounts()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation, ("Sending:UploadsAtOnce", "1"), ("Accounts:CallTimeout", "00:01:00"));
        var anna = await installation.Customer.ConnectAsync("anna");
        var egor = await installation.Customer.ConnectAsync("egor");
        installation.Telegram.Faults.Add(new Fault { Kind = FaultKind.LoseAnswer, Method = "upload.saveFilePart", Times = 0, Person = installation.Telegram.PhoneOf("anna").Owner.Id });

        List<Guid> files = [];
        for (var n = 0; n < 5; n++)
            files.AddRange(await installation.Customer.AskToSendAsync(anna, new Recipient(TelegramUserId: 1000 + n), "", await installation.Customer.UploadAsync(Pictures.Noise(1000), "n.bin")));
        files.AddRange(await installation.Customer.AskToSendAsync(anna, Boris, "", await installation.Customer.UploadAsync(Pictures.Noise(1000), "n.bin")));
        var own = await installation.Customer.SendAsync(anna, "zoya", "Text of the same account");
        var other = await installation.Customer.SendAsync(egor, "boris", "Text of another");

        await installation.Customer.UntilMessageAsync(own, "delivered", TimeSpan.FromSeconds(10));
        await installation.Customer.UntilMessageAsync(other, "delivered", TimeSpan.FromSeconds(10));
        Assert.Equal(0L, await installation.ScalarAsync<long>($"select count(*) from messages where id = any ('{{{string.Join(',', files)}}}') and status = 'delivered'"));
    }

    private static async Task<OurClient> ReceiverAsync(TestInstallation installation, string person)
    {
        var client = await OurClient.SignedInAsync(installation.Telegram, person);
        await client.ReceiveAsync();
        return client;
    }

    private static async Task<byte[]> FetchAsync(TestInstallation installation, OurClient client, Message message)
    {
        var anna = new PeerKey(PeerKind.User, installation.Telegram.PhoneOf("anna").Owner.Id);
        using var content = new MemoryStream();
        await client.Client.DownloadToAsync(RemoteFile.Of(new PeerAddress(anna, null), message)!, content, null, Token);
        return content.ToArray();
    }
}
