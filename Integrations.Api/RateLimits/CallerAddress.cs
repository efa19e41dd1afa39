using System.Net;
using System.Net.Sockets;
using Integrations.Api.Authentication;
using Integrations.Api.Internal;
using Microsoft.Extensions.Options;

namespace Integrations.Api.RateLimits;

/// <summary>Where a request comes from, as those count who cannot know from whom.</summary>
internal sealed class CallerAddress(IOptions<CallerAuthenticationOptions> settings)
{
    /// <summary>By which the console names the person in front of it, beside the key of the hosts.</summary>
    public const string Header = "X-Client-Address";

    /// <summary>
    /// The connection's other end. A header is believed only from a host of this installation: without it all who sign in at the console would
    /// be one caller, and any of them could use up the tries of the others.
    /// </summary>
    public string Of(HttpContext context)
    {
        var claimed = context.Request.Headers[Header];
        if (claimed.Count == 1 && IPAddress.TryParse(claimed[0], out var client) && InternalKeyHandler.IsRight(context.Request, settings.Value))
            return Counted(client);
        return context.Connection.RemoteIpAddress is { } address ? Counted(address) : "";
    }

    /// <summary>One customer of a provider has at least 2⁶⁴ IPv6 addresses, so there it is the network that is counted.</summary>
    internal static string Counted(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            return address.MapToIPv4().ToString();
        if (address.AddressFamily is not AddressFamily.InterNetworkV6)
            return address.ToString();

        var bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes) + "/64";
    }
}
