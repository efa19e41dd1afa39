using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace Integrations.Core.Hosts;

/// <summary>Registers what is asked of the installation, and the sign of life of the host that answers.</summary>
public static class HostRequests
{
    /// <param name="kind">What this host is among the others: <c>api</c>.</param>
    public static TBuilder AddHostRequests<TBuilder>(this TBuilder builder, string kind) where TBuilder : IHostApplicationBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.TryAddSingleton<HostRegistry>();
        builder.Services.TryAddSingleton<ReadInstallation>();
        builder.Services.AddHostedService(provider => ActivatorUtilities.CreateInstance<HostHeartbeat>(provider, kind));
        return builder;
    }
}
