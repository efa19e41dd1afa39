using Integrations.Mtproto.Crypto;
using Integrations.Mtproto.Transport;

namespace Integrations.Mtproto.Session;

/// <summary>A key that is only ever in memory, and only as long as it is used.</summary>
/// <param name="Key">The key.</param>
/// <param name="Salt">Its first salt.</param>
/// <param name="ClockOffset">Server's clock minus ours when the key was made.</param>
/// <param name="ExpiresAt">Unix seconds of the server's clock.</param>
/// <param name="RenewAt">Monotonic time at which the next key is to be made.</param>
/// <param name="LapsesAt">Monotonic time from which it is not to be relied on. A clock that is set does not move it.</param>
internal sealed record TemporaryKey(AuthKey Key, long Salt, TimeSpan ClockOffset, int ExpiresAt, TimeSpan RenewAt, TimeSpan LapsesAt);

/// <summary>The next key, on a connection that has carried nothing but its making.</summary>
/// <param name="Connection">The connection.</param>
/// <param name="Key">The key; not bound yet, since that ends the binding of the one before.</param>
/// <param name="SwitchBy">Monotonic time after which nothing is waited for any more.</param>
internal sealed record PreparedConnection(FrameConnection Connection, TemporaryKey Key, TimeSpan SwitchBy);
