using Integrations.Mtproto.Crypto;

namespace Integrations.Mtproto.Handshake;

/// <summary>A key that both sides now have.</summary>
/// <param name="AuthKey">The key.</param>
/// <param name="ServerSalt">The first salt: new_nonce[0..8] xor server_nonce[0..8].</param>
/// <param name="ServerTime">The server's clock when it answered, to the second.</param>
public sealed record HandshakeResult(AuthKey AuthKey, long ServerSalt, DateTimeOffset ServerTime);
