using System.Security.Cryptography;
using System.Text;
using Integrations.Mtproto.Crypto;

namespace Integrations.Mtproto.Tests.Crypto;

public sealed class AesTests
{
    public static TheoryData<string, string, string, string> IgeVectors => new()
    {
        {
            "5468697320697320616e20696d706c655468697320697320616e20696d706c65",
            "6d656e746174696f6e206f6620494745206d6f646520666f72204f70656e5353",
            "99706487a1cde613bc6de0b6f24b1c7aa448c8b9c3403e3467a8cad89340f53b",
            "792ea8ae577b1a66cb3bd92679b8030ca54ee631976bd3a04547fdcb4639fa69"
        },
        {
            Hex.Text(Encoding.ASCII.GetBytes("the key needs 32 characters long")),
            Hex.Text(Encoding.ASCII.GetBytes("the iv needs 32 characters long.")),
            Hex.Text(Encoding.ASCII.GetBytes("this should hold a 64 characters long string. only 10 more left.")),
            "4a657a834edc2956ec95b2a42ec8c1f2d1f0a6028ac26fd830ed23855574b4e69dd1a2be2ba18a53a49b879b245e1065e14b6e8ac5ba9b24befaff3209b77b5f"
        },
        {
            // OpenSSL's AES-128 vector.
            Hex.Text(Hex.Sequence(16)),
            Hex.Text(Hex.Sequence(32)),
            Hex.Text(new byte[32]),
            "1a8519a6557be652e9da8e43da4ef4453cf456b4ca488aa383c79c98b34797cb"
        },
    };

    [Theory]
    [MemberData(nameof(IgeVectors))]
    public void Ige_encrypts_and_decrypts_the_published_vectors(string key, string iv, string plaintext, string ciphertext)
    {
        var encrypted = new byte[plaintext.Length / 2];
        AesIge.Encrypt(Hex.Bytes(key), Hex.Bytes(iv), Hex.Bytes(plaintext), encrypted);
        var decrypted = new byte[encrypted.Length];
        AesIge.Decrypt(Hex.Bytes(key), Hex.Bytes(iv), encrypted, decrypted);

        Assert.Equal(ciphertext, Hex.Text(encrypted));
        Assert.Equal(plaintext, Hex.Text(decrypted));
        AesIgePortable.Encrypt(Hex.Bytes(key), Hex.Bytes(iv), Hex.Bytes(plaintext), encrypted);
        AesIgePortable.Decrypt(Hex.Bytes(key), Hex.Bytes(iv), encrypted, decrypted);
        Assert.Equal((ciphertext, plaintext), (Hex.Text(encrypted), Hex.Text(decrypted)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(16)]
    [InlineData(48)]
    [InlineData(4096 + 16)]
    public void Ige_gives_back_what_it_encrypted_at_every_length(int length)
    {
        var (key, iv, plaintext) = (Random(32), Random(32), Random(length));
        var encrypted = new byte[length];
        var decrypted = new byte[length];

        AesIge.Encrypt(key, iv, plaintext, encrypted);
        AesIge.Decrypt(key, iv, encrypted, decrypted);

        Assert.Equal(plaintext, decrypted);
    }

    [Fact]
    public void Ige_matches_its_definition_block_by_block()
    {
        var (key, iv, plaintext) = (Random(32), Random(32), Random(16 * 9));
        using var aes = Aes.Create();
        aes.SetKey(key);
        var expected = new byte[plaintext.Length];
        byte[] previousCipher = iv[..16], previousPlain = iv[16..];
        for (var offset = 0; offset < plaintext.Length; offset += 16)
        {
            var plain = plaintext[offset..(offset + 16)];
            var mixed = plain.Select((value, i) => (byte)(value ^ previousCipher[i])).ToArray();
            var cipher = aes.EncryptEcb(mixed, PaddingMode.None).Select((value, i) => (byte)(value ^ previousPlain[i])).ToArray();
            cipher.CopyTo(expected, offset);
            (previousCipher, previousPlain) = (cipher, plain);
        }

        var encrypted = new byte[plaintext.Length];
        AesIge.Encrypt(key, iv, plaintext, encrypted);

        Assert.Equal(expected, encrypted);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(16)]
    [InlineData(32)]
    [InlineData(48)]
    [InlineData(65536 + 16)]
    public void Ige_is_the_same_by_the_processor_and_by_the_platform(int length)
    {
        var (key, iv, plaintext) = (Random(32), Random(64)[32..], Random(length));
        var (expected, chained, opened) = (new byte[length], new byte[length], new byte[length]);
        AesIgePortable.Encrypt(key, iv, plaintext, expected);
        AesIgePortable.Decrypt(key, iv, expected, opened);
        Assert.Equal(plaintext, opened);

        // At most one of the two exists on a machine; the vectors hold for whichever way is taken.
        if (X86Rounds.IsSupported)
        {
            AesIgeChain<X86Rounds>.Encrypt(key, iv, plaintext, chained);
            AesIgeChain<X86Rounds>.Decrypt(key, iv, expected, opened);
        }
        else if (ArmRounds.IsSupported)
        {
            AesIgeChain<ArmRounds>.Encrypt(key, iv, plaintext, chained);
            AesIgeChain<ArmRounds>.Decrypt(key, iv, expected, opened);
        }
        else
        {
            AesIge.Encrypt(key, iv, plaintext, chained);
            AesIge.Decrypt(key, iv, expected, opened);
        }

        Assert.Equal(expected, chained);
        Assert.Equal(plaintext, opened);
    }

    [Fact]
    public void Ige_takes_no_memory()
    {
        // Without AES instructions the platform's cipher is asked, which takes some.
        var allowed = X86Rounds.IsSupported || ArmRounds.IsSupported ? 0 : 1 << 20;
        var (key, iv, plaintext, encrypted) = (Random(32), Random(32), Random(1024), new byte[1024]);
        AesIge.Encrypt(key, iv, plaintext, encrypted);
        AesIge.Decrypt(key, iv, encrypted, plaintext);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            AesIge.Encrypt(key, iv, plaintext, encrypted);
            AesIge.Decrypt(key, iv, encrypted, plaintext);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, allowed);
    }

    [Fact]
    public void Ige_refuses_a_length_that_is_not_whole_blocks()
    {
        Assert.Throws<ArgumentException>(() => AesIge.Encrypt(new byte[32], new byte[32], new byte[17], new byte[17]));
        Assert.Throws<ArgumentException>(() => AesIge.Decrypt(new byte[32], new byte[32], new byte[17], new byte[17]));
    }

    [Fact]
    public void Ctr_runs_one_keystream_through_pieces_of_any_length()
    {
        using var ctr = new AesCtr(Encoding.ASCII.GetBytes("the key needs 32 characters long"), Encoding.ASCII.GetBytes("the iv does not."));
        var first = Encoding.ASCII.GetBytes("this can be any length");
        var second = Encoding.ASCII.GetBytes("this also can be anything");

        ctr.Process(first);
        ctr.Process(second);

        Assert.Equal("5f40f14f8b70178f70e8045b44eff5f1b148714f23cd", Hex.Text(first));
        Assert.Equal("cd0779d148b466935cf573450212451692bc82fccd5b106e53", Hex.Text(second));
    }

    [Fact]
    public void Ctr_moves_its_counter_with_every_block()
    {
        using var ctr = new AesCtr(
            Hex.Bytes("d450aae0bf0060a4af1044886b42a13f7c506b35255d134a7e87ab3f23a9493b"), Hex.Bytes("0182de2bd789c295c3c6c875c5e9e190"));
        string[] expected =
        [
            "df5647dbb70bc393f2fb05b72f42286f", "3917147082672516b3177150129bc579", "2a7a9089270a5de45d5e3dd399cac725",
            "56d085217771398ac13583de4d677dd8", "cc639b488126cf36e79c4515e8012b92", "01384d100646cd562cc5586ec3f8f8c4",
        ];

        var actual = expected.Select(_ =>
        {
            var block = Hex.Bytes("7baae571e4c2f4cfadb1931d5923aca7");
            ctr.Process(block);
            return Hex.Text(block);
        });

        Assert.Equal(expected, actual);
    }

    [Fact]
    public void Ctr_gives_the_same_bytes_however_the_stream_is_cut()
    {
        var (key, iv) = (Random(32), Enumerable.Repeat((byte)0xff, 16).ToArray());
        var whole = new byte[2000];
        using (var ctr = new AesCtr(key, iv))
            ctr.Process(whole);

        var pieces = new byte[2000];
        using (var ctr = new AesCtr(key, iv))
        {
            for (int offset = 0, size = 1; offset < pieces.Length; offset += size, size = Math.Min((size * 2) + 1, pieces.Length - offset))
                ctr.Process(pieces.AsSpan(offset, size));
        }

        Assert.Equal(whole, pieces);
    }

    private static byte[] Random(int count)
    {
        var bytes = new byte[count];
        new SeededRandom(77).Fill(bytes);
        return bytes;
    }
}
