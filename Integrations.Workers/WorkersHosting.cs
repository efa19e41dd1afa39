using Integrations.Core;
using Integrations.Core.Outbound;
using Integrations.Core.Persistence;
using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Telegram.BotApi;
using Integrations.Core.Telegram.Bots;
using Integrations.Core.Telegram.Channels;
using Integrations.Core.Telegram.Clients;
using Integrations.Core.Telegram.Media;
using Integrations.ServiceDefaults.Resilience;
using Integrations.Workers.Accounts;
using Integrations.Workers.Bots;
using Integrations.Workers.Channels;
using Integrations.Workers.Fetching;
using Integrations.Workers.Logins;
using Integrations.Workers.Media;
using Integrations.Workers.Receiving;
using Integrations.Workers.Sending;
using Integrations.Workers.Telemetry;
using Integrations.Workers.WorkingGroups;
using Integrations.Workers.Worlds;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Integrations.Workers;

/// <summary>Registers the runtime of personal accounts and bots in a host.</summary>
public static class WorkersHosting
{
    /// <summary>
    /// Settings: those of Core, <c>PERSONAL_TELEGRAM_*</c>, <c>services:sandbox:http:0</c>, <c>Sandbox:AllowInProduction</c>,
    /// <c>Accounts:*</c>, <c>Sending:*</c>, <c>Bots:*</c>, <c>TelegramBots:*</c>, <c>Channels:*</c>,
    /// <c>Media:*</c>, <c>MEDIA_MAX_BYTES</c>.
    /// </summary>
    public static TBuilder AddAccounts<TBuilder>(this TBuilder builder) where TBuilder : IHostApplicationBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        var services = builder.Services;
        var telegram = PersonalTelegramOptions.Read(builder.Configuration, builder.Environment);
        builder.AddIntegrationsCore();
        builder.AddSecrets();
        builder.AddOutbound();
        builder.AddBotApi();
        builder.AddChannels();

        services.AddOptions<AccountOptions>().BindConfiguration(AccountOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<SendingOptions>().BindConfiguration(SendingOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<BotOptions>().BindConfiguration(BotOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<FetchOptions>().BindConfiguration(FetchOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddMediaOptions();
        services.TryAddSingleton(Random.Shared);
        services.AddHttpClient(TelegramWorld.HttpClientName);
        services.AddSingleton(telegram);
        services.AddSingleton<TelegramWorld>();
        services.AddSingleton<WorkerTelemetry>();
        services.TryAddSingleton<CreateTelegramClient>(provider => settings => new MtprotoTelegramClient(
            settings, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<MtprotoTelegramClient>>()));
        services.AddSingleton<ClientSource>();
        services.TryAddSingleton<AccountProxy>();
        services.AddSingleton<AccountRecords>();
        services.AddSingleton<LoginRecords>();
        services.AddSingleton<FloodWaits>();
        services.AddSingleton<HeldMessages>();
        services.AddSingleton<MessageQueue>();
        services.AddSingleton<PeerResolver>();
        services.AddSingleton<SentEarlier>();
        services.AddSingleton<ReceivedStore>();
        services.AddSingleton<FetchFile>();
        services.AddSingleton<AccountFileTools>();
        services.AddUploads();
        services.AddSingleton<LiveClients>();
        services.AddSingleton<AccountTools>();
        services.AddSingleton<AccountRunner>();
        services.AddSingleton<UpdateQueue>();
        services.AddSingleton<GroupUpdates>();
        services.AddSingleton<MirrorQueue>();
        services.TryAddSingleton<MirrorTools>();
        services.AddSingleton<UpdateStore>();
        services.TryAddSingleton<UpdateProcessor>();
        services.AddSingleton<BotMessageQueue>();
        services.AddSingleton<BotTools>();
        services.AddSingleton<BotRunner>();
        services.AddSingleton<ChannelQueue>();
        services.AddSingleton<ChannelRecords>();
        services.AddSingleton<ChannelWork>();
        services.AddSingleton<ChannelRunner>();

        // Hosts stop in the opposite order: first the leases, which hand the accounts over; then the ear; last the writer of outcomes,
        // which the hand-over still needs.
        services.AddSingleton<OutcomeWriter>();
        services.AddHostedService(provider => provider.GetRequiredService<OutcomeWriter>());
        services.AddHostedService(provider => provider.GetRequiredService<AccountRunner>());
        services.AddHostedService(provider => provider.GetRequiredService<BotRunner>());
        services.AddHostedService(provider => provider.GetRequiredService<FetchRunner>());
        services.AddHostedService(provider => provider.GetRequiredService<ChannelRunner>());
        services.AddHostedService<MirrorPlanner>();
        services.AddSingleton<BotCare>();
        services.AddHostedService(provider => provider.GetRequiredService<BotCare>());
        builder.AddOwnership(Words.Of(telegram.World ?? World.Telegram));
        return builder;
    }

    /// <summary>Files on their way out: from where callers keep them, and to Telegram.</summary>
    private static void AddUploads(this IServiceCollection services)
    {
        services.Configure<HttpResilienceOptions>(BotApiClient.UploadHttpClientName, options =>
            (options.AttemptTimeout, options.TotalTimeout) = (BotHosting.UploadTimeout, BotHosting.UploadTimeout));
        services.AddSingleton<UploadGate>();
        services.AddSingleton<AddressFetcher>();
        services.AddSingleton<FetchRunner>();
    }
}
