using Integrations.Api.Http;

namespace Integrations.Api.Telegram;

internal static class TelegramEndpoints
{
    public static RouteGroupBuilder MapTelegram(this IEndpointRouteBuilder routes) => routes
        .MapGroup("/api/v1/telegram").WithTags("Telegram").WithMetadata(new ShapedMetadata())
        .MapConnecting().MapMessages().MapDialogs().MapLogs();
}
