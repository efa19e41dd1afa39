using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Integrations.Core.Telegram.Channels;

/// <summary>Registers what hosts do with channels and groups.</summary>
public static class ChannelHosting
{
    /// <summary>Looking at channels as a bot. Settings: <c>Channels:*</c>. Needs the Bot API of the host.</summary>
    public static TBuilder AddChannels<TBuilder>(this TBuilder builder) where TBuilder : IHostApplicationBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        var services = builder.Services;
        services.AddOptions<ChannelOptions>().BindConfiguration(ChannelOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton(provider => provider.GetRequiredService<IOptions<ChannelOptions>>().Value);
        services.TryAddSingleton<BotChannels>();
        return builder;
    }

    /// <summary>For the host that people ask.</summary>
    public static TBuilder AddChannelRequests<TBuilder>(this TBuilder builder) where TBuilder : IHostApplicationBuilder
    {
        builder.AddChannels();
        var services = builder.Services;
        services.TryAddSingleton<ChannelLooks>();
        services.TryAddSingleton<ConnectChannel>();
        services.TryAddSingleton<ListChannels>();
        services.TryAddSingleton<FindChannel>();
        services.TryAddSingleton<FindChannels>();
        services.TryAddSingleton<ChangeChannel>();
        services.TryAddSingleton<CheckChannel>();
        services.TryAddSingleton<DeleteChannel>();
        services.TryAddSingleton<ListPosts>();
        return builder;
    }
}
