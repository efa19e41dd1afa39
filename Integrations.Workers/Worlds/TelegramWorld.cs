using System.Net;
using System.Text.Json.Serialization;
using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Telegram.Clients;

namespace Integrations.Workers.Worlds;

/// <summary>Where the servers of this host's world are reached.</summary>
internal sealed class TelegramWorld(PersonalTelegramOptions options, IHttpClientFactory http, TimeProvider time) : IDisposable
{
    public const string HttpClientName = "sandbox";

    /// <summary>The sandbox takes any application.</summary>
    private static readonly TelegramApp SandboxApp = new(1, "sandbox");

    /// <summary>Accounts that start together share one question; a sandbox that was started anew is noticed soon.</summary>
    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _one = new(1);
    private TelegramServers? _servers;
    private long _fetched;

    public World? World => options.World;

    public TelegramDevice Device => options.Device;

    public TelegramRoute Route => new(options.Proxy, options.UseIPv6);

    public bool PerfectForwardSecrecy => options.PerfectForwardSecrecy;

    public TelegramApp App => World switch
    {
        Core.Telegram.Accounts.World.Telegram => new TelegramApp(options.ApiId!.Value, options.ApiHash!),
        _ => SandboxApp,
    };

    /// <summary>Null for Telegram itself, which every client knows how to find.</summary>
    /// <exception cref="TelegramUnavailableException">No world is configured, or the sandbox does not answer.</exception>
    public async ValueTask<TelegramServers?> ServersAsync(CancellationToken ct)
    {
        switch (World)
        {
            case Core.Telegram.Accounts.World.Telegram:
                return null;
            case null:
                throw new TelegramUnavailableException("neither Telegram nor a sandbox is configured");
            default:
                break;
        }

        await _one.WaitAsync(ct);
        try
        {
            if (_servers is null || time.GetElapsedTime(_fetched) >= Freshness)
            {
                _servers = await AskSandboxAsync(ct);
                _fetched = time.GetTimestamp();
            }

            return _servers;
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose() => _one.Dispose();

    private async Task<TelegramServers> AskSandboxAsync(CancellationToken ct)
    {
        try
        {
            using var client = http.CreateClient(HttpClientName);
            var answer = await client.GetFromJsonAsync(new Uri(options.Sandbox!, "/sandbox/telegram"), SandboxJson.Default.SandboxDescription, ct)
                ?? throw new TelegramUnavailableException("the sandbox describes nothing");
            List<TelegramDc> dcs = [];
            foreach (var dc in answer.Dcs)
                dcs.Add(new TelegramDc(dc.Id, new IPEndPoint(await AddressAsync(dc.Host, ct), dc.Port)));

            return new TelegramServers(answer.DcId, dcs, [new TelegramServerKey(answer.PublicKeyPem)]);
        }
        catch (Exception e) when (e is HttpRequestException or System.Text.Json.JsonException || e is OperationCanceledException && !ct.IsCancellationRequested)
        {
            throw new TelegramUnavailableException("the sandbox does not answer", e);
        }
    }

    private static async ValueTask<IPAddress> AddressAsync(string host, CancellationToken ct) =>
        IPAddress.TryParse(host, out var address) ? address : (await Dns.GetHostAddressesAsync(host, ct))[0];
}

/// <summary>The part of <c>GET /sandbox/telegram</c> that a client needs.</summary>
internal sealed record SandboxDescription(int DcId, IReadOnlyList<SandboxDc> Dcs, string PublicKeyPem);

internal sealed record SandboxDc(int Id, string Host, int Port);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(SandboxDescription))]
internal sealed partial class SandboxJson : JsonSerializerContext;
