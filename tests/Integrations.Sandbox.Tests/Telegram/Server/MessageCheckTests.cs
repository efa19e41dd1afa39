using Integrations.Mtproto.Envelope;
using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Tl;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Tests.Telegram.Server;

/// <summary>What the server refuses about a message itself (https://core.telegram.org/mtproto/service_messages_about_messages).</summary>
public sealed class MessageCheckTests : ServerTest
{
    [Theory]
    [InlineData(-400, 16)]
    [InlineData(600, 17)]
    public async Task An_id_from_another_time_is_refused(int secondsOff, int code)
    {
        var client = await ConnectAsync();
        var id = MessageIdSource.FromTime(DateTimeOffset.UtcNow + TimeSpan.FromSeconds(secondsOff));

        await client.SendAsync(new Ping { PingId = 1 }, id);

        var bad = await client.NextAsync<BadMsgNotification>();
        Assert.Equal((id, code), (bad.BadMsgId, bad.ErrorCode));
    }

    [Fact]
    public async Task An_id_that_is_not_a_clients_is_refused()
    {
        var client = await ConnectAsync();
        await client.SendAsync(new Ping { PingId = 1 }, client.Ids.Next() | 1);

        Assert.Equal(18, (await client.NextAsync<BadMsgNotification>()).ErrorCode);
    }

    [Fact]
    public async Task A_wrong_salt_is_answered_with_the_right_one_which_then_works()
    {
        var client = await ConnectAsync();
        var id = await client.SendAsync(new Ping { PingId = 1 }, salt: 12345);

        var bad = await client.NextAsync<BadServerSalt>();
        Assert.Equal((id, 48), (bad.BadMsgId, bad.ErrorCode));
        client.Salt = bad.NewServerSalt;
        await client.SendAsync(new Ping { PingId = 2 });
        Assert.Equal(2, (await client.NextAsync<Pong>()).PingId);
        Assert.NotEqual(0, (await client.NextAsync<NewSessionCreated>()).UniqueId);
    }

    [Fact]
    public async Task A_sequence_number_that_falls_back_is_too_low()
    {
        var client = await ConnectAsync();
        await client.SendAsync(new Ping { PingId = 1 }, sequence: 9);
        await client.SendAsync(new Ping { PingId = 2 }, sequence: 5);

        Assert.Equal(32, (await client.NextAsync<BadMsgNotification>()).ErrorCode);
    }

    [Fact]
    public async Task A_sequence_number_above_that_of_a_later_message_is_too_high()
    {
        var client = await ConnectAsync();
        var earlier = client.Ids.Next();
        await client.SendAsync(new Ping { PingId = 1 }, sequence: 3);
        await client.SendAsync(new Ping { PingId = 2 }, earlier, sequence: 5);

        Assert.Equal(33, (await client.NextAsync<BadMsgNotification>()).ErrorCode);
    }

    [Fact]
    public async Task A_call_must_count_and_an_acknowledgement_must_not()
    {
        var client = await ConnectAsync();
        await client.SendAsync(new HelpGetConfig(), sequence: 2);
        Assert.Equal(35, (await client.NextAsync<BadMsgNotification>()).ErrorCode);

        await client.SendAsync(new MsgsAck { MsgIds = [1] }, sequence: 3);
        Assert.Equal(34, (await client.NextAsync<BadMsgNotification>()).ErrorCode);
    }

    [Fact]
    public async Task A_container_in_a_container_is_refused_as_a_whole()
    {
        var client = await ConnectAsync();
        var (ping, inner) = (Inner(client, new Ping { PingId = 1 }), Inner(client, new MsgContainer { Messages = [] }));

        var id = await client.SendAsync(new MsgContainer { Messages = [ping, inner] }, isContent: false);

        var bad = await client.NextAsync<BadMsgNotification>();
        Assert.Equal((id, 64), (bad.BadMsgId, bad.ErrorCode));
        Assert.DoesNotContain(await client.RestAsync(), message => message.Read() is Pong { PingId: 1 });
    }

    [Fact]
    public async Task A_container_must_be_younger_than_what_is_in_it()
    {
        var client = await ConnectAsync();
        var id = client.Ids.Next();
        var ping = Inner(client, new Ping { PingId = 1 });

        await client.SendAsync(new MsgContainer { Messages = [ping] }, id, isContent: false);

        Assert.Equal(64, (await client.NextAsync<BadMsgNotification>()).ErrorCode);
    }

    [Fact]
    public async Task The_id_of_a_container_is_used_once()
    {
        var client = await ConnectAsync();
        var first = Inner(client, new Ping { PingId = 1 });
        var second = Inner(client, new Ping { PingId = 2 });
        var id = await client.SendAsync(new MsgContainer { Messages = [first] }, isContent: false);
        await client.SendAsync(new MsgContainer { Messages = [second] }, id, isContent: false);

        Assert.Equal(19, (await client.NextAsync<BadMsgNotification>()).ErrorCode);
    }

    [Fact]
    public async Task Calls_in_a_container_are_answered_in_one()
    {
        var client = await ConnectAsync();
        var config = Inner(client, new HelpGetConfig());
        var nearest = Inner(client, new HelpGetNearestDc());
        await client.SendAsync(new MsgContainer { Messages = [config, nearest] }, isContent: false);

        var created = await client.NextAsync(message => message.Constructor == 0x9ec20908);
        Assert.True(created.InContainer);
        Assert.Equal(config.MsgId, ((NewSessionCreated)created.Read()).FirstMsgId);
        Assert.NotEmpty(await client.ResultBytesAsync(config.MsgId));
        Assert.NotEmpty(await client.ResultBytesAsync(nearest.MsgId));
    }

    [Fact]
    public async Task A_packed_call_is_unpacked()
    {
        var client = await ConnectAsync();
        var id = await client.SendAsync(GzipPacked.Of(new HelpGetNearestDc().ToBytes()));

        Assert.IsType<NearestDc>(TlRegistry.Read(await client.ResultBytesAsync(id)));
    }

    [Fact]
    public async Task A_message_that_came_before_is_not_executed_again_and_its_answer_is_repeated()
    {
        var client = await SignedInAsync(AnnasPhone);
        var request = Message(PeerOf(Seed.Anna, Seed.Boris), "Once");
        var (id, sequence) = (client.Ids.Next(), client.NextSequence(isContent: true));
        await client.SendBodyAsync(request.ToBytes(), id, sequence);
        var first = await client.ResultBytesAsync(id);
        await client.SendBodyAsync(request.ToBytes(), id, sequence);

        Assert.Equal(first, await client.ResultBytesAsync(id));
        Assert.Single(Boris.Messages(PeerRef.User(Seed.Anna)));
    }

    [Fact]
    public async Task An_unknown_method_gets_an_error_and_the_connection_lives()
    {
        var client = await SignedInAsync(AnnasPhone);
        var id = client.Ids.Next();
        await client.SendBodyAsync([0x78, 0x56, 0x34, 0x12, 1, 0, 0, 0], id, client.NextSequence(isContent: true));

        var failure = await Assert.ThrowsAsync<RpcFailure>(() => client.ResultBytesAsync(id));
        Assert.Equal((400, "INPUT_METHOD_INVALID_305419896_228"), (failure.Code, failure.Name));
        await client.InvokeAsync(new UpdatesGetState());
    }

    [Fact]
    public async Task A_known_method_that_nothing_here_serves_gets_an_error_too()
    {
        var client = await SignedInAsync(AnnasPhone);

        var failure = await Assert.ThrowsAsync<RpcFailure>(() => client.InvokeAsync(new ChannelsCreateChannel { Title = "Mine", About = "" }));

        Assert.StartsWith("INPUT_METHOD_INVALID_", failure.Name, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_call_cut_short_gets_an_error()
    {
        var client = await SignedInAsync(AnnasPhone);
        var id = client.Ids.Next();
        var bytes = new ContactsResolveUsername { Username = "boris" }.ToBytes();
        await client.SendBodyAsync(bytes[..^4], id, client.NextSequence(isContent: true));

        await RefusedAsync("INPUT_FETCH_ERROR", client.ResultBytesAsync(id));
    }

    [Fact]
    public async Task A_client_that_did_not_introduce_itself_is_asked_to()
    {
        var client = await ConnectAsync();
        client.MustIntroduce = false;
        await RefusedAsync("CONNECTION_NOT_INITED", client.InvokeAsync(RawClient.SendCode(AnnasPhone)));

        client.MustIntroduce = true;
        client.Layer = 100;
        await RefusedAsync("CONNECTION_LAYER_INVALID", client.InvokeAsync(new HelpGetConfig()));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_key_that_is_not_known_or_does_not_fit_is_refused_with_404(bool isKnown)
    {
        var client = await ConnectAsync();
        var packet = EncryptedPacket(client);
        if (isKnown)
            packet[^1] ^= 1;
        else
            packet[0] ^= 1;
        await client.SendPacketAsync(packet);

        Assert.Equal(-404, await client.RefusalAsync());
    }

    [Fact]
    public async Task A_key_of_another_data_centre_is_not_known()
    {
        var client = await ConnectAsync(1);
        var stranger = Own(await RawClient.OpenAsync(Sandbox, 2));
        await stranger.SendPacketAsync(EncryptedPacket(client));

        Assert.Equal(-404, await stranger.RefusalAsync());
    }

    private static byte[] EncryptedPacket(RawClient client) => Integrations.Mtproto.Envelope.EncryptedMessage.Encrypt(
        client.Key,
        Integrations.Mtproto.Crypto.MessageDirection.ClientToServer,
        new MessageHeader(client.Salt, client.SessionId, client.Ids.Next(), 1),
        new Ping { PingId = 1 }.ToBytes(),
        Integrations.Mtproto.Crypto.SystemRandomSource.Instance);

    private static ContainedMessage Inner(RawClient client, TlObject body)
    {
        var sequence = client.NextSequence(isContent: body is not MsgContainer);
        return new ContainedMessage(client.Ids.Next(), sequence, body.ToBytes());
    }
}
