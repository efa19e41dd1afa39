using Integrations.Core.Errors;
using Integrations.Core.Tls;
using StackExchange.Redis;

namespace Integrations.Api.Redis;

/// <summary>The one connection of this process to Redis, made at first use. Redis holds only what may be lost.</summary>
internal sealed class RedisConnection(IConfiguration configuration, ServerCertificates certificates) : IDisposable
{
    private static readonly TimeSpan RetryLater = TimeSpan.FromSeconds(2);
    private readonly SemaphoreSlim _connecting = new(1, 1);
    private ConnectionMultiplexer? _connection;

    /// <summary>Runs one piece of work.</summary>
    /// <exception cref="IntegrationException">SERVICE_UNAVAILABLE while Redis does not answer.</exception>
    public async Task<T> UseAsync<T>(Func<IDatabase, Task<T>> work, CancellationToken cancellationToken)
    {
        try
        {
            return await work((await ConnectAsync(cancellationToken)).GetDatabase());
        }
        catch (Exception e) when (e is RedisException or TimeoutException)
        {
            throw new IntegrationException(ErrorCodes.ServiceUnavailable, "Redis does not answer. Repeat the request shortly.", RetryLater, inner: e);
        }
    }

    /// <summary>The server's version; null when it does not answer in time.</summary>
    public async Task<string?> VersionAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        try
        {
            var info = await UseAsync(database => database.ExecuteAsync("INFO", "server"), cancellationToken).WaitAsync(patience, cancellationToken);
            return ((string?)info)?.Split("\r\n").FirstOrDefault(line => line.StartsWith("redis_version:", StringComparison.Ordinal))?["redis_version:".Length..];
        }
        catch (Exception e) when (e is IntegrationException or TimeoutException)
        {
            return null;
        }
    }

    public void Dispose()
    {
        _connection?.Dispose();
        _connecting.Dispose();
    }

    private async Task<ConnectionMultiplexer> ConnectAsync(CancellationToken cancellationToken)
    {
        if (_connection is { } connection)
            return connection;

        await _connecting.WaitAsync(cancellationToken);
        try
        {
            if (_connection is null)
            {
                var options = ConfigurationOptions.Parse(
                    configuration.GetConnectionString("redis") is { Length: > 0 } text ? text : throw new InvalidOperationException("ConnectionStrings:redis is not set."));
                // The multiplexer then comes back by itself, at the start as later.
                options.AbortOnConnectFail = false;
                options.ClientName = "integrations-api";
                options.CertificateValidation += certificates.CheckFor("Redis");
                _connection = await ConnectionMultiplexer.ConnectAsync(options);
            }

            return _connection;
        }
        finally
        {
            _connecting.Release();
        }
    }
}
