using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace Integrations.Core.Overview;

/// <summary>Registers what the overview asks for.</summary>
public static class OverviewRequests
{
    /// <remarks>Needs the secrets of the host.</remarks>
    public static TBuilder AddOverviewRequests<TBuilder>(this TBuilder builder) where TBuilder : IHostApplicationBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.TryAddSingleton<ReadOverview>();
        builder.Services.TryAddSingleton<ReadActivity>();
        return builder;
    }
}
