using Integrations.Mtproto.Crypto;

namespace Integrations.Mtproto.Session;

/// <summary>
/// What a session needs to make temporary keys (core.telegram.org/api/pfs): whoever gets hold of the permanent key later cannot read
/// what was said before, for what it was said under is gone.
/// </summary>
public sealed record ForwardSecrecy
{
    /// <summary>The server's public keys that are trusted.</summary>
    public required IReadOnlyList<RsaPublicKey> ServerKeys { get; init; }

    /// <summary>The data centre, as <c>p_q_inner_data_temp_dc</c> carries it: plus 10000 for test servers.</summary>
    public required int DcId { get; init; }

    /// <summary>Life of one key. The next one is made when about four fifths of it are over.</summary>
    public TimeSpan Lifetime { get; init; } = TimeSpan.FromDays(1);
}
