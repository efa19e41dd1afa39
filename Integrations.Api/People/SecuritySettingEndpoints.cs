using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Integrations.Api.Authentication;
using Integrations.Api.Http;
using Integrations.Api.RateLimits;
using Integrations.Core.Errors;
using Integrations.Core.People;
using Integrations.Core.RateLimits;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Integrations.Api.People;

/// <summary>What a tenant asks of its own people before it lets them in.</summary>
internal static class SecuritySettingEndpoints
{
    public static void MapSecuritySettings(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/v1/settings/security").WithTags("Settings").WithMetadata(new ShapedMetadata()).LimitedAs(RouteClass.Status);
        group.MapGet("", ReadAsync).WithName("GetSecuritySettings").RequireAuthorization(Policies.ManagePeople)
            .WithSummary("What owners and administrators need to be let in");
        group.MapPut("", SetAsync).WithName("SetSecuritySettings").RequireAuthorization(Policies.ManageSecurity)
            .WithSummary("Ask a second factor of owners and administrators")
            .WithDescription(
                "For owners. Who has none then reaches nothing but setting one up, also in sessions that are open; everything else is refused with SECOND_FACTOR_REQUIRED. "
                + "It concerns people who sign in here: tokens of the user service and API keys are let in as before.")
            .Refuses(ErrorCodes.ValidationFailed);
    }

    private static async Task<Ok<SecuritySettingsResponse>> ReadAsync(Caller caller, SecondFactorRule rule, CancellationToken cancellationToken) =>
        TypedResults.Ok(SecuritySettingsResponse.From(await rule.ReadAsync(caller.Principal.Tenant, cancellationToken)));

    private static async Task<Ok<SecuritySettingsResponse>> SetAsync(
        Body<SecuritySettingsRequest> body, Caller caller, SecondFactorRule rule, CancellationToken cancellationToken)
    {
        if (body.Value.SecondFactorRequired is not { } required)
            throw FieldErrors.One("second_factor_required", "Required.");
        return TypedResults.Ok(SecuritySettingsResponse.From(await rule.SetAsync(caller.Principal, required, cancellationToken)));
    }
}

internal sealed record SecuritySettingsRequest
{
    [Required]
    [Description("true: owners and administrators who sign in here need a second factor.")]
    public bool? SecondFactorRequired { get; init; }
}

/// <summary>What owners and administrators need to be let in.</summary>
/// <param name="SecondFactorRequired">A second factor.</param>
/// <param name="WithoutSecondFactor">How many active ones who sign in here have none.</param>
internal sealed record SecuritySettingsResponse(bool SecondFactorRequired, int WithoutSecondFactor)
{
    public static SecuritySettingsResponse From(SecondFactorRuleState state) => new(state.Required, state.Without);
}
