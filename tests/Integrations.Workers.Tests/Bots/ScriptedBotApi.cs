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

/// <summary>A form that came to the Bot API.</summary>
/// <param name="Files">By the names of their parts.</param>
public sealed record SentForm(string Method, IReadOnlyDictionary<string, string> Fields, IReadOnlyDictionary<string, SentFile> Files, long? Length);

/// <summary>A file of a form.</summary>
public sealed record SentFile(string Name, string? Type, byte[] Content);

/// <summary>A Bot API that takes texts and files, unless it was told to answer otherwise.</summary>
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
        _app.MapPost("/bot{token}/getFile", FindFileAsync);
        _app.MapGet("/file/bot{token}/files/{id}", (string token, string id) => Files.TryGetValue(id, out var content) ? Results.Bytes(content) : Results.NotFound());
        _app.MapPost("/bot{token}/{method}", AnswerFormAsync).DisableAntiforgery();
    }

    /// <summary>What came, in order.</summary>
    public ConcurrentQueue<SentText> Sent { get; } = new();

    /// <summary>Contents by the ids of their files.</summary>
    public ConcurrentDictionary<string, byte[]> Files { get; } = new();

    /// <summary>Ids that were asked for, in order.</summary>
    public ConcurrentQueue<string> Asked { get; } = new();

    /// <summary>Answers a question for a file in another way.</summary>
    public Func<string, JsonObject?> FileScript { get; set; } = _ => null;

    /// <summary>Answers a text in another way; null leaves it to the usual one.</summary>
    public Func<SentText, HttpContext, Task<JsonObject?>> Script { get; set; } = (_, _) => Task.FromResult<JsonObject?>(null);

    /// <summary>Forms that came, in order.</summary>
    public ConcurrentQueue<SentForm> Forms { get; } = new();

    /// <summary>The same for forms; called before their bodies are read.</summary>
    public Func<string, HttpContext, Task<JsonObject?>> FormScript { get; set; } = (_, _) => Task.FromResult<JsonObject?>(null);

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

    private async Task<IResult> FindFileAsync(string token, HttpContext context)
    {
        var id = (await JsonNode.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted))!["file_id"]!.GetValue<string>();
        Asked.Enqueue(id);
        var answer = FileScript(id) ?? (Files.ContainsKey(id)
            ? new JsonObject { ["ok"] = true, ["result"] = new JsonObject { ["file_id"] = id, ["file_unique_id"] = "u" + id, ["file_path"] = $"files/{id}" } }
            : Refusal(400, "Bad Request: invalid file_id"));
        return Results.Json(answer, statusCode: answer["ok"]!.GetValue<bool>() ? 200 : answer["error_code"]!.GetValue<int>());
    }

    private async Task<IResult> AnswerFormAsync(string method, HttpContext context)
    {
        if (await FormScript(method, context) is { } refusal)
            return Results.Json(refusal, statusCode: refusal["error_code"]!.GetValue<int>());

        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        Dictionary<string, SentFile> files = [];
        foreach (var file in form.Files)
        {
            using var content = new MemoryStream();
            await file.CopyToAsync(content, context.RequestAborted);
            files[file.Name] = new(file.FileName, file.ContentType, content.ToArray());
        }

        Forms.Enqueue(new(method, form.ToDictionary(field => field.Key, field => field.Value.ToString()), files, context.Request.ContentLength));
        JsonObject Message() => new() { ["message_id"] = Interlocked.Increment(ref _number), ["date"] = 1_790_000_000 };
        return Results.Json(new JsonObject
        {
            ["ok"] = true,
            ["result"] = method == "sendMediaGroup" ? new JsonArray([.. files.Select(_ => (JsonNode)Message())]) : Message(),
        });
    }
}
