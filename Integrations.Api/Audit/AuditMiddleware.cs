using Integrations.Api.Authentication;
using Integrations.Api.Http;
using Integrations.Api.RateLimits;
using Integrations.Core.Audit;

namespace Integrations.Api.Audit;

/// <summary>Has every change that a request makes written into the audit: for whom, from where, by which route.</summary>
internal sealed class AuditMiddleware(RequestDelegate next)
{
    private const int MaxUserAgent = 200;

    public async Task InvokeAsync(HttpContext context, Caller caller, CallerAddress address)
    {
        if (HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method)
            || context.GetEndpoint() is not { } endpoint || endpoint.Metadata.GetMetadata<UnauditedMetadata>() is not null
            || endpoint.Metadata.GetMetadata<IEndpointNameMetadata>()?.EndpointName is not { } name)
        {
            await next(context);
            return;
        }

        var agent = context.Request.Headers.UserAgent.ToString();
        using (new AuditScope(
            name,
            address.Of(context),
            agent.Length == 0 ? null : Texts.Cut(agent, MaxUserAgent),
            context.Request.RouteValues.Where(value => value.Value is not null).ToDictionary(value => value.Key, value => value.Value!.ToString()!, StringComparer.Ordinal))
        {
            UserId = caller.Known?.UserId,
            ByKey = caller.Known is not null && caller.Credential.Key is not null,
        }.Open())
        {
            await next(context);
        }
    }
}

/// <summary>What is noted at every look and says nothing about who changed what.</summary>
internal sealed class UnauditedMetadata;

internal static class AuditConventions
{
    /// <summary>Leaves a route out of the audit: it changes nothing that anybody would ask about later.</summary>
    public static RouteHandlerBuilder Unaudited(this RouteHandlerBuilder route) => route.WithMetadata(new UnauditedMetadata());
}
