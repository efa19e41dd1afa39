using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Integrations.Bench.Product;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Integrations.Bench.BotWebhooks;

/// <summary>Where a bot's updates go, as the product told the Bot API.</summary>
internal sealed record Webhook(string Path, string Secret);

/// <summary>As much of the Bot API as registering takes: it says yes to every token, and remembers what webhook it was given.</summary>
internal sealed class LoadedBots : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<long, Webhook> _webhooks = [];

    private LoadedBots(WebApplication app) => _app = app;

    public Uri Address => new(_app.Urls.Single());

    public static async Task<LoadedBots> StartAsync(CancellationToken ct)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        var bots = new LoadedBots(app);
        app.Map("/bot{token}/{method}", bots.AnswerAsync);
        await app.StartAsync(ct);
        return bots;
    }

    public static string TokenOf(long bot) => string.Create(CultureInfo.InvariantCulture, $"{bot}:AAbenchBenchBenchBenchBenchBenchBe{bot % 10}");

    public Webhook WebhookOf(long bot) => _webhooks.TryGetValue(bot, out var webhook) ? webhook : throw new ScenarioException($"bot {bot} was not given a webhook");

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task<IResult> AnswerAsync(string token, string method, HttpRequest request)
    {
        var bot = long.Parse(token.AsSpan(0, token.IndexOf(':', StringComparison.Ordinal)), CultureInfo.InvariantCulture);
        switch (method)
        {
            case "getMe":
                return Result(new JsonObject
                {
                    ["id"] = bot,
                    ["is_bot"] = true,
                    ["first_name"] = $"Bench {bot}",
                    ["username"] = $"bench_{bot}_bot",
                    ["can_join_groups"] = true,
                    ["can_read_all_group_messages"] = false,
                    ["supports_inline_queries"] = false,
                });
            case "setWebhook":
                var webhook = await JsonNode.ParseAsync(request.Body, cancellationToken: request.HttpContext.RequestAborted);
                _webhooks[bot] = new Webhook(new Uri(webhook.Text("url")).AbsolutePath, webhook.Text("secret_token"));
                return Result(JsonValue.Create(true));
            case "getWebhookInfo":
                return Result(new JsonObject { ["url"] = "", ["has_custom_certificate"] = false, ["pending_update_count"] = 0 });
            default:
                return Results.Json(new { ok = false, error_code = 404, description = "Not Found: method not found" }, statusCode: 404);
        }
    }

    private static IResult Result(JsonNode result) => Results.Text(new JsonObject { ["ok"] = true, ["result"] = result }.ToJsonString(), "application/json");
}
