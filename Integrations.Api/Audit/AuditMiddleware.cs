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
        if (context.GetEndpoint() is not { } endpoint
            || ((HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method)) && endpoint.Metadata.GetMetadata<AuditedMetadata>() is null)
            || endpoint.Metadata.GetMetadata<UnauditedMetadata>() is not null
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

/// <summary>A look that takes so much along that it is told like a change.</summary>
internal sealed class AuditedMetadata;

internal static class AuditConventions
{
    /// <summary>Has a look told in the audit, if it leaves a line in the log.</summary>
    public static RouteHandlerBuilder Audited(this RouteHandlerBuilder route) => route.WithMetadata(new AuditedMetadata());

    /// <summary>Leaves a route out of the audit: it changes nothing that anybody would ask about later.</summary>
    public static RouteHandlerBuilder Unaudited(this RouteHandlerBuilder route) => route.WithMetadata(new UnauditedMetadata());
}
