using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Integrations.Testing;

/// <summary>A certificate authority of one test, with its certificate in a file, as an operator has one.</summary>
public sealed class TestAuthority : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("integrations-authority-");
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _certificate;

    public TestAuthority()
    {
        var request = new CertificateRequest($"CN=Test authority {Guid.NewGuid():n}", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        _certificate = request.CreateSelfSigned(Now.AddYears(-3), Now.AddYears(3));
        CertificateFile = Write("authority.pem", _certificate.ExportCertificatePem());
    }

    /// <summary>PEM, as <c>Tls:CertificateAuthority</c> takes it.</summary>
    public string CertificateFile { get; }

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    /// <summary>A server's certificate.</summary>
    /// <param name="host">A name or an address; it is for this and for nothing else.</param>
    /// <param name="expired">Whether its time is over.</param>
    public TestCertificate Issue(string host, bool expired = false)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        // The subject is no name of a host: a client must go by the alternative name.
        var request = new CertificateRequest("CN=Test server", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        if (IPAddress.TryParse(host, out var address))
            names.AddIpAddress(address);
        else
            names.AddDnsName(host);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], critical: false));
        var (from, to) = expired ? (Now.AddYears(-2), Now.AddYears(-1)) : (Now.AddDays(-1), Now.AddYears(1));
        using var certificate = request.Create(_certificate, from, to, RandomNumberGenerator.GetBytes(16));
        var name = $"{host}{(expired ? "-expired" : "")}";
        return new(Write($"{name}.crt", certificate.ExportCertificatePem()), Write($"{name}.key", key.ExportPkcs8PrivateKeyPem()));
    }

    public void Dispose()
    {
        _certificate.Dispose();
        _key.Dispose();
        _directory.Delete(recursive: true);
    }

    private string Write(string name, string text)
    {
        var path = Path.Combine(_directory.FullName, name);
        File.WriteAllText(path, text);
        return path;
    }
}

/// <summary>Files in the form of PEM.</summary>
public sealed record TestCertificate(string CertificateFile, string KeyFile);
