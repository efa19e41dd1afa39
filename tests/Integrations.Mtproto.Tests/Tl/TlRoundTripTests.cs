using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Tl;
using Integrations.TlGenerator;

namespace Integrations.Mtproto.Tests.Tl;

public sealed class TlRoundTripTests
{
    [Theory]
    [InlineData(144)]
    [InlineData(198)]
    [InlineData(228)]
    public void Every_constructor_is_read_and_written_as_the_schema_of_the_layer_says(int layer)
    {
        var wire = new RandomWire(SchemaDirectory.Model, layer, seed: layer);
        var tried = 0;
        foreach (var type in SchemaDirectory.Model.Classes.Where(c => IsPossible(c, layer, wire)))
        {
            for (var round = 0; round < 4; round++)
            {
                var bytes = wire.Object(type);
                var value = TlRegistry.Read(bytes);
                Assert.Equal(type.ClassName, value.GetType().Name);
                Assert.Equal(type.Definition.Name, value.TlName);
                Assert.Equal(type.Definition.Id, value.ConstructorId);
                Assert.True(bytes.AsSpan().SequenceEqual(value.ToBytes(layer)), $"{type.Definition.Name} at layer {layer}, round {round}");
            }

            tried++;
        }

        Assert.True(tried > (layer == 144 ? 700 : 900), $"only {tried} constructors were tried");
    }

    [Theory]
    [InlineData(144)]
    [InlineData(198)]
    [InlineData(228)]
    public void Every_result_is_read_and_written_as_the_schema_of_the_layer_says(int layer)
    {
        var wire = new RandomWire(SchemaDirectory.Model, layer, seed: 1000 + layer);
        foreach (var type in SchemaDirectory.Model.Classes.Where(c => c.Definition is { IsCall: true, IsWrapper: false } && IsPossible(c, layer, wire)))
        {
            var call = RandomWire.At(type, layer)!;
            if (call.ResultType != type.Definition.ResultType)
                continue; // the answer of an older layer has another type: see TlLayerTests
            var request = Assert.IsType<TlRequest>(TlRegistry.Read(wire.Object(type)), exactMatch: false);
            var bytes = wire.Result(call);
            var reader = new TlReader(bytes);
            var result = request.ReadAnyResult(ref reader);
            reader.EnsureEnd();
            using var writer = new TlWriter(layer);
            request.WriteAnyResult(writer, result);
            Assert.True(bytes.AsSpan().SequenceEqual(writer.WrittenSpan), $"the result of {call.Name} at layer {layer}");
        }
    }

    [Fact]
    public void The_fields_bear_the_names_that_the_schema_gives_them()
    {
        var message = new MessagesSendMessage
        {
            Silent = true,
            Peer = new InputPeerUser { UserId = 1_000_001, AccessHash = -2 },
            Message = "Good day",
            RandomId = 7,
            ReplyTo = new InputReplyToMessage { ReplyToMsgId = 5 },
        };

        var read = Assert.IsType<MessagesSendMessage>(TlRegistry.Read(message.ToBytes()));

        Assert.True(read.Silent);
        Assert.False(read.Background);
        Assert.Equal("Good day", read.Message);
        Assert.Equal(7, read.RandomId);
        Assert.Null(read.Entities);
        var peer = Assert.IsType<InputPeerUser>(read.Peer);
        Assert.Equal((1_000_001L, -2L), (peer.UserId, peer.AccessHash));
        Assert.Equal(5, Assert.IsType<InputReplyToMessage>(read.ReplyTo).ReplyToMsgId);
    }

    [Fact]
    public void A_call_wrapped_in_layer_and_connection_keeps_its_own_result_type()
    {
        var inner = new HelpGetNearestDc();
        var outer = new InvokeWithLayer
        {
            Layer = SchemaLayer.Current,
            Query = new InitConnection
            {
                ApiId = 1,
                DeviceModel = "model",
                SystemVersion = "1",
                AppVersion = "1",
                SystemLangCode = "en",
                LangPack = "",
                LangCode = "en",
                Query = inner,
            },
        };
        var request = new WrappedRequest<NearestDc>(outer, inner);

        var read = Assert.IsType<InvokeWithLayer>(TlRegistry.Read(request.ToBytes()));
        Assert.IsType<HelpGetNearestDc>(Assert.IsType<InitConnection>(read.Query).Query);

        using var writer = new TlWriter();
        read.WriteAnyResult(writer, new NearestDc { Country = "UA", ThisDc = 2, NearestDcValue = 4 });
        var reader = new TlReader(writer.WrittenSpan);
        Assert.Equal(4, request.ReadResult(ref reader).NearestDcValue);
    }

    [Fact]
    public void A_result_of_another_type_is_refused()
    {
        using var writer = new TlWriter();
        Assert.Throws<TlException>(() => new HelpGetNearestDc().WriteAnyResult(writer, true));
    }

    [Fact]
    public void The_messages_written_by_hand_survive_the_way_there_and_back()
    {
        var ping = new Ping { PingId = 3 }.ToBytes();
        var container = new MsgContainer { Messages = [new(8, 1, ping), new(12, 3, new MsgsAck { MsgIds = [4L, 5L] }.ToBytes())] };
        var read = Assert.IsType<MsgContainer>(TlRegistry.Read(container.ToBytes()));
        Assert.Equal([8L, 12L], read.Messages.Select(m => m.MsgId));
        Assert.Equal(3, Assert.IsType<Ping>(TlRegistry.Read(read.Messages[0].Body.Span)).PingId);

        var copy = Assert.IsType<MsgCopy>(TlRegistry.Read(new MsgCopy { OrigMessage = new(8, 1, ping) }.ToBytes()));
        Assert.Equal(ping, copy.OrigMessage.Body.ToArray());

        var result = Assert.IsType<RpcResult>(TlRegistry.Read(new RpcResult { ReqMsgId = 9, Result = ping }.ToBytes()));
        Assert.Equal((9L, ping.Length), (result.ReqMsgId, result.Result.Length));

        var salts = new FutureSalts { ReqMsgId = 1, Now = 2, Salts = [new() { ValidSince = 3, ValidUntil = 4, Salt = 5 }] };
        var readSalts = Assert.IsType<FutureSalts>(TlRegistry.Read(salts.ToBytes()));
        Assert.Equal((3, 4, 5L), (readSalts.Salts[0].ValidSince, readSalts.Salts[0].ValidUntil, readSalts.Salts[0].Salt));
    }

    private static bool IsPossible(TlClass type, int layer, RandomWire wire) =>
        RandomWire.At(type, layer) is { } definition && definition.Fields.All(f => f.IsOptional || f.ItemType is not null || wire.CanMake(f.Type));
}
