using Integrations.Mtproto.Transport;

namespace Integrations.Mtproto.Tests.Transport;

public sealed class ObfuscationTests
{
    /// <summary>The fixed entropy that the published streams were made with.</summary>
    private static readonly byte[] Entropy = Hex.Bytes(
        "29afd26df40fb8ed10b6b4ad6d56ef5df9453f88e6ee6adb6e0544ba635dc6a8a990c9b8b980c343936b33fa7f97bae025102532233abb269c489920ef99021b");

    [Fact]
    public void The_tag_stands_encrypted_at_the_published_place()
    {
        using var obfuscation = Obfuscation.Start(
            TransportFormat.Intermediate, new ScriptedRandom(Enumerable.Repeat((byte)0xff, 64).ToArray()), out var init);

        Assert.Equal(new string('f', 112) + "fce8ab2203db2bff", Hex.Text(init));
    }

    [Fact]
    public void Both_directions_have_the_published_keystreams()
    {
        using var obfuscation = Obfuscation.Start(TransportFormat.Intermediate, new ScriptedRandom(Entropy), out _);

        Assert.Equal(
            ["a1020630a410e940", "f53ff53f371db495"],
            Enumerable.Repeat("040000006cfeffff", 2).Select(packet => Process(obfuscation.Encryptor, packet)).ToArray());
        Assert.Equal(
            ["040000006cfeffff", "040000006cfeffff"],
            new[] { "e8027df708ab3b5c", "1854be76d2df4949" }.Select(packet => Process(obfuscation.Decryptor, packet)).ToArray());
    }

    [Theory]
    [InlineData("ef")]
    [InlineData("48454144")]
    [InlineData("504f5354")]
    [InlineData("47455420")]
    [InlineData("4f505449")]
    [InlineData("dddddddd")]
    [InlineData("eeeeeeee")]
    [InlineData("16030102")]
    [InlineData("0102030400000000")]
    public void Bytes_that_look_like_another_protocol_are_drawn_again(string start)
    {
        byte[] forbidden = [.. Hex.Bytes(start), .. Enumerable.Repeat((byte)0xaa, 64 - (start.Length / 2))];
        var random = new ScriptedRandom(forbidden, Entropy);

        using var obfuscation = Obfuscation.Start(TransportFormat.Abridged, random, out var init);

        Assert.Equal(Entropy[..56], init[..56]);
        Assert.Equal(0, random.Left);
    }

    [Fact]
    public void An_unknown_tag_is_not_accepted() => Assert.Null(Obfuscation.Accept(Entropy, out _));

    [Fact]
    public void The_full_format_cannot_be_obfuscated() =>
        Assert.Throws<ArgumentException>(() => Obfuscation.Start(TransportFormat.Full, new SeededRandom(3), out _));

    private static string Process(Mtproto.Crypto.AesCtr ctr, string packet)
    {
        var bytes = Hex.Bytes(packet);
        ctr.Process(bytes);
        return Hex.Text(bytes);
    }
}
