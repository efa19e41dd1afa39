using System.Numerics;
using Integrations.Mtproto.Crypto;

namespace Integrations.Mtproto.Tests.Crypto;

public sealed class DiffieHellmanGroupTests
{
    // RFC 3526, group 14: another 2048-bit safe prime, so that the search is run and not only the list of known primes.
    private const string Rfc3526Prime =
        "ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404ddef9519b3cd3a431b302b0a6df25f1437"
        + "4fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7edee386bfb5a899fa5ae9f24117c4b1fe649286651ece45b3dc2007cb8a163bf05"
        + "98da48361c55d39a69163fa8fd24cf5f83655d23dca3ad961c62f356208552bb9ed529077096966d670c354e4abc9804f1746c08ca18217c32905e462e36ce3b"
        + "e39e772c180e86039b2783a2ec07a28fb5c55df06f4c52c9de2bcbf6955817183995497cea956ae515d2261898fa051015728e5a8aacaa68ffffffffffffffff";

    [Fact]
    public void The_known_prime_is_what_it_is_taken_for()
    {
        var prime = BigEndian.Read(SafePrimes.Known);

        Assert.True(SafePrimes.IsProbablePrime(prime));
        Assert.True(SafePrimes.IsProbablePrime((prime - 1) / 2));
        Assert.True(DiffieHellmanGroup.IsGoodGenerator(prime, 3));
    }

    [Fact]
    public void An_unknown_safe_prime_is_accepted_after_the_search() =>
        Assert.NotNull(DiffieHellmanGroup.TryCreate(Hex.Bytes(Rfc3526Prime), 2));

    [Fact]
    public void A_composite_of_the_right_size_is_refused()
    {
        var number = Hex.Bytes(Rfc3526Prime);
        number[100] ^= 1;

        Assert.Null(DiffieHellmanGroup.TryCreate(number, 4));
    }

    [Fact]
    public void A_prime_that_is_not_safe_is_refused()
    {
        // The first prime below the known one; its half is composite.
        var candidate = BigEndian.Read(SafePrimes.Known) - 564;

        Assert.True(SafePrimes.IsProbablePrime(candidate));
        Assert.False(SafePrimes.IsProbablePrime((candidate - 1) / 2));
        Assert.Null(DiffieHellmanGroup.TryCreate(BigEndian.Padded(candidate, 256), 4));
    }

    [Fact]
    public void A_prime_of_another_size_is_refused()
    {
        Assert.Null(DiffieHellmanGroup.TryCreate([23], 4));
        Assert.Null(DiffieHellmanGroup.TryCreate([0, .. Hex.Bytes(Rfc3526Prime)], 2));
    }

    [Theory]
    [InlineData(23, 2, true)]
    [InlineData(11, 2, false)]
    [InlineData(47, 3, true)]
    [InlineData(13, 3, false)]
    [InlineData(11, 4, true)]
    [InlineData(11, 5, true)]
    [InlineData(179, 5, true)]
    [InlineData(13, 5, false)]
    [InlineData(383, 6, true)]
    [InlineData(13, 6, false)]
    [InlineData(479, 7, true)]
    [InlineData(383, 7, true)]
    [InlineData(503, 7, true)]
    [InlineData(11, 7, false)]
    [InlineData(23, 1, false)]
    [InlineData(23, 8, false)]
    [InlineData(23, -2, false)]
    public void A_generator_is_good_by_its_residue(int prime, int generator, bool good) =>
        Assert.Equal(good, DiffieHellmanGroup.IsGoodGenerator(prime, generator));

    [Fact]
    public void Public_values_near_the_ends_of_the_group_are_refused()
    {
        var group = DiffieHellmanGroup.Known;
        var margin = BigInteger.One << (2048 - 64);

        Assert.False(group.IsGoodPublicValue(0));
        Assert.False(group.IsGoodPublicValue(1));
        Assert.False(group.IsGoodPublicValue(margin - 1));
        Assert.True(group.IsGoodPublicValue(margin));
        Assert.True(group.IsGoodPublicValue(group.Prime - margin));
        Assert.False(group.IsGoodPublicValue(group.Prime - margin + 1));
        Assert.False(group.IsGoodPublicValue(group.Prime - 1));
        Assert.False(group.IsGoodPublicValue(group.Prime));
    }
}
