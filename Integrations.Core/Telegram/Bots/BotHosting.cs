using Integrations.Core.Telegram.BotApi;
using Integrations.Core.Telegram.WorkingGroups;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace Integrations.Core.Telegram.Bots;

/// <summary>Registers what hosts do with bots.</summary>
public static class BotHosting
{
    /// <summary>For 20 MiB over a slow line.</summary>
    public static readonly TimeSpan UploadTimeout = TimeSpan.FromMinutes(3);

    /// <summary>The Bot API, and the registering of webhooks with it. Settings: <see cref="TelegramBotOptions"/>. Needs the secrets of the host.</summary>
    public static TBuilder AddBotApi<TBuilder>(this TBuilder builder) where TBuilder : IHostApplicationBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        var services = builder.Services;
        services.TryAddSingleton(TelegramBotOptions.Read(builder.Configuration, builder.Environment));
        // The token stands in the address: none of this client's requests is logged.
        services.AddHttpClient(BotApiClient.HttpClientName).RemoveAllLoggers();
        services.AddHttpClient(BotApiClient.UploadHttpClientName, client => client.Timeout = UploadTimeout).RemoveAllLoggers();
        services.TryAddSingleton<BotApiClient>();
        services.TryAddSingleton<RegisterWebhook>();
        services.TryAddSingleton<LookAtGroup>();
        return builder;
    }

    /// <summary>For the host that people ask, and to which Telegram brings updates.</summary>
    public static TBuilder AddBotRequests<TBuilder>(this TBuilder builder) where TBuilder : IHostApplicationBuilder
    {
        builder.AddBotApi();
        var services = builder.Services;
        services.TryAddSingleton<ListBots>();
        services.TryAddSingleton<FindBot>();
        services.TryAddSingleton<AskWebhook>();
        services.TryAddSingleton<RegisterBot>();
        services.TryAddSingleton<ConnectBot>();
        services.TryAddSingleton<ChangeBot>();
        services.TryAddSingleton<DeactivateBot>();
        services.TryAddSingleton<RestartBot>();
        services.TryAddSingleton<DeleteBot>();
        services.TryAddSingleton<ReadWorkingGroup>();
        services.TryAddSingleton<SetWorkingGroup>();
        services.TryAddSingleton<CheckWorkingGroup>();
        services.TryAddSingleton<RemoveWorkingGroup>();
        services.TryAddSingleton<BotHooks>();
        services.TryAddSingleton<BotUpdateIntake>();
        services.AddHostedService(provider => provider.GetRequiredService<BotUpdateIntake>());
        return builder;
    }
}
