using Integrations.Mtproto;
using Integrations.Mtproto.GapRecovery;
using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Text;
using Integrations.Sandbox.Telegram.Phone;
using Integrations.Sandbox.Telegram.World;
using Integrations.Sandbox.Tests.Telegram.Server;
using PeerKind = Integrations.Mtproto.GapRecovery.PeerKind;

namespace Integrations.Sandbox.Tests.Telegram.Client;

/// <summary>What is done on the phone, as our client sees it.</summary>
public sealed class OurClientPhoneTests : ServerTest
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task BotFather_answers_a_client_too()
    {
        await using var anna = await OurClient.SignedInAsync(Sandbox, "anna");
        await anna.ReceiveAsync();
        var father = new PeerAddress(new PeerKey(PeerKind.User, Seed.BotFather), Sandbox.World.AccessHash(Seed.Anna, PeerRef.User(Seed.BotFather)));
        string[] said = ["/newbot", "By a client", "by_a_client_bot"];
        var last = "";
        foreach (var (text, number) in said.Select((text, index) => (text, index + 1)))
        {
            await anna.Client.SendTextAsync(father, FormattedText.Plain(text), new SendOptions { RandomId = number }, Token);
            last = ((Message)(await anna.NextAsync<UpdateNewMessage>(update => update.Message is Message { Out: false })).Message).MessageValue;
        }

        Assert.StartsWith("Done!", last, StringComparison.Ordinal);
        Assert.Contains(Assert.Single(Anna.Bots).Token, last, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_room_made_on_the_phone_a_file_and_an_edit_come_to_a_client()
    {
        await using var boris = await OurClient.SignedInAsync(Sandbox, "boris");
        await boris.ReceiveAsync();
        var room = Anna.MakeRoom("supergroup", "By phone", "", topics: true, Seed.Boris);
        Assert.True(PeerRef.TryParse(room.Peer, out var peer));
        Assert.Equal(peer.Id, (await boris.NextAsync<UpdateChannel>()).ChannelId);

        var topic = Anna.MakeTopic(peer, "Lamps");
        var picture = Pictures.Png(20, 10);
        var sent = Assert.Single(await Anna.SendFilesAsync(
            new Draft { Peer = peer, Text = "The lapm", TopicId = topic.Id }, AttachmentKind.Photo, 0, [new Attachment("a.png", "image/png", new MemoryStream(picture))], Token));
        var received = (Message)(await boris.NextAsync<UpdateNewChannelMessage>(update => update.Message is Message { Media: not null })).Message;
        var photo = Assert.IsType<Photo>(Assert.IsType<MessageMediaPhoto>(received.Media).Photo);
        Assert.Equal((20, 10), (Assert.IsType<PhotoSize>(Assert.Single(photo.Sizes)).W, ((PhotoSize)photo.Sizes[0]).H));
        Assert.Equal(topic.Id, Assert.IsType<MessageReplyHeader>(received.ReplyTo).ReplyToMsgId);

        Anna.Edit(peer, sent.Id, "The lamp");
        Assert.Equal("The lamp", ((Message)(await boris.NextAsync<UpdateEditChannelMessage>()).Message).MessageValue);
        Anna.Delete(peer, sent.Id, forEverybody: true);
        Assert.Equal([sent.Id], (await boris.NextAsync<UpdateDeleteChannelMessages>()).Messages);
    }
}
