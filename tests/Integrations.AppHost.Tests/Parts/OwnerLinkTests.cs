using Integrations.AppHost.LocalHosting.Running;
using Integrations.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace Integrations.AppHost.Tests.Parts;

/// <summary>Against a server that answers as the Api does.</summary>
public sealed class OwnerLinkTests : IAsyncLifetime
{
    private const string Key = "the internal key of this test";

    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;
    private readonly TestClock _clock = new();
    private readonly StateBoard _board = new();
    private readonly StringWriter _terminal = new();
    private readonly ProjectResource _api = new("api");
    private readonly ProjectResource _web = new("web");
    private readonly PortBlock _ports = PortBlock.Take();
    private WebApplication? _server;
    private int _asked;
    private bool _hasOwner;

    public async ValueTask InitializeAsync()
    {
        var port = _ports.Next();
        _api.Annotations.Add(new LocalEndpoint("http", "http", null) { Ports = [port] });
        _web.Annotations.Add(new LocalEndpoint("http", "http", null) { Ports = [8080] });
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        _server = builder.Build();
        _server.Urls.Add($"http://127.0.0.1:{port}");
        _server.MapPost("/internal/owner-link", (HttpRequest request) =>
        {
            if (request.Headers["X-Internal-Key"] != Key)
            {
                return Results.Unauthorized();
            }

            return _hasOwner
                ? Results.Conflict()
                : Results.Json(new { token = $"own_{Interlocked.Increment(ref _asked)}", expires_at = _clock.GetUtcNow().AddMinutes(15) });
        });
        await _server.StartAsync(_cancel);
        _board.Set(Healthy(_api));
        _board.Set(Healthy(_web) with { Health = null });
    }

    public async ValueTask DisposeAsync()
    {
        await _server!.DisposeAsync();
        _ports.Dispose();
        await _terminal.DisposeAsync();
    }

    [Fact]
    public async Task The_link_is_printed_once_the_console_works_and_again_with_a_new_token_when_it_has_lapsed()
    {
        using var link = Create();
        await link.StartAsync(_cancel);
        Assert.Equal("", _terminal.ToString());
        _board.Set(Healthy(_web));
        await _clock.WaitForTimerAsync(cancellationToken: _cancel);
        Assert.Contains("http://127.0.0.1:8080/welcome#token=own_1", _terminal.ToString(), StringComparison.Ordinal);

        _clock.Advance(TimeSpan.FromMinutes(14.9));
        Assert.DoesNotContain("own_2", _terminal.ToString(), StringComparison.Ordinal);
        _clock.Advance(TimeSpan.FromMinutes(0.1));
        await _clock.WaitForTimerAsync(cancellationToken: _cancel);
        Assert.Contains("http://127.0.0.1:8080/welcome#token=own_2", _terminal.ToString(), StringComparison.Ordinal);

        _hasOwner = true;
        _clock.Advance(TimeSpan.FromMinutes(15));
        await link.ExecuteTask!.WaitAsync(_cancel);
        Assert.Equal(2, _asked);
        Assert.DoesNotContain("own_3", _terminal.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_is_printed_when_there_is_an_owner()
    {
        _hasOwner = true;
        _board.Set(Healthy(_web));
        using var link = Create();
        await link.StartAsync(_cancel);
        await link.ExecuteTask!.WaitAsync(_cancel);

        Assert.Equal("", _terminal.ToString());
    }

    private static CopyState Healthy(ProjectResource resource) =>
        new(resource, resource.Name, KnownResourceStates.Running) { HasHealthCheck = true, Health = HealthStatus.Healthy };

    private OwnerLink Create() => new(
        new ResourceNotificationService(_board),
        new EndpointReference(_api, "http"),
        new EndpointReference(_web, "http"),
        new ParameterResource("internal-service-key", _ => Key, secret: true),
        _clock,
        _terminal);
}
