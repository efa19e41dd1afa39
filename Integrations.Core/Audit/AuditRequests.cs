using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace Integrations.Core.Audit;

/// <summary>Registers what administrators ask of the audit. Needs the secrets.</summary>
public static class AuditRequests
{
    public static TBuilder AddAuditRequests<TBuilder>(this TBuilder builder) where TBuilder : IHostApplicationBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.TryAddSingleton<ReadAudit>();
        builder.Services.TryAddSingleton<VerifyAudit>();
        builder.Services.TryAddSingleton<PurgeAudit>();
        builder.Services.TryAddSingleton<EraseAudit>();
        return builder;
    }
}
