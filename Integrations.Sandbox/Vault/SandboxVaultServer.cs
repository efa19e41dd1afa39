using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Integrations.Sandbox.Vault;

/// <summary>The simulated Vault on HTTP, on a loopback port of its own.</summary>
public sealed class SandboxVaultServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private SandboxVaultServer(SandboxVault vault, WebApplication app) => (Vault, _app) = (vault, app);

    public SandboxVault Vault { get; }

    /// <summary>What a client is configured with: <c>http://127.0.0.1:port/</c>.</summary>
    public Uri Address => new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());

    /// <param name="port">0 takes a free one.</param>
    /// <param name="certificate">For HTTPS; null for plain HTTP.</param>
    public static async Task<SandboxVaultServer> StartAsync(
        SandboxVault vault, int port = 0, X509Certificate2? certificate = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(vault);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port, listen =>
        {
            if (certificate is not null)
                listen.UseHttps(certificate);
        }));
        var app = builder.Build();
        app.Map("/v1/{**path}", (HttpContext context) => AnswerAsync(context, vault));
        var server = new SandboxVaultServer(vault, app);
        await app.StartAsync(cancellationToken);
        return server;
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private static async Task AnswerAsync(HttpContext context, SandboxVault vault)
    {
        var request = context.Request;
        var answer = request.Path.Value!.EndsWith('.')
            ? VaultAnswer.Refuse(404, "unsupported path")
            : await ReadAsync(request) is { } read ? vault.Answer(request.Method, read) : VaultAnswer.Refuse(400, "failed to parse JSON input");
        context.Response.StatusCode = answer.Status;
        if (answer.Body is null || HttpMethods.IsHead(request.Method))
            return;

        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(answer.Body.ToJsonString(), context.RequestAborted);
    }

    /// <summary>Null for a body that is no JSON object.</summary>
    private static async Task<VaultRequest?> ReadAsync(HttpRequest request)
    {
        JsonObject body = [];
        try
        {
            if (request.Body is not null && (request.ContentLength is > 0 || request.Headers.TransferEncoding.Count > 0)
                && await JsonNode.ParseAsync(request.Body, cancellationToken: request.HttpContext.RequestAborted) is { } node)
            {
                body = node.AsObject();
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }

        var isList = request.Method == "LIST" || request.Query["list"] is ["true" or "1"];
        var verb = isList ? VaultVerb.List : request.Method switch
        {
            "GET" or "HEAD" => VaultVerb.Read,
            "DELETE" => VaultVerb.Delete,
            "PATCH" => VaultVerb.Patch,
            _ => VaultVerb.Write,
        };
        var token = request.Headers["X-Vault-Token"] is [{ Length: > 0 } own] ? own
            : request.Headers.Authorization is [{ } header] && header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? header["Bearer ".Length..]
            : null;
        return new VaultRequest(
            verb,
            request.Path.Value!["/v1/".Length..],
            body,
            request.Query.ToDictionary(pair => pair.Key, pair => pair.Value.ToString(), StringComparer.Ordinal),
            token,
            request.Headers["X-Vault-Wrap-TTL"] is [{ } ttl] ? Durations.Parse(ttl) : null);
    }
}
