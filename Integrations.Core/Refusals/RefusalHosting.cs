using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace Integrations.Core.Refusals;

/// <summary>Registers <see cref="RefusalLog"/> and what administrators ask of it, in the host that refuses.</summary>
public static class RefusalHosting
{
    public static TBuilder AddRefusals<TBuilder>(this TBuilder builder) where TBuilder : IHostApplicationBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.AddIntegrationsCore();
        builder.Services.TryAddSingleton<ReadRefusals>();
        builder.Services.TryAddSingleton<RefusalLog>();
        builder.Services.AddHostedService(provider => provider.GetRequiredService<RefusalLog>());
        return builder;
    }
}
