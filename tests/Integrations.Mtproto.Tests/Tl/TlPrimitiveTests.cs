using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Tl;

namespace Integrations.Mtproto.Tests.Tl;

/// <summary>https://core.telegram.org/mtproto/serialize, .../TL-abstract-types and the sample of .../samples-auth_key.</summary>
public sealed class TlPrimitiveTests
{
    [Theory]
    [InlineData("", "00000000")]
    [InlineData("abc", "03616263")]
    [InlineData("abcd", "0461626364000000")]
    [InlineData("ї", "02d19700")]
    public void A_short_string_has_one_byte_of_length_and_is_padded_to_four(string value, string hex)
    {
        using var writer = new TlWriter();
        writer.WriteString(value);
        Assert.Equal(hex, Convert.ToHexStringLower(writer.WrittenSpan));
        var reader = new TlReader(writer.WrittenSpan);
        Assert.Equal(value, reader.ReadString());
        reader.EnsureEnd();
    }

    [Theory]
    [InlineData(253, "fd", 256)]
    [InlineData(254, "fefe0000", 260)]
    [InlineData(255, "feff0000", 260)]
    [InlineData(256, "fe000100", 260)]
    [InlineData(70_000, "fe701101", 70_004)]
    public void A_long_string_has_three_bytes_of_length_after_254(int length, string head, int total)
    {
        var value = new byte[length];
        Random.Shared.NextBytes(value);
        using var writer = new TlWriter();
        writer.WriteBytes(value);
        Assert.Equal(total, writer.Length);
        Assert.StartsWith(head, Convert.ToHexStringLower(writer.WrittenSpan), StringComparison.Ordinal);
        var reader = new TlReader(writer.WrittenSpan);
        Assert.Equal(value, reader.ReadBytes());
        reader.EnsureEnd();
    }

    [Fact]
    public void Numbers_are_little_endian()
    {
        using var writer = new TlWriter();
        writer.WriteInt32(-2);
        writer.WriteInt64(0x0102030405060708);
        writer.WriteDouble(1.5);
        writer.WriteBool(true);
        writer.WriteBool(false);
        writer.WriteInt64Vector([1L]);
        Assert.Equal("feffffff" + "0807060504030201" + "000000000000f83f" + "b5757299" + "379779bc" + "15c4b51c01000000" + "0100000000000000", Convert.ToHexStringLower(writer.WrittenSpan));

        var reader = new TlReader(writer.WrittenSpan);
        Assert.Equal(-2, reader.ReadInt32());
        Assert.Equal(0x0102030405060708, reader.ReadInt64());
        Assert.Equal(1.5, reader.ReadDouble());
        Assert.True(reader.ReadBool());
        Assert.False(reader.ReadBool());
        Assert.Equal([1L], reader.ReadInt64Vector());
        reader.EnsureEnd();
    }

    [Fact]
    public void A_nonce_keeps_its_leading_zeros()
    {
        var nonce = new byte[16];
        nonce[15] = 1;
        var read = Assert.IsType<ReqPqMulti>(TlRegistry.Read(new ReqPqMulti { Nonce = nonce }.ToBytes()));
        Assert.Equal(nonce, read.Nonce);
        Assert.Throws<TlException>(() => new ReqPqMulti { Nonce = new byte[15] }.ToBytes());
    }

    [Fact]
    public void The_documented_inner_data_is_read_and_written_to_the_byte()
    {
        const string Sample =
            "955ff5a9081460e7d3fa727791000000043c2357cf0000000456bfb29f00000015a084b3b9ca2a17f03925f44b78fe68d6701fcd212ceb87c966e5318f5564a8"
            + "845fad32d10a4c7967da49a89fbe508ad24aa3150992b499b3b2c72cdc0f364c02000000";

        var data = Assert.IsType<PQInnerDataDc>(TlRegistry.Read(Convert.FromHexString(Sample)));

        Assert.Equal("1460e7d3fa727791", Convert.ToHexStringLower(data.Pq));
        Assert.Equal("3c2357cf", Convert.ToHexStringLower(data.P));
        Assert.Equal("56bfb29f", Convert.ToHexStringLower(data.Q));
        Assert.Equal(2, data.Dc);
        Assert.Equal(Sample, Convert.ToHexStringLower(data.ToBytes()));
    }

    [Fact]
    public void A_writer_grows_and_can_start_over()
    {
        using var writer = new TlWriter(capacity: 1);
        for (var i = 0; i < 1000; i++)
            writer.WriteInt32(i);
        writer.PatchInt32(0, 77);
        var reader = new TlReader(writer.WrittenSpan);
        Assert.Equal(77, reader.ReadInt32());
        Assert.Equal(1, reader.ReadInt32());
        writer.Clear();
        Assert.Equal(0, writer.Length);
    }

    [Fact]
    public void A_disposed_writer_is_not_written_to()
    {
        var writer = new TlWriter();
        writer.Dispose();
        writer.Dispose();
        Assert.Throws<ObjectDisposedException>(() => writer.WriteInt32(1));
    }

    [Fact]
    public void Names_are_known_for_the_log_and_contents_stay_out_of_it()
    {
        Assert.Equal("messages.sendMessage", TlRegistry.NameOf(0x0d9d75a4));
        Assert.Equal("rpc_result", TlRegistry.NameOf(RpcResult.Id));
        Assert.Equal("vector", TlRegistry.NameOf(TlConstructors.Vector));
        Assert.Null(TlRegistry.NameOf(0x12345678));
        Assert.Equal("auth.importLoginToken", new AuthImportLoginToken { Token = [1, 2, 3] }.ToString());
    }
}
