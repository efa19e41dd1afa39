using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http.Features;

namespace Integrations.Sandbox.Telegram.BotApi;

/// <summary>The Bot API over HTTP: <c>/bot{token}/{method}</c>, GET or POST, answered as Telegram answers.</summary>
public static class BotApiEndpoints
{
    /// <summary>The largest upload, and room for what goes with it.</summary>
    private const long RequestMax = BotFiles.UploadMax + (1 << 20);

    public static IEndpointRouteBuilder MapBotApi(this IEndpointRouteBuilder routes)
    {
        // Not part of the phone's description: it is Telegram's own interface, described by Telegram.
        routes.MapMethods("/bot{token}/{method}", ["GET", "POST"], CallAsync).ExcludeFromDescription();
        routes.MapGet("/file/bot{token}/{**path}", FileAsync).ExcludeFromDescription();
        return routes;
    }

    private static async Task CallAsync(string token, string method, HttpContext context, SandboxTelegram telegram)
    {
        try
        {
            if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
                limit.MaxRequestBodySize = RequestMax;
            var request = await BotApiRequest.ReadAsync(context.Request, context.RequestAborted);
            var result = await telegram.BotApi.CallAsync(token, method, request, context.RequestAborted);
            await WriteAsync(context, StatusCodes.Status200OK, new JsonObject { ["ok"] = true, ["result"] = result });
        }
        catch (BadHttpRequestException e) when (e.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            await RefuseAsync(context, new BotApiRefusal(413, "Request Entity Too Large"));
        }
        catch (BotApiRefusal refusal)
        {
            await RefuseAsync(context, refusal);
        }
    }

    private static async Task FileAsync(string token, string path, HttpContext context, SandboxTelegram telegram)
    {
        try
        {
            var file = telegram.BotApi.FileAt(token, path);
            context.Response.ContentType = "application/octet-stream";
            context.Response.ContentLength = file.Size;
            await using var content = telegram.BotApi.Open(file);
            await content.CopyToAsync(context.Response.Body, context.RequestAborted);
        }
        catch (BotApiRefusal refusal)
        {
            await RefuseAsync(context, refusal);
        }
    }

    private static async Task RefuseAsync(HttpContext context, BotApiRefusal refusal)
    {
        var problem = new JsonObject { ["ok"] = false, ["error_code"] = refusal.Code, ["description"] = refusal.Message };
        if (refusal.RetryAfter is { } seconds)
        {
            problem["parameters"] = new JsonObject { ["retry_after"] = seconds };
            context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        if (refusal.MigrateToChatId is { } chat)
            problem["parameters"] = new JsonObject { ["migrate_to_chat_id"] = chat };
        await WriteAsync(context, refusal.Code, problem);
    }

    private static async Task WriteAsync(HttpContext context, int status, JsonObject answer)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(answer.ToJsonString(), context.RequestAborted);
    }
}
