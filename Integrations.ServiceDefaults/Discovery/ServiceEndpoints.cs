using System.Collections.Concurrent;
using Microsoft.Extensions.Configuration;

namespace Integrations.ServiceDefaults.Discovery;

/// <summary>
/// Turns <c>http://api/…</c>, <c>https+http://api/…</c> or <c>http://_admin.api/…</c> into an address from
/// <c>services:{name}:{scheme or endpoint}:{index}</c>, the keys that the AppHost injects.
/// </summary>
/// <remarks>Several addresses of one endpoint are used in turn. A host that is no configured service is left as it is.</remarks>
internal sealed class ServiceEndpoints(IConfiguration configuration)
{
    private readonly ConcurrentDictionary<string, int> _turns = new(StringComparer.OrdinalIgnoreCase);

    public Uri Resolve(Uri address)
    {
        // "https+http" names the schemes in order of preference.
        var schemes = address.Scheme.Split('+');
        var (endpoint, service) = Split(address.Host);
        foreach (var key in endpoint is null ? schemes : [endpoint])
        {
            if (Next(service, key) is { } found)
                return Combine(address, found, schemes);
        }

        return schemes.Length == 1 ? address : Combine(address, address.Authority, schemes);
    }

    private string? Next(string service, string key)
    {
        var section = configuration.GetSection($"services:{service}:{key}");
        if (section.Value is { Length: > 0 } single)
            return single;

        var addresses = section.GetChildren().Select(child => child.Value).OfType<string>().Where(value => value.Length > 0).ToArray();
        if (addresses.Length == 0)
            return null;

        var turn = _turns.AddOrUpdate($"{service}/{key}", 0, (_, last) => last + 1 & int.MaxValue);
        return addresses[turn % addresses.Length];
    }

    /// <summary><paramref name="found"/> is a whole address or only <c>host:port</c>; the path and query stay the request's.</summary>
    private static Uri Combine(Uri address, string found, string[] schemes)
    {
        var target = found.Contains("://", StringComparison.Ordinal) ? new Uri(found) : new Uri($"{schemes[0]}://{found}");
        var path = target.AbsolutePath.TrimEnd('/') + address.AbsolutePath;
        return new UriBuilder(target) { Path = path, Query = address.Query }.Uri;
    }

    private static (string? Endpoint, string Service) Split(string host) =>
        host.StartsWith('_') && host.IndexOf('.') is > 1 and var dot ? (host[1..dot], host[(dot + 1)..]) : (null, host);
}
