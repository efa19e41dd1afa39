using System.Diagnostics.Metrics;
using Integrations.Core.Messaging;
using Integrations.Core.Tls;
using Integrations.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Integrations.Core.Tests.Tls;

public sealed class BrokerCertificateTests : IAsyncLifetime
{
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly TestAuthority _authority = new();
    private readonly TestAuthority _another = new();
    private readonly EncryptedBroker _broker;

    public BrokerCertificateTests() => _broker = new(_authority);

    public async ValueTask InitializeAsync() => await _broker.StartAsync(_cancel);

    public async ValueTask DisposeAsync()
    {
        await _broker.DisposeAsync();
        await _services.DisposeAsync();
        _authority.Dispose();
        _another.Dispose();
    }

    // One test, because the broker takes seconds to start.
    [Fact]
    public async Task The_broker_is_believed_only_with_a_certificate_for_its_host_in_its_time_from_our_authority()
    {
        Assert.Null(await RefusalAsync(EncryptedBroker.RightHost, _authority.CertificateFile));

        Assert.Equal("it is not for this host", await RefusalAsync(EncryptedBroker.WrongHost, _authority.CertificateFile));
        Assert.Equal("NotTimeValid", await RefusalAsync(EncryptedBroker.ExpiredHost, _authority.CertificateFile));
        Assert.Equal("PartialChain", await RefusalAsync(EncryptedBroker.RightHost, _another.CertificateFile));
        // The system's authorities do not know ours.
        Assert.NotNull(await RefusalAsync(EncryptedBroker.RightHost, ""));
    }

    /// <summary>Why the certificate was refused; null once the doorbell is connected.</summary>
    private async Task<string?> RefusalAsync(string host, string authority)
    {
        var log = new RefusalLog();
        var certificates = new ServerCertificates(Options.Create(new TlsOptions { CertificateAuthority = authority }), log);
        using var doorbell = new Doorbell(
            _broker.At(host), new DoorbellOptions(), TimeProvider.System, _services.GetRequiredService<IMeterFactory>(), NullLogger<Doorbell>.Instance,
            certificates.CheckFor("RabbitMQ"));
        await doorbell.StartAsync(_cancel);
        await Eventually.IsAsync(() => doorbell.IsConnected || log.Reason is not null, () => "neither connected nor refused");
        await doorbell.StopAsync(_cancel);
        return log.Reason;
    }
}
