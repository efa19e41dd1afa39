using System.Diagnostics.Metrics;
using Integrations.Core.Audit;
using Integrations.Core.Events;
using Integrations.Core.Hosts;
using Integrations.Core.Messaging;
using Integrations.Core.Overview;
using Integrations.Core.Ownership;
using Integrations.Core.Persistence;
using Integrations.Core.Privacy;
using Integrations.Core.Secrets;
using Integrations.Core.Secrets.Rotation;
using Integrations.Core.Secrets.Vault;
using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Telegram.Bots;
using Integrations.Core.Telegram.Media;
using Integrations.Core.Telegram.Messages;
using Integrations.Core.Telegram.WorkingGroups;
using Integrations.Core.Tenancy;
using Integrations.Core.Tls;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Integrations.Core;

/// <summary>Registers Core in a host. Every call may be repeated; the second one changes nothing.</summary>
public static class CoreHosting
{
    /// <summary>
    /// What every host with a database needs: <see cref="TenantDatabase"/>, the doorbell, and the guard that refuses a
    /// dangerous database role or a wrong number of shards before anything else starts.
    /// </summary>
    /// <remarks>Settings: <c>ConnectionStrings:integrations</c>, <c>ConnectionStrings:rabbitmq</c>, <c>Database:*</c>, <c>Ownership:*</c>, <c>Doorbell:*</c>, <c>Tls:*</c>.</remarks>
    public static TBuilder AddIntegrationsCore<TBuilder>(this TBuilder builder) where TBuilder : IHostApplicationBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        var services = builder.Services;
        if (services.Any(service => service.ServiceType == typeof(Added)))
            return builder;

        services.AddSingleton<Added>();
        services.TryAddSingleton(TimeProvider.System);
        services.AddOptions<OwnershipOptions>().BindConfiguration(OwnershipOptions.Section).ValidateDataAnnotations().ValidateOnStart()
            .PostConfigure<IConfiguration>((options, configuration) => options.Version = HostHeartbeat.VersionOf(configuration));
        services.AddOptions<DoorbellOptions>().BindConfiguration(DoorbellOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<DatabaseOptions>().BindConfiguration(DatabaseOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddTls();
        services.TryAddSingleton(provider => DataSources.Main(provider));
        services.AddHostedService<HostGuard>();
        services.AddSingleton(provider => new Doorbell(
            new Uri(Required(provider, "rabbitmq"), UriKind.Absolute),
            provider.GetRequiredService<IOptions<DoorbellOptions>>().Value,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<IMeterFactory>(),
            provider.GetRequiredService<ILogger<Doorbell>>(),
            provider.GetRequiredService<ServerCertificates>().CheckFor("RabbitMQ")));
        services.AddHostedService(provider => provider.GetRequiredService<Doorbell>());
        services.AddSingleton<TenantDatabase>();
        services.AddSingleton<MediaStore>();
        return builder;
    }

    /// <summary>For the host that serves readers of events: <see cref="EventReader"/>, <see cref="EventSignal"/> and the relay.</summary>
    public static TBuilder AddEvents<TBuilder>(this TBuilder builder) where TBuilder : IHostApplicationBuilder
    {
        builder.AddIntegrationsCore();
        var services = builder.Services;
        if (services.Any(service => service.ServiceType == typeof(EventReader)))
            return builder;

        services.AddSingleton<EventReader>();
        services.AddSingleton<EventSignal>();
        services.AddHostedService(provider => provider.GetRequiredService<EventSignal>());
        services.AddHostedService<EventRelay>();
        return builder;
    }

    /// <summary>
    /// <see cref="ISecretProtector"/> over Vault where <c>Vault:Address</c> is set, else over the tenants' key files in <c>Secrets:Directory</c>;
    /// where both are set, Vault wraps what is new and the files still open what they wrapped. And <see cref="VaultHealth"/>.
    /// </summary>
    public static TBuilder AddSecrets<TBuilder>(this TBuilder builder) where TBuilder : IHostApplicationBuilder
    {
        builder.AddIntegrationsCore();
        var services = builder.Services;
        if (services.Any(service => service.ServiceType == typeof(ISecretProtector)))
            return builder;

        var vault = builder.AddVault();
        services.AddOptions<SecretsOptions>().BindConfiguration(SecretsOptions.Section).ValidateDataAnnotations().ValidateOnStart()
            .Validate(
                options => vault is not null || options.Directory.Length > 0,
                "Neither Vault:Address nor Secrets:Directory is set: the tenants' keys need a place outside the database.");
        services.AddSingleton(provider => new VaultHealth(vault?.Client, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<IValidateOptions<SecretsOptions>, KeyDirectoryValidation>();
        services.AddKeyedSingleton(SecretsOptions.Section, (provider, _) => DataSources.Apart(provider, "secrets", size: 4));
        services.AddSingleton(provider => new DataKeyRows(new TenantDatabase(
            provider.GetRequiredKeyedService<NpgsqlDataSource>(SecretsOptions.Section), provider.GetRequiredService<Doorbell>())));
        services.AddSingleton<IReadOnlyList<IWrappingKeys>>(provider =>
        {
            var directory = provider.GetRequiredService<IOptions<SecretsOptions>>().Value.Directory;
            return [.. vault is null ? (IWrappingKeys[])[] : [new TransitKeys(vault.Client, vault.Options)], .. directory.Length == 0 ? (IWrappingKeys[])[] : [new KeyFiles(directory)]];
        });
        services.AddSingleton(provider => new DataKeys(
            provider.GetRequiredService<DataKeyRows>(),
            provider.GetRequiredService<IReadOnlyList<IWrappingKeys>>(),
            provider.GetRequiredService<IOptions<SecretsOptions>>().Value,
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<ISecretProtector, EnvelopeProtector>();
        services.AddSingleton<MoveSecrets>();
        services.AddSingleton(provider => new SecretRotation(
            provider.GetRequiredService<TenantDatabase>(),
            provider.GetRequiredService<DataKeys>(),
            provider.GetRequiredService<ISecretProtector>(),
            provider.GetRequiredService<IOptions<SecretsOptions>>().Value,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<IMeterFactory>(),
            provider.GetRequiredService<ILogger<SecretRotation>>()));
        return builder;
    }

    /// <summary>For the host that runs accounts: <see cref="ShardLeases"/>, to which a <see cref="ShardConsumer"/> attaches itself.</summary>
    /// <param name="world">Which Telegram this host talks to: <c>sandbox</c> or <c>telegram</c>.</param>
    public static TBuilder AddOwnership<TBuilder>(this TBuilder builder, string world) where TBuilder : IHostApplicationBuilder
    {
        builder.AddIntegrationsCore();
        var services = builder.Services;
        if (services.Any(service => service.ServiceType == typeof(ShardLeases)))
            return builder;

        // Nobody could claim the shards of an owner that is paused within a transaction, so the server ends it once the lease, which it
        // cannot have renewed either, is over.
        services.AddOptions<DatabaseOptions>().PostConfigure<IOptions<OwnershipOptions>>((database, ownership) => database.IdleInTransaction = ownership.Value.Lease);
        services.AddKeyedSingleton(OwnershipOptions.Section, (provider, _) => DataSources.Apart(provider, "leases", size: 2));
        services.AddSingleton(provider => new ShardLeases(
            provider.GetRequiredKeyedService<NpgsqlDataSource>(OwnershipOptions.Section),
            world,
            provider.GetRequiredService<IOptions<OwnershipOptions>>().Value,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<IMeterFactory>(),
            provider.GetRequiredService<ILogger<ShardLeases>>()));
        services.AddHostedService(provider => provider.GetRequiredService<ShardLeases>());
        return builder;
    }

    /// <summary>
    /// The installation's own chores, done by whichever worker holds shard 0: the gauges <c>message_balance</c>, <c>telegram_bot_updates_oldest_seconds</c> and <c>mirror_waiting</c>, trimming of events and timelines,
    /// removal of what has expired, counting of traffic, sealing and retention of the audit, rotation of data keys, erasures. Needs <see cref="AddOwnership"/>
    /// and <see cref="AddSecrets"/>.
    /// </summary>
    public static TBuilder AddChores<TBuilder>(this TBuilder builder) where TBuilder : IHostApplicationBuilder
    {
        builder.AddIntegrationsCore();
        // AddHostedService adds each type once.
        builder.Services.AddHostedService<MessageBalance>();
        builder.Services.AddHostedService<BotInboxAge>();
        builder.Services.AddHostedService<MirrorGauges>();
        builder.Services.AddHostedService<EventTrimming>();
        builder.Services.AddHostedService<ExpiredRows>();
        builder.Services.AddMediaOptions();
        builder.Services.AddHostedService<UnsentMedia>();
        builder.Services.AddHostedService<CountTraffic>();
        builder.Services.AddHostedService<TimelineTrimming>();
        builder.Services.AddHostedService<FloodEnds>();
        builder.Services.AddOptions<AuditOptions>().BindConfiguration(AuditOptions.Section);
        builder.Services.AddHostedService<AuditSealer>();
        builder.Services.AddHostedService<AuditRetention>();
        builder.Services.AddHostedService<RotateSecrets>();
        builder.Services.AddOptions<PrivacyOptions>().BindConfiguration(PrivacyOptions.Section);
        builder.Services.TryAddSingleton<EraseData>();
        builder.Services.AddHostedService<Erasures>();
        return builder;
    }

    private static void AddTls(this IServiceCollection services)
    {
        services.AddOptions<TlsOptions>().BindConfiguration(TlsOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<TlsOptions>, EncryptedConnections>();
        services.AddSingleton<ServerCertificates>();
    }

    internal static string Required(IServiceProvider provider, string name) =>
        provider.GetRequiredService<IConfiguration>().GetConnectionString(name) is { Length: > 0 } value
            ? value
            : throw new InvalidOperationException($"ConnectionStrings:{name} is not set.");

    private sealed class Added;
}
