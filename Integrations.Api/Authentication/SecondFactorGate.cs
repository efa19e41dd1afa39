using Integrations.Core.Errors;
using Microsoft.AspNetCore.Authorization;

namespace Integrations.Api.Authentication;

/// <summary>Lets a person who owes a second factor to those routes alone by which he sets it up, sees who he is, and signs out.</summary>
/// <remarks>Tokens of the user service and API keys never owe one: how people sign in there is that service's matter, and a key is no sign-in.</remarks>
internal sealed class SecondFactorGate(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext context, Caller caller)
    {
        if (caller.Known is not null && caller.Credential.OwesSecondFactor && context.GetEndpoint() is { } endpoint
            && endpoint.Metadata.GetMetadata<BeforeSecondFactorMetadata>() is null && endpoint.Metadata.GetMetadata<IAllowAnonymous>() is null)
        {
            throw new IntegrationException(ErrorCodes.SecondFactorRequired);
        }

        return next(context);
    }
}

/// <summary>Marks a route that is open to a person who owes a second factor.</summary>
internal sealed class BeforeSecondFactorMetadata;

internal static class SecondFactorGateConventions
{
    /// <summary>Leaves a route open to a person who owes a second factor.</summary>
    public static RouteHandlerBuilder BeforeSecondFactor(this RouteHandlerBuilder route) => route.WithMetadata(new BeforeSecondFactorMetadata());
}
