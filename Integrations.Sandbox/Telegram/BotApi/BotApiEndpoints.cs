using System.Globalization;
using System.Text.Json.Nodes;

namespace Integrations.Sandbox.Telegram.BotApi;

/// <summary>The Bot API over HTTP: <c>/bot{token}/{method}</c>, GET or POST, answered as Telegram answers.</summary>
internal static class BotApiEndpoints
{
    public static IEndpointRouteBuilder MapBotApi(this IEndpointRouteBuilder routes)
    {
        // Not part of the phone's description: it is Telegram's own interface, described by Telegram.
        routes.MapMethods("/bot{token}/{method}", ["GET", "POST"], CallAsync).ExcludeFromDescription();
        return routes;
    }

    private static async Task CallAsync(string token, string method, HttpContext context, SandboxTelegram telegram)
    {
        try
        {
            var request = await BotApiRequest.ReadAsync(context.Request, context.RequestAborted);
            var result = await telegram.BotApi.CallAsync(token, method, request, context.RequestAborted);
            await WriteAsync(context, StatusCodes.Status200OK, new JsonObject { ["ok"] = true, ["result"] = result });
        }
        catch (BotApiRefusal refusal)
        {
            var problem = new JsonObject { ["ok"] = false, ["error_code"] = refusal.Code, ["description"] = refusal.Message };
            if (refusal.RetryAfter is { } seconds)
            {
                problem["parameters"] = new JsonObject { ["retry_after"] = seconds };
                context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
            }

            await WriteAsync(context, refusal.Code, problem);
        }
    }

    private static async Task WriteAsync(HttpContext context, int status, JsonObject answer)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(answer.ToJsonString(), context.RequestAborted);
    }
}
