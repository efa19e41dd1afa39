using System.Diagnostics;
using Integrations.Mtproto.Crypto;
using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Tl;

namespace Integrations.Mtproto.Handshake;

/// <summary>What a client encrypted for the server in step 4, of whichever of the four constructors.</summary>
/// <param name="Pq">pq, big-endian.</param>
/// <param name="P">Its smaller factor.</param>
/// <param name="Q">Its larger factor.</param>
/// <param name="Nonce">The client's nonce.</param>
/// <param name="ServerNonce">The server's nonce.</param>
/// <param name="NewNonce">The secret nonce.</param>
/// <param name="DcId">The data centre meant; null in the two older constructors.</param>
/// <param name="ExpiresIn">Life of a temporary key in seconds; null for a permanent one.</param>
internal sealed record InnerData(
    byte[] Pq, byte[] P, byte[] Q, byte[] Nonce, byte[] ServerNonce, byte[] NewNonce, int? DcId, int? ExpiresIn)
{
    /// <summary>Null when the block opens with neither padding or holds something else.</summary>
    public static InnerData? TryOpen(ReadOnlySpan<byte> encrypted, RsaPrivateKey key)
    {
        // RSA_PAD is tried first; a block of the older padding fails its hash.
        if (RsaPad.TryDecrypt(encrypted, key) is { } padded)
            return TryRead(padded, out _);
        if (RsaLegacyPadding.TryDecrypt(encrypted, key, out var hash) is not { } legacy)
            return null;

        var inner = TryRead(legacy, out var length);
        return inner is not null && RsaLegacyPadding.Matches(legacy.AsSpan(0, length), hash) ? inner : null;
    }

    private static InnerData? TryRead(ReadOnlySpan<byte> bytes, out int length)
    {
        length = 0;
        try
        {
            var reader = new TlReader(bytes);
            var inner = reader.ReadObject<PQInnerDataBase>();
            length = reader.Position;
            return inner switch
            {
                PQInnerDataDc d => new InnerData(d.Pq, d.P, d.Q, d.Nonce, d.ServerNonce, d.NewNonce, d.Dc, null),
                PQInnerDataTempDc d => new InnerData(d.Pq, d.P, d.Q, d.Nonce, d.ServerNonce, d.NewNonce, d.Dc, d.ExpiresIn),
                PQInnerData d => new InnerData(d.Pq, d.P, d.Q, d.Nonce, d.ServerNonce, d.NewNonce, null, null),
                PQInnerDataTemp d => new InnerData(d.Pq, d.P, d.Q, d.Nonce, d.ServerNonce, d.NewNonce, null, d.ExpiresIn),
                _ => throw new UnreachableException(inner.TlName),
            };
        }
        catch (TlException)
        {
            return null;
        }
    }
}
