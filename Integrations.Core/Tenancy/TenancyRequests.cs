using Integrations.Core.IntegrationLogs;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace Integrations.Core.Tenancy;

/// <summary>Registers what people ask of their tenant: its projects, and their own log.</summary>
public static class TenancyRequests
{
    public static TBuilder AddTenancyRequests<TBuilder>(this TBuilder builder) where TBuilder : IHostApplicationBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.TryAddSingleton<ListProjects>();
        builder.Services.TryAddSingleton<OpenProject>();
        builder.Services.TryAddSingleton<ListLogs>();
        builder.Services.TryAddSingleton<CountErrors>();
        return builder;
    }
}
