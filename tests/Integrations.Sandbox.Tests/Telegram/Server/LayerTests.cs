using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Tl;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Tests.Telegram.Server;

/// <summary>A client gets constructors of its own layer only, in answers, updates and differences alike.</summary>
public sealed class LayerTests : ServerTest
{
    private static readonly Dictionary<int, (uint Config, uint User, uint Message, uint Channel)> Ids = new()
    {
        [144] = (0x330b4067, 0x3ff6ecb0, 0x38116ee0, 0x8261ac61),
        [198] = (0xcc1a241e, 0x4b46c37e, 0x96fdbbe9, 0xe00998b7),
        [228] = (0xcc1a241e, 0xb1b8cc83, 0x7600b9d3, 0xd49f34c6),
    };

    [Theory]
    [InlineData(144)]
    [InlineData(198)]
    [InlineData(228)]
    public async Task Answers_updates_and_differences_are_in_the_clients_layer(int layer)
    {
        var client = await SignedInAsync(AnnasPhone, layer);
        var config = await client.StartAsync(new HelpGetConfig());
        Assert.Equal(Ids[layer].Config, BitConverter.ToUInt32(await client.ResultBytesAsync(config)));
        var state = await client.InvokeAsync(new UpdatesGetState());

        Boris.Send(PeerRef.User(Seed.Anna), "To Anna");
        var pushed = await client.NextAsync(message => message.Constructor == 0x74ae4240);
        AssertLayer(layer, pushed.Body, Ids[layer].Message, Ids[layer].User);

        Boris.Send(PeerRef.Channel(Seed.Town), "To the town");
        var posted = await client.NextAsync(message => message.Constructor == 0x74ae4240);
        AssertLayer(layer, posted.Body, Ids[layer].Message, Ids[layer].Channel);

        // The call's own number differs between the layers too.
        var request = new UpdatesGetDifference { Pts = state.Pts, Date = state.Date, Qts = 0 };
        var id = client.Ids.Next();
        await client.SendBodyAsync(request.ToBytes(layer), id, client.NextSequence(isContent: true));
        AssertLayer(layer, await client.ResultBytesAsync(id), Ids[layer].Message, Ids[layer].User);
    }

    [Theory]
    [InlineData(144)]
    [InlineData(198)]
    public async Task A_message_sent_with_an_older_call_arrives_with_its_reply(int layer)
    {
        var client = await SignedInAsync(AnnasPhone, layer);
        var received = Boris.Send(PeerRef.User(Seed.Anna), "Question");
        var question = Anna.Messages(PeerRef.User(Seed.Boris))[^1];
        var request = new MessagesSendMessage
        {
            Peer = PeerOf(Seed.Anna, Seed.Boris),
            Message = "Answer",
            RandomId = 5,
            ReplyTo = new InputReplyToMessage { ReplyToMsgId = question.Id },
        };
        var id = client.Ids.Next();
        await client.SendBodyAsync(request.ToBytes(layer), id, client.NextSequence(isContent: true));

        await client.ResultBytesAsync(id);
        Assert.Equal(("Answer", received.Id), (Boris.Messages(PeerRef.User(Seed.Anna))[^1].Text, Boris.Messages(PeerRef.User(Seed.Anna))[^1].ReplyTo));
    }

    [Fact]
    public async Task An_older_client_joins_a_room_with_its_own_call()
    {
        var client = await SignedInAsync(AnnasPhone, 144);
        await client.InvokeAsync(new ChannelsLeaveChannel { Channel = ChannelOf(Seed.Anna, Seed.Town) });
        using var writer = new TlWriter(144);
        writer.WriteUInt32(0x24b524c5);
        ChannelOf(Seed.Anna, Seed.Town).Write(writer);
        var id = client.Ids.Next();
        await client.SendBodyAsync(writer.WrittenSpan.ToArray(), id, client.NextSequence(isContent: true));

        Assert.Equal(0x74ae4240u, BitConverter.ToUInt32(await client.ResultBytesAsync(id)));
        Anna.Send(PeerRef.Channel(Seed.Town), "Back again");
    }

    [Fact]
    public async Task The_layer_is_remembered_when_the_session_was_forgotten()
    {
        var client = await SignedInAsync(AnnasPhone, 144);
        client.Abort();
        var again = Own(await client.ReconnectAsync(sameSession: false));

        var id = await again.StartAsync(new HelpGetConfig());

        Assert.Equal(Ids[144].Config, BitConverter.ToUInt32(await again.ResultBytesAsync(id)));
    }

    /// <summary>The ids of one layer are there and those of the others are not.</summary>
    private static void AssertLayer(int layer, byte[] body, params uint[] wanted)
    {
        var words = new HashSet<uint>();
        for (var i = 0; i + 4 <= body.Length; i += 4)
            words.Add(BitConverter.ToUInt32(body, i));
        Assert.Superset(wanted.ToHashSet(), words);
        var foreign = Ids.Where(pair => pair.Key != layer).SelectMany(pair => new[] { pair.Value.User, pair.Value.Message, pair.Value.Channel });
        Assert.Empty(words.Intersect(foreign));
    }
}
