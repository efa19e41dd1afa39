using Integrations.Api.Authentication;
using Integrations.Api.Http;
using Integrations.Api.RateLimits;
using Integrations.Core.Hosts;
using Integrations.Core.RateLimits;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Integrations.Api.Internal;

/// <summary>Routes for the other hosts of the installation. They are not part of the public API and not in its document.</summary>
internal static class InternalEndpoints
{
    public static WebApplicationBuilder AddInternal(this WebApplicationBuilder builder)
    {
        new AuthenticationBuilder(builder.Services).AddScheme<AuthenticationSchemeOptions, InternalKeyHandler>(InternalKeyHandler.SchemeName, null);
        builder.Services.AddAuthorizationBuilder().AddPolicy(
            InternalKeyHandler.Policy, policy => policy.AddAuthenticationSchemes(InternalKeyHandler.SchemeName).RequireAuthenticatedUser());
        builder.Services.TryAddSingleton<DataProtectionRing>();
        return builder;
    }

    public static RouteGroupBuilder MapInternal(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/internal").RequireAuthorization(InternalKeyHandler.Policy).ExcludeFromDescription().LimitedAs(RouteClass.Anonymous);
        group.MapPost("/owner-link", IssueOwnerLinkAsync);
        group.MapGet("/data-protection-keys", ReadKeysAsync);
        group.MapPost("/data-protection-keys", StoreKeyAsync);
        group.MapPut("/hosts/{id:guid}", TellAsync);
        group.MapDelete("/hosts/{id:guid}", LeaveAsync);
        return group;
    }

    private static async Task<Ok<OwnerLinkResponse>> IssueOwnerLinkAsync(OwnerLinks links, CancellationToken cancellationToken)
    {
        var (token, expiresAt) = await links.IssueAsync(cancellationToken);
        return TypedResults.Ok(new OwnerLinkResponse(token, expiresAt));
    }

    private static async Task<Ok<IReadOnlyList<DataProtectionKey>>> ReadKeysAsync(DataProtectionRing ring, CancellationToken cancellationToken) =>
        TypedResults.Ok(await ring.ReadAsync(cancellationToken));

    private static async Task<NoContent> StoreKeyAsync(Body<DataProtectionKeyRequest> body, DataProtectionRing ring, CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        if (body.Value.Name is not { Length: > 0 and <= 200 } name || name.Any(char.IsControl))
            errors.Add("name", "Must have 1 to 200 characters.");
        if (string.IsNullOrEmpty(body.Value.Xml))
            errors.Add("xml", "Required.");
        errors.ThrowIfAny();
        await ring.StoreAsync(new(body.Value.Name!, body.Value.Xml!), cancellationToken);
        return TypedResults.NoContent();
    }

    private static async Task<NoContent> TellAsync(Guid id, Body<HostSignRequest> body, HostRegistry hosts, TimeProvider time, CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        if (body.Value.Name is not { Length: > 0 and <= 253 } name || name.Any(char.IsControl))
            errors.Add("name", "Must have 1 to 253 characters.");
        if (body.Value.Version is not { Length: > 0 and <= 50 } version || version.Any(char.IsControl))
            errors.Add("version", "Must have 1 to 50 characters.");
        if (body.Value.RunningSeconds is < 0)
            errors.Add("running_seconds", "Must not be negative.");
        errors.ThrowIfAny();
        var started = time.GetUtcNow() - TimeSpan.FromSeconds(body.Value.RunningSeconds ?? 0);
        await hosts.TellAsync(new HostSign(id, "web", body.Value.Name!, body.Value.Version!, started), cancellationToken);
        return TypedResults.NoContent();
    }

    private static async Task<NoContent> LeaveAsync(Guid id, HostRegistry hosts, CancellationToken cancellationToken)
    {
        await hosts.LeaveAsync(id, cancellationToken);
        return TypedResults.NoContent();
    }
}

internal sealed record OwnerLinkResponse(string Token, DateTimeOffset ExpiresAt);

internal sealed record DataProtectionKeyRequest
{
    public string? Name { get; init; }

    public string? Xml { get; init; }
}

/// <summary>A sign of life of a copy of the console, which has no way to the database of its own.</summary>
internal sealed record HostSignRequest
{
    public string? Name { get; init; }

    public string? Version { get; init; }

    /// <summary>For how long it has been running.</summary>
    public int? RunningSeconds { get; init; }
}
