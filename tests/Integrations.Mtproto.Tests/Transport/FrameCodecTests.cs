using System.Buffers;
using Integrations.Mtproto.Crypto;
using Integrations.Mtproto.Transport;

namespace Integrations.Mtproto.Tests.Transport;

public sealed class FrameCodecTests
{
    private const int Limit = 1 << 20;

    [Theory]
    [InlineData(TransportFormat.Abridged, "ef")]
    [InlineData(TransportFormat.Intermediate, "eeeeeeee")]
    [InlineData(TransportFormat.PaddedIntermediate, "dddddddd")]
    [InlineData(TransportFormat.Full, "")]
    public void Each_format_has_its_tag(TransportFormat format, string tag) => Assert.Equal(tag, Hex.Text(Client(format).Tag));

    [Fact]
    public void Abridged_counts_words_in_one_byte_or_three()
    {
        Assert.Equal("20" + Hex.Text(Hex.Sequence(128)), Hex.Text(Write(Client(TransportFormat.Abridged), Hex.Sequence(128))));
        Assert.Equal("7f000100" + Hex.Text(Hex.Sequence(1024)), Hex.Text(Write(Client(TransportFormat.Abridged), Hex.Sequence(1024))));
        Assert.Equal("7f7f0000", Hex.Text(Write(Client(TransportFormat.Abridged), new byte[127 * 4]))[..8]);
        Assert.Equal("7e", Hex.Text(Write(Client(TransportFormat.Abridged), new byte[126 * 4]))[..2]);
    }

    [Fact]
    public void Intermediate_counts_bytes() =>
        Assert.Equal("80000000" + Hex.Text(Hex.Sequence(128)), Hex.Text(Write(Client(TransportFormat.Intermediate), Hex.Sequence(128))));

    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    [InlineData(15)]
    public void Padded_intermediate_appends_what_its_source_says(byte padding)
    {
        var codec = FrameCodec.Create(TransportFormat.PaddedIntermediate, isServer: false, Limit, new ConstantRandom((byte)(0xf0 | padding)));

        var written = Write(codec, Hex.Sequence(20));

        Assert.Equal(4 + 20 + padding, written.Length);
        Assert.Equal(20 + padding, written[0]);
    }

    [Fact]
    public void Full_numbers_and_sums_its_packets()
    {
        var codec = Client(TransportFormat.Full);
        var first = Write(codec, Hex.Sequence(128));
        var second = Write(codec, Hex.Sequence(128));

        Assert.Equal("8c00000000000000", Hex.Text(first)[..16]);
        Assert.Equal("86739537", Hex.Text(first)[^8..]);
        Assert.Equal("8c00000001000000", Hex.Text(second)[..16]);
        Assert.Equal("9609f04a", Hex.Text(second)[^8..]);
        Assert.Equal("0c0000000000000026ca8d32", Hex.Text(Write(Client(TransportFormat.Full), [])));
    }

    [Theory]
    [InlineData(TransportFormat.Abridged)]
    [InlineData(TransportFormat.Intermediate)]
    [InlineData(TransportFormat.Full)]
    public void A_payload_that_is_not_whole_words_is_refused(TransportFormat format) =>
        Assert.Throws<ArgumentException>(() => Write(Client(format), new byte[23]));

    [Theory]
    [InlineData(TransportFormat.Abridged, 20)]
    [InlineData(TransportFormat.Abridged, 4096)]
    [InlineData(TransportFormat.Intermediate, 4096)]
    [InlineData(TransportFormat.PaddedIntermediate, 4096)]
    [InlineData(TransportFormat.Full, 4096)]
    public void Packets_come_back_however_they_arrive(TransportFormat format, int size)
    {
        var writer = Client(format);
        byte[] stream = [.. Write(writer, Hex.Sequence(size)), .. Write(writer, Hex.Sequence(size, 7))];
        var reader = Server(format);
        var found = new List<byte[]>();
        var start = 0;
        for (var end = 0; end <= stream.Length; end++)
        {
            while (reader.TryRead(stream.AsMemory(start, end - start), out var consumed, out var frame))
            {
                start += consumed;
                found.Add(frame.Payload[..size].ToArray());
            }
        }

        Assert.Equal([Hex.Sequence(size), Hex.Sequence(size, 7)], found);
        Assert.Equal(stream.Length, start);
    }

    [Theory]
    [InlineData(TransportFormat.Abridged, "016cfeffff")]
    [InlineData(TransportFormat.Intermediate, "040000006cfeffff")]
    [InlineData(TransportFormat.PaddedIntermediate, "0a0000006cfeffff29afd26df40f")]
    [InlineData(TransportFormat.Full, "6cfeffff")]
    [InlineData(TransportFormat.Full, "10000000000000006cfeffff", true)]
    public void A_four_byte_error_is_told_from_a_packet(TransportFormat format, string bytes, bool summed = false)
    {
        var data = Hex.Bytes(bytes);
        if (summed)
            data = [.. data, .. BitConverter.GetBytes(Crc32.Append(0, data))];

        Assert.True(Client(format).TryRead(data, out var consumed, out var frame));
        Assert.Equal((FrameKind.Error, TransportError.KeyUnknown, data.Length), (frame.Kind, frame.Code, consumed));
    }

    [Theory]
    [InlineData(TransportFormat.Abridged, "85")]
    [InlineData(TransportFormat.Intermediate, "14000080")]
    [InlineData(TransportFormat.PaddedIntermediate, "14000080")]
    public void A_server_tolerates_the_quick_ack_bit(TransportFormat format, string header)
    {
        byte[] data = [.. Hex.Bytes(header), .. Hex.Sequence(20)];

        Assert.True(Server(format).TryRead(data, out _, out var frame));
        Assert.True(frame.WantsQuickAck);
        Assert.Equal(Hex.Sequence(20), frame.Payload.ToArray());
    }

    [Theory]
    [InlineData(TransportFormat.Abridged, "92345678", unchecked((int)0x92345678))]
    [InlineData(TransportFormat.Intermediate, "78563492", unchecked((int)0x92345678))]
    public void A_client_tolerates_a_quick_ack(TransportFormat format, string bytes, int token)
    {
        Assert.True(Client(format).TryRead(Hex.Bytes(bytes), out var consumed, out var frame));
        Assert.Equal((FrameKind.QuickAck, token, 4), (frame.Kind, frame.Code, consumed));
    }

    [Theory]
    [InlineData(TransportFormat.Abridged, "7fffffff")]
    [InlineData(TransportFormat.Intermediate, "ffffff7f")]
    [InlineData(TransportFormat.PaddedIntermediate, "ffffff7f")]
    [InlineData(TransportFormat.Full, "fcffff7f")]
    public void A_packet_over_the_limit_is_refused_by_its_length_alone(TransportFormat format, string header) =>
        Assert.Throws<TransportException>(() => Server(format).TryRead(Hex.Bytes(header), out _, out _));

    [Theory]
    [InlineData("0000000000000000")]
    [InlineData("0e00000000000000")]
    [InlineData("ffffffff00000000")]
    public void Full_refuses_lengths_that_cannot_be(string bytes) =>
        Assert.Throws<TransportException>(() => Server(TransportFormat.Full).TryRead(Hex.Bytes(bytes), out _, out _));

    [Theory]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(-1)]
    public void Full_refuses_a_wrong_number_or_sum(int changed)
    {
        var packet = Write(Client(TransportFormat.Full), Hex.Sequence(128));
        packet[changed < 0 ? packet.Length + changed : changed] ^= 1;

        Assert.Throws<TransportException>(() => Server(TransportFormat.Full).TryRead(packet, out _, out _));
    }

    [Fact]
    public void Full_refuses_a_repeated_packet()
    {
        var packet = Write(Client(TransportFormat.Full), Hex.Sequence(128));
        var reader = Server(TransportFormat.Full);

        Assert.True(reader.TryRead(packet, out _, out _));
        Assert.Throws<TransportException>(() => reader.TryRead(packet, out _, out _));
    }

    [Theory]
    [InlineData(TransportFormat.Abridged)]
    [InlineData(TransportFormat.Intermediate)]
    [InlineData(TransportFormat.PaddedIntermediate)]
    [InlineData(TransportFormat.Full)]
    public void Random_bytes_never_do_more_than_break_the_stream(TransportFormat format)
    {
        var random = new SeededRandom(2026);
        for (var round = 0; round < 2000; round++)
        {
            var data = random.NextBytes(1 + (int)(random.NextUInt32() % 64));
            var (client, server) = (Client(format), Server(format));
            foreach (var codec in new[] { client, server })
            {
                try
                {
                    if (codec.TryRead(data, out var consumed, out _))
                        Assert.InRange(consumed, 1, data.Length);
                }
                catch (TransportException)
                {
                    // The only way out that a broken stream has.
                }
            }
        }
    }

    private static FrameCodec Client(TransportFormat format) =>
        FrameCodec.Create(format, isServer: false, Limit, new SeededRandom(1));

    private static FrameCodec Server(TransportFormat format) =>
        FrameCodec.Create(format, isServer: true, Limit, new SeededRandom(2));

    private static byte[] Write(FrameCodec codec, byte[] payload)
    {
        var writer = new ArrayBufferWriter<byte>();
        codec.Write(writer, payload);
        return writer.WrittenSpan.ToArray();
    }
}
