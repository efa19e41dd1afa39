using Integrations.Mtproto.Envelope;

namespace Integrations.Mtproto.Tests.Envelope;

public sealed class PlainMessageTests
{
    [Fact]
    public void A_plain_message_comes_back()
    {
        var body = PlainMessage.Read(PlainMessage.Write(12, [1, 2, 3, 4]), out var messageId);

        Assert.Equal(12, messageId);
        Assert.Equal([1, 2, 3, 4], body.ToArray());
    }

    [Fact]
    public void Padding_of_the_transport_is_left_out()
    {
        byte[] packet = [.. PlainMessage.Write(12, [1, 2, 3, 4]), 9, 9, 9];

        Assert.Equal([1, 2, 3, 4], PlainMessage.Read(packet, out _).ToArray());
    }

    [Theory]
    [InlineData("")]
    [InlineData("0000000000000000040000000000000005000000" + "01020304")]
    [InlineData("00000000000000000400000000000000ffffffff" + "01020304")]
    [InlineData("0100000000000000040000000000000004000000" + "01020304")]
    public void A_packet_that_lies_is_refused(string packet) =>
        Assert.Throws<EnvelopeException>(() => PlainMessage.Read(Hex.Bytes(packet), out _));
}
