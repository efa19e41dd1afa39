namespace Integrations.Mtproto.Crypto;

/// <summary>
/// Where every random byte of the library comes from: nonces, paddings, secret exponents, session ids.
/// </summary>
/// <remarks>A seam, so that a whole handshake runs deterministically against published vectors.</remarks>
public interface IRandomSource
{
    /// <summary>Fills the whole of <paramref name="destination"/>.</summary>
    void Fill(Span<byte> destination);
}
