using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Npgsql;
using StackExchange.Redis;

namespace Integrations.Core.Tls;

/// <summary>Refuses a Production host that would speak in clear, or with whoever answers, to a server on another machine.</summary>
internal sealed class EncryptedConnections(IConfiguration configuration, IHostEnvironment environment) : IValidateOptions<TlsOptions>
{
    public ValidateOptionsResult Validate(string? name, TlsOptions options)
    {
        var problems = Problems(configuration, options, environment.IsProduction()).ToList();
        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }

    /// <summary>One sentence for each connection that has to be changed. None repeats a connection string, which has a password in it.</summary>
    public static IEnumerable<string> Problems(IConfiguration configuration, TlsOptions options, bool production)
    {
        if (options.CertificateAuthority.Length > 0 && !File.Exists(options.CertificateAuthority))
            yield return $"{TlsOptions.Section}:{nameof(TlsOptions.CertificateAuthority)}: there is no file '{options.CertificateAuthority}'.";

        if (!production || options.AllowUnencrypted)
            yield break;

        const string Otherwise = $"or set {TlsOptions.Section}:{nameof(TlsOptions.AllowUnencrypted)}=true if that network is encrypted by other means.";
        if (Text("integrations") is { } postgres && ParsePostgres(postgres) is { } database
            && !IsLocal(database.Host) && ServerCertificates.Apply(options, database).SslMode is not SslMode.VerifyFull)
        {
            yield return "ConnectionStrings:integrations leads to another machine without checking its certificate: "
                + $"add 'SSL Mode=VerifyFull' (and {TlsOptions.Section}:{nameof(TlsOptions.CertificateAuthority)} for an authority of your own), {Otherwise}";
        }

        if (Text("rabbitmq") is { } rabbit && Uri.TryCreate(rabbit, UriKind.Absolute, out var broker)
            && !IsLocal(broker.Host) && !broker.Scheme.Equals("amqps", StringComparison.OrdinalIgnoreCase))
        {
            yield return $"ConnectionStrings:rabbitmq leads to another machine in clear: write it as amqps://, {Otherwise}";
        }

        if (Text("redis") is { } redis && ParseRedis(redis) is { Ssl: false } cache && !cache.EndPoints.All(IsLocal))
            yield return $"ConnectionStrings:redis leads to another machine in clear: add 'ssl=true', {Otherwise}";

        string? Text(string name) => configuration.GetConnectionString(name) is { Length: > 0 } text ? text : null;
    }

    /// <summary>True for addresses of this machine, and for the directory of a socket.</summary>
    private static bool IsLocal(string? hosts) => hosts is { Length: > 0 } && hosts.Split(',').All(host => IsLocalHost(host.Trim()));

    private static bool IsLocal(EndPoint endPoint) => endPoint switch
    {
        IPEndPoint ip => IPAddress.IsLoopback(ip.Address),
        DnsEndPoint dns => IsLocalHost(dns.Host),
        _ => false,
    };

    private static bool IsLocalHost(string host)
    {
        if (host.StartsWith('/'))
            return true;

        // PostgreSQL's hosts may carry a port of their own; an address of IPv6 has its colons either way.
        var name = host.IndexOf(':', StringComparison.Ordinal) is var colon and >= 0 && colon == host.LastIndexOf(':') ? host[..colon] : host.Trim('[', ']');
        return name.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(name, out var address) && IPAddress.IsLoopback(address));
    }

    // What cannot be read is told of by whoever connects by it, in the words that are right there.
    private static NpgsqlConnectionStringBuilder? ParsePostgres(string text)
    {
        try
        {
            return new NpgsqlConnectionStringBuilder(text);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    private static ConfigurationOptions? ParseRedis(string text)
    {
        try
        {
            return ConfigurationOptions.Parse(text);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}
