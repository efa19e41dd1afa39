using System.Buffers.Binary;
using System.IO.Compression;
using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Tl;
using Integrations.Testing;
using Integrations.TlGenerator;

namespace Integrations.Mtproto.Tests.Tl;

public sealed class TlMalformedTests
{
    [Fact]
    public void Cut_and_changed_bytes_of_any_constructor_give_only_a_TlException()
    {
        foreach (var layer in SchemaLayer.Served)
        {
            var random = new Random(layer);
            var wire = new RandomWire(SchemaDirectory.Model, layer, seed: 5000 + layer);
            foreach (var type in SchemaDirectory.Model.Classes.Where(c => IsPossible(c, layer, wire)))
            {
                var bytes = wire.Object(type);
                for (var round = 0; round < LongRun.Rounds(8, 400); round++)
                {
                    var damaged = Damage(bytes, random);
                    try
                    {
                        TlRegistry.Read(damaged).ToBytes();
                    }
                    catch (TlException)
                    {
                        // The only way to refuse.
                    }
                }

                if (bytes.Length > 4)
                    Assert.Throws<TlException>(() => TlRegistry.Read(bytes.AsSpan(0, bytes.Length - 4)));
                Assert.Throws<TlException>(() => TlRegistry.Read([.. bytes, 0, 0, 0, 0]));
            }
        }
    }

    [Theory]
    [InlineData("ff000000", "begins with 255")]
    [InlineData("03616201", "ends early")]
    [InlineData("0261620f", "pads with other than zeros")]
    [InlineData("fe03000061626300", "uses the long form for three bytes")]
    [InlineData("feffffff61626364", "claims sixteen megabytes")]
    [InlineData("0561626364", "ends inside")]
    [InlineData("0161", "lacks its padding")]
    [InlineData("", "is absent")]
    public void A_malformed_string_is_refused(string hex, string why)
    {
        var bytes = Convert.FromHexString(hex);
        if (why == "ends early")
            bytes = bytes[..3];
        Assert.Throws<TlException>(() =>
        {
            var reader = new TlReader(bytes);
            reader.ReadBytes();
        });
    }

    [Theory]
    [InlineData(int.MaxValue)]
    [InlineData(-1)]
    [InlineData(3)]
    public void A_vector_that_cannot_fit_takes_no_memory(int count)
    {
        var bytes = new byte[16];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, TlConstructors.Vector);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4), count);

        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<TlException>(() =>
        {
            var reader = new TlReader(bytes);
            reader.ReadInt32Vector();
        });
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 100_000);
    }

    [Fact]
    public void An_unknown_constructor_is_named_by_its_id()
    {
        var e = Assert.Throws<TlException>(() => TlRegistry.Read([0x78, 0x56, 0x34, 0x12]));
        Assert.Equal(0x12345678u, e.ConstructorId);
    }

    [Fact]
    public void A_known_constructor_in_the_wrong_place_is_refused()
    {
        using var writer = new TlWriter();
        writer.WriteUInt32(new UpdateShort { Update = new UpdateConfig(), Date = 1 }.ConstructorId);
        new PeerUser { UserId = 1 }.Write(writer);
        writer.WriteInt32(1);
        var e = Assert.Throws<TlException>(() => TlRegistry.Read(writer.WrittenSpan));
        Assert.Equal(new PeerUser { UserId = 1 }.ConstructorId, e.ConstructorId);
    }

    [Fact]
    public void Nesting_ends_before_the_stack_does()
    {
        using var writer = new TlWriter();
        for (var i = 0; i < 100_000; i++)
            writer.WriteUInt32(new InvokeWithoutUpdates { Query = new HelpGetConfig() }.ConstructorId);
        new HelpGetConfig().Write(writer);
        Assert.Throws<TlException>(() => TlRegistry.Read(writer.WrittenSpan));
    }

    [Fact]
    public void A_container_with_false_lengths_is_refused()
    {
        var good = new MsgContainer { Messages = [new(4, 0, new byte[8])] }.ToBytes();
        foreach (var length in new[] { -4, 12, 7, int.MaxValue })
        {
            var bad = good.ToArray();
            BinaryPrimitives.WriteInt32LittleEndian(bad.AsSpan(20), length);
            Assert.Throws<TlException>(() => TlRegistry.Read(bad));
        }
    }

    [Fact]
    public void A_packed_body_is_inflated_and_a_plain_one_left_alone()
    {
        var plain = new HelpGetConfig().ToBytes();
        Assert.Equal(plain, TlGzip.Unpack(plain).ToArray());
        var large = new MessagesSendMessage { Peer = new InputPeerSelf(), Message = new string('a', 4000), RandomId = 1 }.ToBytes();
        var packed = GzipPacked.Of(large).ToBytes();
        Assert.True(packed.Length < 200);
        Assert.Equal(large, TlGzip.Unpack(packed).ToArray());
    }

    [Fact]
    public void A_gzip_bomb_and_false_gzip_data_are_refused()
    {
        var bomb = TlGzip.Deflate(new byte[5_000_000]);
        Assert.Throws<TlException>(() => TlGzip.Inflate(bomb, maxInflated: 1_000_000));
        Assert.Equal(5_000_000, TlGzip.Inflate(bomb).Length);

        var honest = TlGzip.Deflate(new byte[1000]);
        foreach (var claim in new uint[] { 0, 999, 1001, 16_000_000, uint.MaxValue })
        {
            var liar = honest.ToArray();
            BinaryPrimitives.WriteUInt32LittleEndian(liar.AsSpan(liar.Length - 4), claim);
            Assert.Throws<TlException>(() => TlGzip.Inflate(liar));
        }

        var random = new Random(3);
        for (var i = 0; i < LongRun.Rounds(2_000, 500_000); i++)
        {
            try
            {
                TlGzip.Inflate(Damage(honest, random));
            }
            catch (TlException)
            {
                // The only way to refuse.
            }
        }

        Assert.Throws<TlException>(() => TlGzip.Inflate(ZLib(new byte[1000])));
    }

    private static byte[] ZLib(byte[] data)
    {
        var target = new MemoryStream();
        using (var stream = new ZLibStream(target, CompressionLevel.NoCompression, leaveOpen: true))
            stream.Write(data);
        return target.ToArray();
    }

    private static byte[] Damage(byte[] bytes, Random random)
    {
        var damaged = bytes.ToArray();
        switch (random.Next(4))
        {
            case 0:
                return damaged[..random.Next(damaged.Length)];
            case 1:
                damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
                return damaged;
            case 2:
                BinaryPrimitives.WriteUInt32LittleEndian(damaged.AsSpan(random.Next(damaged.Length / 4) * 4), (uint)random.NextInt64(1L << 32));
                return damaged;
            default:
                BinaryPrimitives.WriteUInt32LittleEndian(damaged.AsSpan(random.Next(damaged.Length / 4) * 4), uint.MaxValue);
                return damaged;
        }
    }

    private static bool IsPossible(TlClass type, int layer, RandomWire wire) =>
        RandomWire.At(type, layer) is { } definition && definition.Fields.All(f => f.IsOptional || f.ItemType is not null || wire.CanMake(f.Type));
}
