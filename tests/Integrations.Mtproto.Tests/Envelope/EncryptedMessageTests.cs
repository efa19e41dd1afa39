using System.Text;
using Integrations.Mtproto.Crypto;
using Integrations.Mtproto.Envelope;

namespace Integrations.Mtproto.Tests.Envelope;

public sealed class EncryptedMessageTests
{
    private const long SessionId = unchecked((long)0xbeeffeed_feedbeef);
    private const long MessageId = 0x1234beef_beef1234;

    /// <summary>The first bytes of the fixed entropy that the published message was padded with.</summary>
    private static readonly byte[] Entropy = Hex.Bytes("29afd26df40fb8ed10b6b4ad6d56ef5df9453f88e6ee6adb6e0544ba635dc6a8");

    private static readonly AuthKey Key =
        new(Hex.Bytes(string.Concat(Enumerable.Repeat("98cb29c6ffa89e79da695a54f572e6cb101e81c688b63a4bf73c3622dec230e0", 8))));

    private static readonly MessageHeader Header = new(unchecked((long)0xbeefdead_deadbeef), SessionId, MessageId, 777);

    [Fact]
    public void A_message_encrypts_to_the_published_packet()
    {
        var packet = EncryptedMessage.Encrypt(
            Key, MessageDirection.ClientToServer, Header, "hello, world!!!!"u8, new ScriptedRandom(Entropy));

        Assert.Equal(
            "40fa5bb7cb56a895f6f5a88914892aadf87c68031cc953ba29d68e118021f329be386a620d49f3ad3a50c60dcef3733f214e8cefa3e403c11d193637d4971dc1"
            + "5db7f74b26fd16cb0e8fee30bf7e3f68858fe82927e2cd06",
            Hex.Text(packet));
    }

    [Theory]
    [InlineData("")]
    [InlineData("deadbeef")]
    [InlineData("000102030405060708090a0b0c0d0e")]
    public void The_published_packet_decrypts_with_or_without_padding_of_the_transport(string transportPadding)
    {
        // Its message id is even, as no server's may be, so the header is read on the level below that check.
        var packet = Hex.Bytes(
            "40fa5bb7cb56a8950c394b884f1529efc42fea22d972fea650a714ce6d2d1bdb3d98ff5929b8768c401771a69795f36a7e720dcafac2efbccd0ba368e8a7f48b"
            + "07362cac1a32ffcabe188b51a36cc4d54e1d0633cf9eaf35" + transportPadding);

        var message = EncryptedMessage.Open(Key, MessageDirection.ServerToClient, packet, SessionId);

        Assert.Equal((SessionId, MessageId, 777), (message.Header.SessionId, message.Header.MessageId, message.Header.SequenceNumber));
        Assert.Equal("hello, world!!!!", Encoding.ASCII.GetString(message.Body.Span));
    }

    [Theory]
    [InlineData("wrong message key",
        "40fa5bb7cb56a8950000000000000000000000000000000050a714ce6d2d1bdb3d98ff5929b8768c401771a69795f36a7e720dcafac2efbccd0ba368e8a7f48b"
        + "07362cac1a32ffcabe188b51a36cc4d54e1d0633cf9eaf35")]
    [InlineData("another session",
        "40fa5bb7cb56a895a986a7e97f4e90aa2769b5e702c6e86f5e1e82c6ff0c68292521a2ba9704fa37fb341d895cf32662c6cf47ba31cbf27c30d5c03f6c2930f4"
        + "30fd8858b836b73fe32d4a95b8ebcdbc9ca8908f7964c40a")]
    [InlineData("length beyond the packet",
        "40fa5bb7cb56a8950d19412233dd5d24be697c73274e08fbe515cf65e0c5f70cad75fd2badc18c9f999f287351144eeb1cfcaa9bea33ef5058999ad96a498306"
        + "08d2859425685a55b21fab413bfabc42ec5da283853b28c0")]
    [InlineData("length not of whole words",
        "40fa5bb7cb56a8957b4e4bec561eee4a5a1025bc8a35d3d0c79a3685d2b90ff05f638e9c42c9fd9448b0ce8e7d49e7ea1ce458e47b825b5c7fd8ddf5b4fded46"
        + "2a4bcc02f3ff2e89de6764d6d219f575e457fdcf8c163cdf")]
    [InlineData("too little padding",
        "40fa5bb7cb56a895133671d1c637a9836e2c64b4d1a0521d8a25a6416fd4dc9e79f9478fb837703cc9efa0a19d12143c2a26e57cb4bc64d7bc972dd8f19c53c5"
        + "90cc258162f44afc")]
    public void The_published_bad_packets_do_not_open(string what, string packet)
    {
        Assert.NotEmpty(what);
        Assert.Throws<EnvelopeException>(() => EncryptedMessage.Open(Key, MessageDirection.ServerToClient, Hex.Bytes(packet), SessionId));
    }

    [Theory]
    [InlineData(MessageDirection.ClientToServer)]
    [InlineData(MessageDirection.ServerToClient)]
    public void A_message_of_any_length_comes_back(MessageDirection direction)
    {
        for (var length = 4; length < 200; length += 4)
        {
            var body = Hex.Sequence(length);
            var packet = EncryptedMessage.Encrypt(Key, direction, Header with { MessageId = 5 }, body, SystemRandomSource.Instance);

            var message = EncryptedMessage.Decrypt(Key, direction, packet, SessionId);

            Assert.Equal(Header with { MessageId = 5 }, message.Header);
            Assert.Equal(body, message.Body.ToArray());
            Assert.InRange(packet.Length - 24 - 32 - length, 12, 27);
        }
    }

    [Fact]
    public void A_message_does_not_open_in_the_other_direction()
    {
        var packet = EncryptedMessage.Encrypt(Key, MessageDirection.ClientToServer, Header, new byte[16], SystemRandomSource.Instance);

        Assert.Throws<EnvelopeException>(() => EncryptedMessage.Decrypt(Key, MessageDirection.ServerToClient, packet));
    }

    [Fact]
    public void A_server_message_with_an_even_id_does_not_open()
    {
        var packet = EncryptedMessage.Encrypt(
            Key, MessageDirection.ServerToClient, Header with { MessageId = 8 }, new byte[16], SystemRandomSource.Instance);

        Assert.Throws<EnvelopeException>(() => EncryptedMessage.Decrypt(Key, MessageDirection.ServerToClient, packet, SessionId));
    }

    [Fact]
    public void A_server_opens_messages_of_every_session()
    {
        var packet = EncryptedMessage.Encrypt(Key, MessageDirection.ClientToServer, Header, new byte[16], SystemRandomSource.Instance);

        Assert.Equal(SessionId, EncryptedMessage.Decrypt(Key, MessageDirection.ClientToServer, packet).Header.SessionId);
        Assert.Equal(Key.Id, EncryptedMessage.KeyIdOf(packet));
    }

    [Fact]
    public void Every_changed_bit_is_noticed()
    {
        var packet = EncryptedMessage.Encrypt(Key, MessageDirection.ServerToClient, Header with { MessageId = 5 }, new byte[8], SystemRandomSource.Instance);
        for (var bit = 0; bit < packet.Length * 8; bit++)
        {
            var changed = packet.ToArray();
            changed[bit / 8] ^= (byte)(1 << (bit % 8));

            Assert.Throws<EnvelopeException>(() => EncryptedMessage.Decrypt(Key, MessageDirection.ServerToClient, changed, SessionId));
        }
    }

    [Fact]
    public void Cut_packets_do_not_open()
    {
        var packet = EncryptedMessage.Encrypt(Key, MessageDirection.ServerToClient, Header with { MessageId = 5 }, new byte[8], SystemRandomSource.Instance);
        for (var length = 0; length < packet.Length; length++)
            Assert.Throws<EnvelopeException>(() => EncryptedMessage.Decrypt(Key, MessageDirection.ServerToClient, packet.AsSpan(0, length), SessionId));
    }

    [Theory]
    [InlineData(1024, true)]
    [InlineData(1024 + 16, false)]
    public void Padding_over_1024_bytes_is_refused(int padding, bool opens)
    {
        var packet = EncryptedMessage.Seal(
            Key, MessageDirection.ServerToClient, Header with { MessageId = 5 }, new byte[16], padding, SystemRandomSource.Instance);
        if (opens)
            Assert.Equal(16, EncryptedMessage.Decrypt(Key, MessageDirection.ServerToClient, packet, SessionId).Body.Length);
        else
            Assert.Throws<EnvelopeException>(() => EncryptedMessage.Decrypt(Key, MessageDirection.ServerToClient, packet, SessionId));
    }

    [Fact]
    public void A_negative_length_is_refused()
    {
        var packet = EncryptedMessage.Seal(
            Key, MessageDirection.ServerToClient, Header with { MessageId = 5 }, new byte[16], 16, SystemRandomSource.Instance, length: -4);

        Assert.Throws<EnvelopeException>(() => EncryptedMessage.Decrypt(Key, MessageDirection.ServerToClient, packet, SessionId));
    }
}
