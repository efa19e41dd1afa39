using Integrations.Api.Http;
using Integrations.Api.RateLimits;
using Integrations.Api.Redis;
using Integrations.Core.RateLimits;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Integrations.Api.Telegram;

internal static class TelegramEndpoints
{
    public static WebApplicationBuilder AddPresence(this WebApplicationBuilder builder)
    {
        builder.Services.TryAddSingleton<RedisConnection>();
        builder.Services.TryAddSingleton<Presence>();
        builder.Services.TryAddSingleton<UploadPlaces>();
        return builder;
    }

    public static RouteGroupBuilder MapTelegram(this IEndpointRouteBuilder routes) => routes
        .MapGroup("/api/v1/telegram").WithTags("Telegram").WithMetadata(new ShapedMetadata()).LimitedAs(RouteClass.Status)
        .MapConnecting().MapInboxes().MapMessages().MapMedia().MapUploads().MapDialogs().MapDesk().MapFilters().MapQuickReplies().MapLogs();
}
