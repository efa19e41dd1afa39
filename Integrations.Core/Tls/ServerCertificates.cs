using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Integrations.Core.Tls;

/// <summary>Decides whether a server is who it says, by <see cref="TlsOptions.CertificateAuthority"/> or else by the system's authorities.</summary>
/// <remarks>
/// The certificate must name the host that was asked for, be in its time and lead to an authority that is believed. Revocation is not asked
/// for: an authority of one's own seldom answers that, and then every connection would wait for it.
/// </remarks>
public sealed partial class ServerCertificates(IOptions<TlsOptions> options, ILogger<ServerCertificates> logger)
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    private readonly Lazy<X509Certificate2Collection?> _authority = new(() => Load(options.Value));

    /// <summary>What a connection to one kind of server asks about each certificate. A refusal is logged with its reason.</summary>
    /// <param name="server">For the log: RabbitMQ, Redis.</param>
    public RemoteCertificateValidationCallback CheckFor(string server) => (_, certificate, chain, errors) => IsGood(server, certificate, chain, errors);

    /// <summary>
    /// The same for PostgreSQL, whose client checks by itself: the authority, unless the string names one. With an authority the mode is
    /// VerifyFull unless the string names another: the client's own default would fall back to no encryption.
    /// </summary>
    public static NpgsqlConnectionStringBuilder Apply(TlsOptions options, NpgsqlConnectionStringBuilder connection)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(connection);
        if (options.CertificateAuthority.Length == 0)
            return connection;

        if (!connection.ShouldSerialize("SSL Mode"))
            connection.SslMode = SslMode.VerifyFull;
        if (connection.SslMode is SslMode.VerifyFull or SslMode.VerifyCA && string.IsNullOrEmpty(connection.RootCertificate))
            connection.RootCertificate = options.CertificateAuthority;
        return connection;
    }

    private bool IsGood(string server, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is null)
        {
            LogRefused(logger, server, "it shows none");
            return false;
        }

        var problem = Problem(certificate, chain, errors);
        if (problem.Length > 0)
            LogRefused(logger, server, problem);
        return problem.Length == 0;
    }

    private string Problem(X509Certificate certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        // Decided by the framework by the host that was asked for, whatever the chain is.
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
            return "it is not for this host";

        if (_authority.Value is not { } authority)
        {
            if (!errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors))
                return "";
            return chain is null ? "its issuer is unknown" : Status(chain);
        }

        using var own = new X509Chain();
        own.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        own.ChainPolicy.CustomTrustStore.AddRange(authority);
        own.ChainPolicy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
        own.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        // What the server sent along, to get from its certificate to the authority; and nothing is fetched from addresses in a certificate.
        own.ChainPolicy.DisableCertificateDownloads = true;
        if (chain is not null)
            own.ChainPolicy.ExtraStore.AddRange(chain.ChainPolicy.ExtraStore);
        using var shown = X509CertificateLoader.LoadCertificate(certificate.GetRawCertData());
        return own.Build(shown) ? "" : Status(own);
    }

    private static string Status(X509Chain chain) => string.Join(", ", chain.ChainStatus.Select(status => status.Status).Distinct());

    /// <exception cref="InvalidOperationException">The file has no certificate.</exception>
    private static X509Certificate2Collection? Load(TlsOptions options)
    {
        if (options.CertificateAuthority.Length == 0)
            return null;

        var certificates = new X509Certificate2Collection();
        certificates.ImportFromPemFile(options.CertificateAuthority);
        return certificates.Count > 0
            ? certificates
            : throw new InvalidOperationException($"{TlsOptions.Section}:{nameof(TlsOptions.CertificateAuthority)}: '{options.CertificateAuthority}' has no certificate in the form of PEM.");
    }

    [LoggerMessage(EventId = 3320, Level = LogLevel.Error, Message = "The certificate of {Server} was refused: {Reason}. Nothing was sent to it")]
    private static partial void LogRefused(ILogger logger, string server, string reason);
}
