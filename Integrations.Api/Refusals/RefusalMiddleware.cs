using Integrations.Api.Authentication;
using Integrations.Api.RateLimits;
using Integrations.Core.Errors;
using Integrations.Core.Refusals;

namespace Integrations.Api.Refusals;

/// <summary>Counts what was refused and may be an attack, once the answer is out.</summary>
/// <remarks>
/// It asks nothing and waits for nothing: to whom a refusal belongs, and whether an id is another tenant's, is looked up by
/// <see cref="RefusalLog"/> later and elsewhere, so that no answer's time tells of it.
/// </remarks>
internal sealed class RefusalMiddleware(RequestDelegate next, RefusalLog log)
{
    /// <summary>Ids of one request that are looked up.</summary>
    private const int MostIds = 4;

    public async Task InvokeAsync(HttpContext context, Caller caller, CallerAddress address)
    {
        await next(context);
        var lead = context.Features.Get<RefusalLead>();
        if (context.Features.Get<IntegrationException>() is not { } refusal || KindOf(refusal.Code, caller, context, lead) is not { } kind)
            return;

        log.Note(new Refusal(
            kind,
            context.GetEndpoint()?.Metadata.GetMetadata<IEndpointNameMetadata>()?.EndpointName ?? "",
            address.Of(context),
            caller.Known?.Tenant,
            caller.Known?.UserId,
            caller.Known is not null ? caller.Credential.Key is not null : lead is { Kind: RefusalLeadKind.Key },
            kind is RefusalKind.UnknownId ? Ids(context) : caller.Known is null && lead is not null ? lead : RefusalLead.Nothing));
    }

    private static RefusalKind? KindOf(string code, Caller caller, HttpContext context, RefusalLead? lead) => code switch
    {
        ErrorCodes.SignInFailed or ErrorCodes.ChallengeInvalid or ErrorCodes.CodeWrong or ErrorCodes.PasswordWrong => RefusalKind.SignIn,
        ErrorCodes.Unauthenticated when lead is not null => RefusalKind.Signature,
        ErrorCodes.NotFound when caller.Known is not null && context.GetEndpoint() is not null => RefusalKind.UnknownId,
        ErrorCodes.RateLimited => RefusalKind.Throttle,
        _ => null,
    };

    /// <summary>The ids in the request's address. Numbers of users mean nothing in another tenant.</summary>
    private static RefusalLead Ids(HttpContext context)
    {
        var ids = context.Request.RouteValues.Values.OfType<string>()
            .Concat(context.Request.Query.SelectMany(parameter => parameter.Value).OfType<string>())
            .Where(text => Guid.TryParseExact(text, "D", out _)).Distinct(StringComparer.Ordinal).Take(MostIds).ToArray();
        return ids.Length == 0 ? RefusalLead.Nothing : new(RefusalLeadKind.Objects, string.Join(' ', ids));
    }
}
