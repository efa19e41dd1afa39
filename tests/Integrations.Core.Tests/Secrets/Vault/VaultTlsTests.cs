using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Integrations.Core.Secrets.Vault;
using Integrations.Sandbox.Vault;

namespace Integrations.Core.Tests.Secrets.Vault;

public sealed class VaultTlsTests : IDisposable
{
    private const string RootToken = "the-root-token";

    private readonly DirectoryInfo _files = Directory.CreateTempSubdirectory("integrations-vault-tls-");

    public void Dispose() => _files.Delete(recursive: true);

    [Fact]
    public async Task A_certificate_of_the_configured_authority_for_this_host_is_taken_and_no_other()
    {
        using var right = ACertificate("127.0.0.1");
        using var other = ACertificate("127.0.0.1");
        using var elsewhere = ACertificate("192.0.2.1");
        await using var server = await StartAsync(right);
        await using var foreign = await StartAsync(elsewhere);

        Assert.Equal(VaultState.Ok, await StateAsync(server, right));
        Assert.Equal(VaultState.Unreachable, await StateAsync(server, other));
        Assert.Equal(VaultState.Unreachable, await StateAsync(server, null));
        Assert.Equal(VaultState.Unreachable, await StateAsync(foreign, elsewhere));
    }

    private static Task<SandboxVaultServer> StartAsync(X509Certificate2 certificate) =>
        SandboxVaultServer.StartAsync(new SandboxVault(RootToken), certificate: certificate, cancellationToken: TestContext.Current.CancellationToken);

    private async Task<VaultState> StateAsync(SandboxVaultServer server, X509Certificate2? authority)
    {
        var file = Path.Combine(_files.FullName, "ca.pem");
        if (authority is not null)
            await File.WriteAllTextAsync(file, authority.ExportCertificatePem(), TestContext.Current.CancellationToken);
        var options = new VaultOptions { Address = server.Address, CaFile = authority is null ? null : file, Auth = new VaultAuthOptions { Token = RootToken } };
        using var transport = new VaultTransport(options, TimeProvider.System);
        using var login = new VaultLogin(transport, options, isProduction: false, TimeProvider.System);
        return await new VaultClient(transport, login, options).StateAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Its own authority.</summary>
    private static X509Certificate2 ACertificate(string address)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={address}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Parse(address));
        request.CertificateExtensions.Add(names.Build());
        var now = TimeProvider.System.GetUtcNow();
        using var made = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), null);
    }
}
