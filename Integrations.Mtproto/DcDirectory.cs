using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Integrations.Mtproto.Schema;

namespace Integrations.Mtproto;

/// <summary>The addresses of the data centres: those that the servers told (<c>help.getConfig</c>) before those that were built in.</summary>
/// <remarks>
/// An address that cannot be reached gives way to the next one at the next attempt, and the built-in one is always among them: a list
/// that leads nowhere must not cost an account its connection.
/// </remarks>
internal sealed class DcDirectory(TelegramServers servers, bool obfuscated, bool ipv6)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<int, int> _failures = [];
    private ImmutableDictionary<int, ImmutableArray<TelegramDc>> _told = ImmutableDictionary<int, ImmutableArray<TelegramDc>>.Empty;

    /// <summary>The address to try now.</summary>
    /// <exception cref="KeyNotFoundException">This world has no such data centre.</exception>
    public TelegramDc Next(int dcId)
    {
        lock (_gate)
        {
            var builtIn = servers.Dcs.Where(dc => dc.Id == dcId && (ipv6 || !IsIPv6(dc.Host)));
            TelegramDc[] known = [.. _told.GetValueOrDefault(dcId, []).Concat(builtIn).Distinct()];
            return known.Length == 0 ? servers.Dc(dcId) : known[_failures.GetValueOrDefault(dcId) % known.Length];
        }
    }

    /// <summary>The address could not be reached.</summary>
    public void Failed(TelegramDc dc)
    {
        lock (_gate)
        {
            // Only the address that is in use now gives way: two attempts may fail together.
            if (Next(dc.Id) == dc)
                _failures[dc.Id] = _failures.GetValueOrDefault(dc.Id) + 1;
        }
    }

    /// <summary>Takes the list of an answer; one of another world is none of ours.</summary>
    public void Learn(Config config)
    {
        if (config.TestMode == (servers.HandshakeDcOffset != 0))
            Learn(config.DcOptions);
    }

    /// <summary>Takes the addresses that can be used for an account's own conversation, for each data centre that has any.</summary>
    public void Learn(IReadOnlyList<DcOption> options)
    {
        // dcOption#18b7a10d flags:# ipv6:flags.0?true media_only:flags.1?true tcpo_only:flags.2?true cdn:flags.3?true static:flags.4?true
        //   this_port_only:flags.5?true id:int ip_address:string port:int secret:flags.10?bytes = DcOption;
        var usable = options.Where(option =>
            option is { MediaOnly: false, Cdn: false, Secret: null, Port: > 0 and <= ushort.MaxValue }
            && (obfuscated || !option.TcpoOnly)
            && (ipv6 || !option.Ipv6)
            && IPAddress.TryParse(option.IpAddress, out _));
        lock (_gate)
        {
            // Those of IPv4 come first: where there is no other way, the first attempt succeeds.
            foreach (var dc in usable.OrderBy(option => option.Ipv6).GroupBy(option => option.Id))
            {
                var told = dc.Select(option => new TelegramDc(option.Id, option.IpAddress, option.Port)).Distinct().ToImmutableArray();
                if (_told.TryGetValue(dc.Key, out var before) && before.SequenceEqual(told))
                    continue;
                _told = _told.SetItem(dc.Key, told);
                _failures.Remove(dc.Key);
            }
        }
    }

    private static bool IsIPv6(string host) => IPAddress.TryParse(host, out var address) && address.AddressFamily is AddressFamily.InterNetworkV6;
}
