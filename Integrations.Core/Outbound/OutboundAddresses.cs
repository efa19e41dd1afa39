using System.Net;
using Microsoft.Extensions.Options;

namespace Integrations.Core.Outbound;

/// <summary>Looks up hosts that users name, and refuses those that lead to what stands behind this service.</summary>
/// <remarks>The connection must go to one of the addresses that are answered: a name that is looked up again may lead elsewhere.</remarks>
public sealed class OutboundAddresses(IOptions<OutboundOptions> options, ResolveHost resolve)
{
    /// <summary>All addresses of the host.</summary>
    /// <exception cref="OutboundRefusedException">There is none, or one of them is not of the public internet.</exception>
    public async Task<IPAddress[]> FindAsync(string host, CancellationToken cancellationToken)
    {
        var addresses = IPAddress.TryParse(host, out var literal) ? [literal] : await resolve(host, cancellationToken);
        if (addresses.Length == 0)
            throw new OutboundRefusedException($"There is no host {host}.");
        // One that is not public makes the others suspect: which of them is tried must not be left to chance.
        return Array.TrueForAll(addresses, IsAllowed) ? addresses : throw new OutboundRefusedException($"{host} does not lead to an address of the public internet.");
    }

    private bool IsAllowed(IPAddress address) => PublicAddresses.Contains(address) || (options.Value.AllowLoopback && IPAddress.IsLoopback(address));
}
