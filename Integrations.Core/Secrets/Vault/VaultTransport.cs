using System.Net;
using System.Net.Http.Json;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Integrations.Core.Secrets.Vault;

/// <summary>Requests to Vault and what its answers mean. Knows no token but the one that it is given.</summary>
/// <remarks>
/// With a handler of its own and not the factory's: the breaker that all other clients share takes Vault's 503 for an outage, and would
/// then hide that Vault answers and says that it is sealed.
/// </remarks>
internal sealed class VaultTransport : IDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);

    private readonly HttpClient _http;
    private readonly VaultOptions _options;
    private readonly TimeProvider _time;

    public VaultTransport(VaultOptions options, TimeProvider time)
    {
        (_options, _time) = (options, time);
        _http = new HttpClient(Handler(options))
        {
            BaseAddress = new Uri(options.Address!.AbsoluteUri.TrimEnd('/') + "/v1/"),
            Timeout = Timeout.InfiniteTimeSpan,
            DefaultRequestHeaders = { { "X-Vault-Request", "true" } },
        };
        if (options.Namespace is { Length: > 0 } name)
            _http.DefaultRequestHeaders.Add("X-Vault-Namespace", name);
    }

    /// <param name="path">Below <c>/v1/</c>.</param>
    /// <param name="token">Null for the few paths that need none.</param>
    /// <param name="body">Null for none.</param>
    /// <param name="answer">How its answer is read. 204 is the default of the type.</param>
    /// <exception cref="VaultException">After as many tries as may help.</exception>
    public async Task<VaultAnswer<T>> SendAsync<T>(
        HttpMethod method, string path, string? token, JsonContent? body, JsonTypeInfo<VaultAnswer<T>> answer, CancellationToken ct)
    {
        // The content of a request is sent with each try, so it has to be there in whole.
        if (body is not null)
            await body.LoadIntoBufferAsync(ct);

        for (var tries = 1; ; tries++)
        {
            try
            {
                return await TryAsync(method, path, token, body, answer, ct);
            }
            catch (VaultException e) when (e.Failure is VaultFailure.Unreachable && tries < _options.Tries)
            {
                await Task.Delay(FirstPause * Math.Pow(2, tries - 1) * (0.75 + (Random.Shared.NextDouble() / 2)), _time, ct);
            }
        }
    }

    /// <summary>One try, whatever the status: <c>sys/health</c> says by it how Vault stands.</summary>
    public async Task<HttpStatusCode> ProbeAsync(string path, CancellationToken ct)
    {
        using var limit = Limit(ct);
        try
        {
            using var response = await _http.GetAsync(new Uri(path, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, limit.Token);
            return response.StatusCode;
        }
        catch (Exception e) when (IsAway(e, ct))
        {
            throw Away(path, e);
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<VaultAnswer<T>> TryAsync<T>(
        HttpMethod method, string path, string? token, JsonContent? body, JsonTypeInfo<VaultAnswer<T>> type, CancellationToken ct)
    {
        using var limit = Limit(ct);
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        if (body is not null)
        {
            request.Content = new ByteArrayContent(await body.ReadAsByteArrayAsync(ct));
            request.Content.Headers.ContentType = new("application/json");
        }

        if (token is not null)
            request.Headers.Add("X-Vault-Token", token);

        try
        {
            using var response = await _http.SendAsync(request, limit.Token);
            if (response.StatusCode == HttpStatusCode.NoContent)
                return new VaultAnswer<T>(default, null, null, null);

            var answer = await ReadAsync(response, type, limit.Token);
            // A batch that failed in part is 400 and tells of each item; a deleted secret is 404 and tells since when.
            if (response.IsSuccessStatusCode || (answer is { Data: TransitPlaintexts { BatchResults: not null } or KvSecret }))
                return answer ?? throw new VaultException(VaultFailure.Unreachable, $"Vault's answer to {path} is not readable.");

            throw Failure(path, response.StatusCode, answer?.Errors);
        }
        catch (Exception e) when (IsAway(e, ct))
        {
            throw Away(path, e);
        }
    }

    private static async Task<VaultAnswer<T>?> ReadAsync<T>(HttpResponseMessage response, JsonTypeInfo<VaultAnswer<T>> type, CancellationToken ct)
    {
        try
        {
            return await response.Content.ReadFromJsonAsync(type, ct);
        }
        catch (JsonException)
        {
            // A proxy's page, or half an answer; the status is what is left.
            return null;
        }
    }

    private static VaultException Failure(string path, HttpStatusCode status, IReadOnlyList<string>? errors)
    {
        var failure = (int)status switch
        {
            403 => VaultFailure.Denied,
            404 => VaultFailure.Absent,
            503 => VaultFailure.Sealed,
            408 or 412 or 429 or >= 500 => VaultFailure.Unreachable,
            _ => VaultFailure.Refused,
        };
        return new VaultException(failure, $"Vault answered {path} with {(int)status}{(errors is { Count: > 0 } ? $": {string.Join("; ", errors)}" : "")}.");
    }

    private static bool IsAway(Exception e, CancellationToken ct) =>
        e is HttpRequestException or IOException || (e is OperationCanceledException && !ct.IsCancellationRequested);

    private VaultException Away(string path, Exception e) => new(
        VaultFailure.Unreachable,
        e is OperationCanceledException ? $"Vault did not answer {path} within {_options.Timeout.TotalSeconds:0.#} s." : $"Vault cannot be reached for {path}.",
        e);

    private CancellationTokenSource Limit(CancellationToken ct)
    {
        var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(_options.Timeout);
        return limit;
    }

    private static SocketsHttpHandler Handler(VaultOptions options)
    {
        // A redirect would carry the token to where Vault never said it is. Connections are renewed, so that a moved address is found.
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, PooledConnectionLifetime = TimeSpan.FromMinutes(2) };
        if (options.CaFile is { Length: > 0 } file)
        {
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.ImportFromPemFile(file);
            handler.SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = policy };
        }

        return handler;
    }
}
