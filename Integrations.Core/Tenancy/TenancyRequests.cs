using Integrations.Core.IntegrationLogs;
using Integrations.Core.People;
using Integrations.Core.RateLimits;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace Integrations.Core.Tenancy;

/// <summary>Registers what people ask of their tenant: its projects and people, their keys and limits, and their own log.</summary>
public static class TenancyRequests
{
    public static TBuilder AddTenancyRequests<TBuilder>(this TBuilder builder) where TBuilder : IHostApplicationBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.TryAddSingleton<ListProjects>();
        builder.Services.TryAddSingleton<OpenProject>();
        builder.Services.TryAddSingleton<FindProject>();
        builder.Services.TryAddSingleton<ChangeProject>();
        builder.Services.TryAddSingleton<DeleteProject>();
        builder.Services.TryAddSingleton<ProjectMembers>();
        builder.Services.TryAddSingleton<ListUsers>();
        builder.Services.TryAddSingleton<ChangeUser>();
        builder.Services.TryAddSingleton<ListInvitations>();
        builder.Services.TryAddSingleton<InviteUser>();
        builder.Services.TryAddSingleton<ResendInvitation>();
        builder.Services.TryAddSingleton<RevokeInvitation>();
        builder.Services.TryAddSingleton<AcceptInvitation>();
        builder.Services.TryAddSingleton<ListApiKeys>();
        builder.Services.TryAddSingleton<CreateApiKey>();
        builder.Services.TryAddSingleton<RotateApiKey>();
        builder.Services.TryAddSingleton<RevokeApiKey>();
        builder.Services.TryAddSingleton<SecondFactors>();
        builder.Services.TryAddSingleton<SecondFactorRule>();
        builder.Services.TryAddSingleton<OwnPreferences>();
        builder.Services.TryAddSingleton<ChangeOwnAccount>();
        builder.Services.TryAddSingleton<ListLogs>();
        builder.Services.TryAddSingleton<CountErrors>();
        builder.Services.TryAddSingleton<ReadLimits>();
        builder.Services.TryAddSingleton<SetLimits>();
        return builder;
    }
}
