using System.Text;
using Integrations.Mtproto.Crypto;

namespace Integrations.Mtproto.Tests.Crypto;

public sealed class KeyDerivationTests
{
    private const string RepeatedChunk = "98cb29c6ffa89e79da695a54f572e6cb101e81c688b63a4bf73c3622dec230e0";

    private static readonly AuthKey Ascending = new(Hex.Sequence(256));
    private static readonly AuthKey Repeated = new(Hex.Bytes(string.Concat(Enumerable.Repeat(RepeatedChunk, 8))));

    [Theory]
    [InlineData(
        MessageDirection.ClientToServer,
        "704ed09c8b41668ae8f99d244738f71dbddc44469b6bbd4aa8573dd042bd059e",
        "4d266000a550edabbf4c7ce40fd0043cc92230184cd317a5cc9c2482fd3b9318")]
    [InlineData(
        MessageDirection.ServerToClient,
        "217725799b245806458174a1fcfbc883906807b15033fdd0ea2b4d69cf9c364e",
        "669a6538917a4fa56ca32360a431c9160be4ad887140980dab91ce7bdc47ffbc")]
    public void Version_2_derives_the_published_keys(MessageDirection direction, string key, string iv) =>
        Assert.Equal((key, iv), Derive(KeyDerivation.Version2, Ascending, Hex.Sequence(16), direction));

    [Theory]
    [InlineData(
        MessageDirection.ClientToServer,
        "af3f8e1ffa75f4c981eec33a3e5bbaa2ea48f9bb93e91597627eb1f67960a0c9",
        "9874d77f95155b35221bff94b7df4594c6996e2a62e44fcb7d93c8c4e41b79ee")]
    [InlineData(
        MessageDirection.ServerToClient,
        "d4b378e1e0525f10ff9d4c42807ccce5b30a033a8088c0b922b5259421751648",
        "4d7194f42f0135d2fd83050b403265b4c40ee3e9e9fba56f0f4d8ea6bcb121f5")]
    public void Version_2_derives_a_second_set_of_published_keys(MessageDirection direction, string key, string iv) =>
        Assert.Equal((key, iv), Derive(KeyDerivation.Version2, Repeated, Hex.Bytes("25d701f2a29205526757825a99eb2d32"), direction));

    [Fact]
    public void Version_1_derives_the_published_keys() =>
        Assert.Equal(
            (
                "17d7295ca9213d1ab656acdb1ad48b2ea7f3a8f7095098d5508b900bbd5fccfc",
                "2d7d16a65a84108e9805656caa474501cc580aa2edc33abfd0bfad785464d1c6"),
            Derive(KeyDerivation.Version1, Ascending, Hex.Sequence(16), MessageDirection.ClientToServer));

    [Theory]
    [InlineData(
        MessageDirection.ClientToServer,
        "1fc7b40b1d9ffbdaf4d652525a748864259698f89214abf27c0d36cb9d4cd5db",
        "7251fbda39ec5e6e089f15ded5963b03d6d8d0f7078898431fc7b40b1d9ffbda")]
    [InlineData(
        MessageDirection.ServerToClient,
        "af0e4e01318654be40ab42b125909d43b44bdeef571ff1a5dfb81474ae26d467",
        "15c9ba6021d2c5cf04f0842540ae216a970b4eac8f46ef01af0e4e01318654be")]
    public void Version_1_derives_a_second_set_of_published_keys(MessageDirection direction, string key, string iv) =>
        Assert.Equal((key, iv), Derive(KeyDerivation.Version1, Repeated, Hex.Bytes("25d701f2a29205526757825a99eb2d32"), direction));

    [Fact]
    public void The_version_1_message_key_is_the_tail_of_the_hash() =>
        Assert.Equal("fc11a3669566de22b87f66550dc3de6d", Hex.Text(KeyDerivation.MessageKeyVersion1(Encoding.ASCII.GetBytes("bind-message-test-payload"))));

    [Fact]
    public void Nonces_with_leading_zeros_keep_them()
    {
        var serverNonce = Hex.Sequence(16, 0x20);
        serverNonce[0] = 0;

        Assert.Equal(
            (
                "0a2d0f607499a866848e41798a34315e4922c39fe55c6caf5bc322c4b8c08c6a",
                "9cb702d4fd6e5d25e864070e166e6218f6783e8511471a5ab7802cf200010203"),
            FromNonces(Hex.Sequence(32), serverNonce));
    }

    [Fact]
    public void Nonces_give_the_keys_of_the_documented_handshake()
    {
        var vector = DocumentedHandshake.Load();

        Assert.Equal((vector["tmp_aes_key"], vector["tmp_aes_iv"]), FromNonces(vector.Bytes("new_nonce"), vector.Bytes("server_nonce")));
    }

    [Fact]
    public void Key_ids_are_the_two_ends_of_the_hash()
    {
        Assert.Equal("32d1586ea457dfc8", Hex.Text(BitConverter.GetBytes(Ascending.Id)));
        Assert.Equal("4916d6bdb7f78e68", Hex.Text(BitConverter.GetBytes(Ascending.AuxHash)));
        Assert.Equal("40fa5bb7cb56a895", Hex.Text(BitConverter.GetBytes(Repeated.Id)));
    }

    [Fact]
    public void An_authorisation_key_has_exactly_256_bytes() => Assert.Throws<ArgumentException>(() => new AuthKey(new byte[255]));

    private static (string Key, string Iv) FromNonces(byte[] newNonce, byte[] serverNonce)
    {
        var (key, iv) = (new byte[32], new byte[32]);
        KeyDerivation.FromNonces(newNonce, serverNonce, key, iv);
        return (Hex.Text(key), Hex.Text(iv));
    }

    private static (string Key, string Iv) Derive(Derivation derivation, AuthKey authKey, byte[] messageKey, MessageDirection direction)
    {
        var (key, iv) = (new byte[32], new byte[32]);
        derivation(authKey, messageKey, direction, key, iv);
        return (Hex.Text(key), Hex.Text(iv));
    }

    private delegate void Derivation(AuthKey authKey, ReadOnlySpan<byte> messageKey, MessageDirection direction, Span<byte> key, Span<byte> iv);
}
