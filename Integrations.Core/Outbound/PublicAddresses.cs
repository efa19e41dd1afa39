using System.Net;
using System.Net.Sockets;

namespace Integrations.Core.Outbound;

/// <summary>Tells addresses of the public internet from those that mean this machine, its network or its cloud.</summary>
/// <remarks>After IANA's registries of special-purpose addresses (RFC 6890 and its successors).</remarks>
public static class PublicAddresses
{
    private static readonly IPNetwork[] Special =
    [
        .. Networks(
            "0.0.0.0/8", "10.0.0.0/8", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
            // Carrier-grade NAT; also where Alibaba Cloud keeps its metadata (100.100.100.200).
            "100.64.0.0/10",
            // Link-local, and the metadata of most clouds (169.254.169.254).
            "169.254.0.0/16",
            // Protocol assignments (Oracle Cloud's metadata is among them), documentation, 6to4 relays, benchmarks.
            "192.0.0.0/24", "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "192.88.99.0/24", "198.18.0.0/15",
            // Multicast; reserved, with the broadcast address.
            "224.0.0.0/4", "240.0.0.0/4",
            // A public address by its number that every machine in Azure reaches its host by.
            "168.63.129.16/32"),
    ];

    // Everything else of IPv6 is loopback, unspecified, local, mapped, compatible, multicast or not given to anybody.
    private static readonly IPNetwork GlobalUnicast = IPNetwork.Parse("2000::/3");

    private static readonly IPNetwork[] SpecialV6 =
    [
        // Protocol assignments, with Teredo (2001::/32), whose addresses hide one of IPv4; documentation, twice.
        .. Networks("2001::/23", "2001:db8::/32", "3fff::/20"),
    ];

    private static readonly IPNetwork Nat64 = IPNetwork.Parse("64:ff9b::/96");
    private static readonly IPNetwork SixToFour = IPNetwork.Parse("2002::/16");

    /// <summary>True for an address that a request by a user's wish may go to.</summary>
    public static bool Contains(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (address.IsIPv4MappedToIPv6)
            return Contains(address.MapToIPv4());
        if (address.AddressFamily is AddressFamily.InterNetwork)
            return !Array.Exists(Special, network => network.Contains(address));
        if (address.AddressFamily is not AddressFamily.InterNetworkV6)
            return false;

        var bytes = address.GetAddressBytes();
        // What a translator or a tunnel makes of these is the address of IPv4 in them.
        if (Nat64.Contains(address))
            return Contains(new IPAddress(bytes.AsSpan(12, 4)));
        if (SixToFour.Contains(address))
            return Contains(new IPAddress(bytes.AsSpan(2, 4)));
        // ISATAP (RFC 5214): the second half is 0000:5efe or 0200:5efe and an address of IPv4.
        if ((bytes[8] & 0xfd) == 0 && bytes[9] == 0 && bytes[10] == 0x5e && bytes[11] == 0xfe)
            return Contains(new IPAddress(bytes.AsSpan(12, 4)));

        return GlobalUnicast.Contains(address) && !Array.Exists(SpecialV6, network => network.Contains(address));
    }

    private static IEnumerable<IPNetwork> Networks(params string[] networks) => networks.Select(network => IPNetwork.Parse(network));
}
