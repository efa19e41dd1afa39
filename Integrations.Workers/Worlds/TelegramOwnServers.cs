using System.Net;
using Integrations.Core.Telegram.Clients;

namespace Integrations.Workers.Worlds;

/// <summary>Telegram's own data centres and its public key, as core.telegram.org/mtproto/auth_key and the API documentation name them.</summary>
/// <remarks>Only where a new session begins: the live list comes from Telegram itself (<c>help.getConfig</c>).</remarks>
internal static class TelegramOwnServers
{
    /// <summary>Fingerprint d09d1d85de64fd85.</summary>
    private const string Key =
        """
        -----BEGIN RSA PUBLIC KEY-----
        MIIBCgKCAQEA6LszBcC1LGzyr992NzE0ieY+BSaOW622Aa9Bd4ZHLl+TuFQ4lo4g
        5nKaMBwK/BIb9xUfg0Q29/2mgIR6Zr9krM7HjuIcCzFvDtr+L0GQjae9H0pRB2OO
        62cECs5HKhT5DZ98K33vmWiLowc621dQuwKWSQKjWf50XYFw42h21P2KXUGyp2y/
        +aEyZ+uVgLLQbRA1dEjSDZ2iGRy12Mk5gpYc397aYp438fsJoHIgJ2lgMv5h7WY9
        t6N/byY9Nw9p21Og3AoXSL2q/2IJ1WRUhebgAdGVMlV1fkuOQoEzR7EdpqtQD9Cs
        5+bfo3Nhmcyvk5ftB0WkJ9z6bNZ7yxrP8wIDAQAB
        -----END RSA PUBLIC KEY-----
        """;

    public static TelegramServers Production { get; } = new(
        2,
        [
            Dc(1, "149.154.175.53"),
            Dc(2, "149.154.167.41"),
            Dc(3, "149.154.175.100"),
            Dc(4, "149.154.167.91"),
            Dc(5, "91.108.56.191"),
        ],
        [new TelegramServerKey(Key)]);

    private static TelegramDc Dc(int id, string address) => new(id, new IPEndPoint(IPAddress.Parse(address), 443));
}
