using Integrations.Mtproto.Crypto;

namespace Integrations.Mtproto.Tests.Crypto;

public sealed class PqFactorizationTests
{
    [Theory]
    [InlineData(1468428376148703121, 1008949199, 1455403679)]
    [InlineData(0x17ED48941A08F981, 0x494C553B, 0x53911073)]
    [InlineData(0x14fcab4dfc861f45, 0x494c5c99, 0x494c778d)]
    [InlineData(2090522174869285481, 1112973847, 1878321023)]
    [InlineData(1470626929934143021, 1206429347, 1218991343)]
    [InlineData(2804275833720261793, 1555252417, 1803100129)]
    [InlineData(9223371873002223329, 3037000453, 3037000493)]
    [InlineData(6, 2, 3)]
    [InlineData(15, 3, 5)]
    public void A_product_of_two_primes_is_split_smaller_first(ulong pq, ulong p, ulong q)
    {
        Assert.True(PqFactorization.TryFactor(pq, out var actualP, out var actualQ));
        Assert.Equal((p, q), (actualP, actualQ));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(25)]
    [InlineData(1008949199)]
    [InlineData(2305843009213693951)]
    [InlineData(1008949199L * 1008949199L)]
    [InlineData(3L * 5 * 7)]
    [InlineData(0x8000000000000001)]
    public void Anything_else_is_refused(ulong pq) => Assert.False(PqFactorization.TryFactor(pq, out _, out _));
}
