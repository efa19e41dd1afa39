using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace Integrations.Core.Notices;

/// <summary>Registers what people ask of their notices; the database makes them.</summary>
public static class NoticeRequests
{
    public static TBuilder AddNoticeRequests<TBuilder>(this TBuilder builder) where TBuilder : IHostApplicationBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.TryAddSingleton<ListNotices>();
        builder.Services.TryAddSingleton<MarkNoticesRead>();
        builder.Services.TryAddSingleton<ReadNoticeSettings>();
        builder.Services.TryAddSingleton<ChangeNoticeSettings>();
        return builder;
    }
}
