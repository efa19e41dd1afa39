using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Integrations.Workers.Tests.Bots;

/// <summary>A text that came to the Bot API.</summary>
public sealed record SentText(string Token, long ChatId, string Text, int? ReplyTo, DateTimeOffset At);

/// <summary>A Bot API that takes texts, unless it was told to answer otherwise.</summary>
public sealed class ScriptedBotApi : IAsyncDisposable
{
    private readonly WebApplication _app;
    private int _number = 100;

    private ScriptedBotApi()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        _app = builder.Build();
        _app.MapPost("/bot{token}/sendMessage", AnswerAsync);
    }

    /// <summary>What came, in order.</summary>
    public ConcurrentQueue<SentText> Sent { get; } = new();

    /// <summary>Answers a text in another way; null leaves it to the usual one.</summary>
    public Func<SentText, HttpContext, Task<JsonObject?>> Script { get; set; } = (_, _) => Task.FromResult<JsonObject?>(null);

    public string Address => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();

    public static async Task<ScriptedBotApi> StartAsync()
    {
        var api = new ScriptedBotApi();
        await api._app.StartAsync(TestContext.Current.CancellationToken);
        return api;
    }

    public static JsonObject Refusal(int code, string description, JsonObject? parameters = null) =>
        new() { ["ok"] = false, ["error_code"] = code, ["description"] = description, ["parameters"] = parameters };

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task<IResult> AnswerAsync(string token, HttpContext context)
    {
        var body = (await JsonNode.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted))!;
        var text = new SentText(
            token, body["chat_id"]!.GetValue<long>(), body["text"]!.GetValue<string>(), body["reply_parameters"]?["message_id"]?.GetValue<int>(), TimeProvider.System.GetUtcNow());
        Sent.Enqueue(text);
        var answer = await Script(text, context) ?? new JsonObject
        {
            ["ok"] = true,
            ["result"] = new JsonObject { ["message_id"] = Interlocked.Increment(ref _number), ["date"] = 1_790_000_000 },
        };
        return Results.Json(answer, statusCode: answer["ok"]!.GetValue<bool>() ? 200 : answer["error_code"]!.GetValue<int>());
    }
}
