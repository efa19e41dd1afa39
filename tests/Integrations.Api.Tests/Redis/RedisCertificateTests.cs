using Integrations.Api.Redis;
using Integrations.Api.Tests.Host;
using Integrations.Api.Tests.RateLimits;
using Integrations.Core.Errors;
using Integrations.Core.Tls;
using Integrations.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Integrations.Api.Tests.Redis;

/// <summary>In the line with the others, some of which measure what the process uses.</summary>
[Collection(ApiCollection.Name)]
public sealed class RedisCertificateTests : IDisposable
{
    private readonly TestAuthority _authority = new();
    private readonly TestAuthority _another = new();

    public void Dispose()
    {
        _authority.Dispose();
        _another.Dispose();
    }

    [Fact]
    public async Task Redis_is_believed_only_with_a_certificate_for_its_host_in_its_time_from_our_authority()
    {
        await using var redis = new OwnRedis(_authority.Issue("localhost"));
        await redis.StartAsync();
        await using var expired = new OwnRedis(_authority.Issue("localhost", expired: true));
        await expired.StartAsync();

        // Where it does answer, it is waited for however slow the machine is.
        Assert.True(await AnswersAsync(redis, "localhost", _authority, ",connectTimeout=60000,syncTimeout=60000"));
        Assert.False(await AnswersAsync(redis, "127.0.0.1", _authority));
        Assert.False(await AnswersAsync(redis, "localhost", _another));
        Assert.False(await AnswersAsync(redis, "localhost", null));
        Assert.False(await AnswersAsync(expired, "localhost", _authority));
    }

    private static async Task<bool> AnswersAsync(OwnRedis redis, string host, TestAuthority? authority, string patience = "")
    {
        var settings = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["ConnectionStrings:redis"] = $"{redis.ConnectionString.Replace("127.0.0.1", host, StringComparison.Ordinal)},connectRetry=0{patience}",
        }).Build();
        var options = Options.Create(new TlsOptions { CertificateAuthority = authority?.CertificateFile ?? "" });
        using var connection = new RedisConnection(settings, new ServerCertificates(options, NullLogger<ServerCertificates>.Instance));
        try
        {
            return await connection.UseAsync(database => database.PingAsync(), TestContext.Current.CancellationToken) > TimeSpan.Zero;
        }
        catch (IntegrationException e) when (e.Code == ErrorCodes.ServiceUnavailable)
        {
            return false;
        }
    }
}
