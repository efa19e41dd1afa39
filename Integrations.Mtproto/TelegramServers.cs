using Integrations.Mtproto.Crypto;

namespace Integrations.Mtproto;

/// <summary>One data centre.</summary>
/// <param name="Id">1 to 5 at Telegram.</param>
/// <param name="Host">IP address or DNS name.</param>
/// <param name="Port">TCP port.</param>
public sealed record TelegramDc(int Id, string Host, int Port);

/// <summary>A Telegram world: where its servers are and which keys prove that they are it.</summary>
/// <param name="FirstDc">The data centre that a new session begins at.</param>
/// <param name="Dcs">Addresses to begin with; the servers' own <c>help.getConfig</c> may know more.</param>
/// <param name="Keys">The servers' public RSA keys.</param>
/// <param name="HandshakeDcOffset">Added to the id in <c>p_q_inner_data_dc</c>: 10000 for Telegram's test servers.</param>
public sealed record TelegramServers(
    int FirstDc, IReadOnlyList<TelegramDc> Dcs, IReadOnlyList<RsaPublicKey> Keys, int HandshakeDcOffset = 0)
{
    private const string ProductionModulus =
        "e8bb3305c0b52c6cf2afdf7637313489e63e05268e5badb601af417786472e5f93b85438968e20e6729a301c0afc121bf7151f834436f7fda680847a66bf64ac" +
        "cec78ee21c0b316f0edafe2f41908da7bd1f4a5107638eeb67040ace472a14f90d9f7c2b7def99688ba3073adb5750bb02964902a359fe745d8170e36876d4fd" +
        "8a5d41b2a76cbff9a13267eb9580b2d06d10357448d20d9da2191cb5d8c93982961cdfdeda629e37f1fb09a0722027696032fe61ed663db7a37f6f263d370f69" +
        "db53a0dc0a1748bdaaff6209d5645485e6e001d1953255757e4b8e42813347b11da6ab500fd0ace7e6dfa3736199ccaf9397ed0745a427dcfa6cd67bcb1acff3";

    private const string TestModulus =
        "c8c11d635691fac091dd9489aedced2932aa8a0bcefef05fa800892d9b52ed03200865c9e97211cb2ee6c7ae96d3fb0e15aeffd66019b44a08a240cfdd2868a8" +
        "5e1f54d6fa5deaa041f6941ddf302690d61dc476385c2fa655142353cb4e4b59f6e5b6584db76fe8b1370263246c010c93d011014113ebdf987d093f9d37c2be" +
        "48352d69a1683f8f6e6c2167983c761e3ab169fde5daaa12123fa1beab621e4da5935e9c198f82f35eae583a99386d8110ea6bd1abb0f568759f62694419ea5f" +
        "69847c43462abef858b4cb5edc84e7b9226cd7bd7e183aa974a712c079dde85b9dc063b8a5c08e8f859c0ee5dcd824c7807f20153361a7f63cfd2a433a1be7f5";

    /// <summary>Telegram itself.</summary>
    public static TelegramServers Production { get; } = new(
        2,
        [
            new(1, "149.154.175.53", 443), new(2, "149.154.167.41", 443), new(3, "149.154.175.100", 443),
            new(4, "149.154.167.91", 443), new(5, "91.108.56.191", 443),
            new(1, "2001:b28:f23d:f001::a", 443), new(2, "2001:67c:4e8:f002::a", 443), new(3, "2001:b28:f23d:f003::a", 443),
            new(4, "2001:67c:4e8:f004::a", 443), new(5, "2001:b28:f23f:f005::a", 443),
        ],
        [Key(ProductionModulus)]);

    /// <summary>Telegram's own test servers.</summary>
    public static TelegramServers Test { get; } = new(
        2,
        [new(1, "149.154.175.10", 443), new(2, "149.154.167.40", 443), new(3, "149.154.175.117", 443)],
        [Key(TestModulus)],
        HandshakeDcOffset: 10_000);

    /// <exception cref="KeyNotFoundException">This world has no such data centre.</exception>
    public TelegramDc Dc(int id) =>
        Dcs.FirstOrDefault(dc => dc.Id == id) ?? throw new KeyNotFoundException($"Data centre {id} is not among {string.Join(", ", Dcs.Select(dc => dc.Id))}.");

    private static RsaPublicKey Key(string modulus) => new(Convert.FromHexString(modulus), [1, 0, 1]);
}
