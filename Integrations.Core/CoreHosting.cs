using System.Diagnostics.Metrics;
using Integrations.Core.Events;
using Integrations.Core.Messaging;
using Integrations.Core.Ownership;
using Integrations.Core.Persistence;
using Integrations.Core.Secrets;
using Integrations.Core.Telegram.Messages;
using Integrations.Core.Tenancy;
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
    /// <remarks>Settings: <c>ConnectionStrings:integrations</c>, <c>ConnectionStrings:rabbitmq</c>, <c>Database:*</c>, <c>Ownership:*</c>, <c>Doorbell:*</c>.</remarks>
    public static TBuilder AddIntegrationsCore<TBuilder>(this TBuilder builder) where TBuilder : IHostApplicationBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        var services = builder.Services;
        if (services.Any(service => service.ServiceType == typeof(Added)))
            return builder;

        services.AddSingleton<Added>();
        services.TryAddSingleton(TimeProvider.System);
        services.AddOptions<OwnershipOptions>().BindConfiguration(OwnershipOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<DoorbellOptions>().BindConfiguration(DoorbellOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<DatabaseOptions>().BindConfiguration(DatabaseOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton(provider => DataSources.Main(provider));
        services.AddHostedService<HostGuard>();
        services.AddSingleton(provider => new Doorbell(
            new Uri(Required(provider, "rabbitmq"), UriKind.Absolute),
            provider.GetRequiredService<IOptions<DoorbellOptions>>().Value,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<IMeterFactory>(),
            provider.GetRequiredService<ILogger<Doorbell>>()));
        services.AddHostedService(provider => provider.GetRequiredService<Doorbell>());
        services.AddSingleton<TenantDatabase>();
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

    /// <summary><see cref="ISecretProtector"/> over the tenants' key files in <c>Secrets:Directory</c>.</summary>
    public static TBuilder AddSecrets<TBuilder>(this TBuilder builder) where TBuilder : IHostApplicationBuilder
    {
        builder.AddIntegrationsCore();
        var services = builder.Services;
        if (services.Any(service => service.ServiceType == typeof(ISecretProtector)))
            return builder;

        services.AddOptions<SecretsOptions>().BindConfiguration(SecretsOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<IValidateOptions<SecretsOptions>, KeyDirectoryValidation>();
        services.AddKeyedSingleton(SecretsOptions.Section, (provider, _) => DataSources.Apart(provider, "secrets", size: 4));
        services.AddSingleton<ISecretProtector>(provider => new LocalKeyFileProtector(
            new DataKeyRows(new TenantDatabase(
                provider.GetRequiredKeyedService<NpgsqlDataSource>(SecretsOptions.Section), provider.GetRequiredService<Doorbell>())),
            provider.GetRequiredService<IOptions<SecretsOptions>>().Value,
            provider.GetRequiredService<TimeProvider>()));
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
    /// The installation's own chores, done by whichever worker holds shard 0: the <c>message_balance</c> gauge, trimming of events, removal
    /// of what has expired. Needs <see cref="AddOwnership"/>.
    /// </summary>
    public static TBuilder AddChores<TBuilder>(this TBuilder builder) where TBuilder : IHostApplicationBuilder
    {
        builder.AddIntegrationsCore();
        // AddHostedService adds each type once.
        builder.Services.AddHostedService<MessageBalance>();
        builder.Services.AddHostedService<EventTrimming>();
        builder.Services.AddHostedService<ExpiredRows>();
        return builder;
    }

    internal static string Required(IServiceProvider provider, string name) =>
        provider.GetRequiredService<IConfiguration>().GetConnectionString(name) is { Length: > 0 } value
            ? value
            : throw new InvalidOperationException($"ConnectionStrings:{name} is not set.");

    private sealed class Added;
}
