using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Integrations.Api.Authentication;
using Integrations.Api.Http;
using Integrations.Api.RateLimits;
using Integrations.Core.Errors;
using Integrations.Core.People;
using Integrations.Core.Persistence;
using Integrations.Core.RateLimits;
using Integrations.Core.Tenancy;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Integrations.Api.ApiKeys;

/// <summary>Keys for programs. Only people make and revoke them.</summary>
internal static class ApiKeyEndpoints
{
    private const int MaxDays = 3650;
    private const int DefaultOverlapHours = 24;
    private const int MaxOverlapHours = 168;

    public static void MapApiKeys(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/v1/api-keys").WithTags("API keys").WithMetadata(new ShapedMetadata()).LimitedAs(RouteClass.Status);
        group.MapGet("", ListAsync).WithName("ListApiKeys").RequireAuthorization(Policies.OwnAccount)
            .WithSummary("The keys that are not revoked, the newest first")
            .WithDescription("Owners and administrators see all keys of their tenant, others their own. last_used_at is noted at most once a minute.");
        group.MapPost("", CreateAsync).WithName("CreateApiKey").RequireAuthorization(Policies.OwnAccount)
            .WithSummary("Make a key that acts as its maker")
            .WithDescription(
                "The key is answered once. Send it as Authorization: Bearer int_…. What it may do is the less of its scopes and its user's role at that moment: "
                + "read, send, connect (accounts), manage (projects). No key makes keys, lets people in, or changes users and passwords.")
            .Refuses(ErrorCodes.ValidationFailed, ErrorCodes.Conflict);
        group.MapPost("/{id}/rotate", RotateAsync).WithName("RotateApiKey").RequireAuthorization(Policies.OwnAccount)
            .WithSummary("Replace one of one's own keys without a gap")
            .WithDescription(
                "Answers a new key once, with the same name and scopes and, where the old one was to end, as long a life. The old one works for overlap_hours more "
                + "(0 to 168; 24 when left out) and then ends by itself.")
            .Refuses(ErrorCodes.ValidationFailed, ErrorCodes.Conflict);
        group.MapDelete("/{id}", RevokeAsync).WithName("RevokeApiKey").RequireAuthorization(Policies.OwnAccount)
            .WithSummary("Revoke a key")
            .WithDescription("It is void from now on, and event streams that it opened end. Owners and administrators revoke any key of their tenant.");
    }

    private static async Task<Ok<ApiKeyResponse[]>> ListAsync(Caller caller, ListApiKeys list, CancellationToken cancellationToken) =>
        TypedResults.Ok((await list.ExecuteAsync(caller.Principal, cancellationToken)).Select(ApiKeyResponse.From).ToArray());

    private static async Task<Created<IssuedApiKeyResponse>> CreateAsync(
        Body<ApiKeyRequest> body, Caller caller, CreateApiKey create, TimeProvider time, CancellationToken cancellationToken)
    {
        var request = body.Value;
        var errors = new FieldErrors();
        if (Texts.Named(request.Name) is null)
            errors.Add("name", "Required.");
        Texts.CheckName("name", request.Name, errors);
        var scopes = CheckScopes(request.Scopes, caller.Principal.Role, errors);
        if (request.ExpiresInDays is not (null or (>= 1 and <= MaxDays)))
            errors.Add("expires_in_days", $"Must be from 1 to {MaxDays}, or left out for a key without an end.");
        errors.ThrowIfAny();

        var token = SecretToken.New(SecretToken.ApiKeyPrefix);
        DateTimeOffset? expires = request.ExpiresInDays is { } days ? time.GetUtcNow().AddDays(days) : null;
        var key = await create.ExecuteAsync(
            caller.Principal, Texts.Named(request.Name)!, SecretToken.Visible(token), SecretToken.Hash(token), scopes, expires, cancellationToken);
        return TypedResults.Created((string?)null, new IssuedApiKeyResponse(ApiKeyResponse.From(key), token));
    }

    private static async Task<Created<IssuedApiKeyResponse>> RotateAsync(
        Guid id, Body<RotateApiKeyRequest> body, Caller caller, RotateApiKey rotate, CancellationToken cancellationToken)
    {
        var hours = body.Value.OverlapHours ?? DefaultOverlapHours;
        if (hours is < 0 or > MaxOverlapHours)
            throw FieldErrors.One("overlap_hours", $"Must be from 0 to {MaxOverlapHours}.");

        var token = SecretToken.New(SecretToken.ApiKeyPrefix);
        var key = await rotate.ExecuteAsync(
            caller.Principal, id, SecretToken.Visible(token), SecretToken.Hash(token), TimeSpan.FromHours(hours), cancellationToken);
        return TypedResults.Created((string?)null, new IssuedApiKeyResponse(ApiKeyResponse.From(key), token));
    }

    private static async Task<NoContent> RevokeAsync(Guid id, Caller caller, RevokeApiKey revoke, CancellationToken cancellationToken)
    {
        await revoke.ExecuteAsync(caller.Principal, id, cancellationToken);
        return TypedResults.NoContent();
    }

    private static List<KeyScope> CheckScopes(string?[]? words, Role role, FieldErrors errors)
    {
        var scopes = new List<KeyScope>();
        foreach (var word in words ?? [])
        {
            if (!Words.TryRead<KeyScope>(word, out var scope))
                errors.Add("scopes", "Must be some of: read, send, connect, manage.");
            else if (role < Policies.LowestRoleFor(scope))
                errors.Add("scopes", $"Your role does not permit {word}.");
            else
                scopes.Add(scope);
        }

        if (words is not { Length: > 0 })
            errors.Add("scopes", "At least one is required.");
        return scopes;
    }
}

internal sealed record ApiKeyRequest
{
    [Required]
    [Description("What the key is for; at most 200 characters.")]
    public string? Name { get; init; }

    [Required]
    [Description("Some of: read, send, connect, manage.")]
    public string[]? Scopes { get; init; }

    [Description("Left out: the key has no end.")]
    public int? ExpiresInDays { get; init; }
}

internal sealed record RotateApiKeyRequest
{
    [Description("How many hours the old key works on, 0 to 168. Left out: 24.")]
    public int? OverlapHours { get; init; }
}

/// <summary>A key, without what would open anything.</summary>
/// <param name="UserId">Whom it acts as.</param>
/// <param name="Prefix">Its first characters.</param>
/// <param name="LastUsedAt">To the minute; null before its first use.</param>
/// <param name="ReplacedBy">The key that takes its place; it ends at expires_at. Null for a key that was not rotated.</param>
internal sealed record ApiKeyResponse(
    Guid Id, int UserId, string Name, string Prefix, IReadOnlyList<string> Scopes, DateTimeOffset? ExpiresAt, DateTimeOffset? LastUsedAt, Guid? ReplacedBy, DateTimeOffset CreatedAt)
{
    public static ApiKeyResponse From(ApiKey key) => new(key.Id, key.UserId, key.Name, key.Prefix, key.Scopes, key.ExpiresAt, key.LastUsedAt, key.ReplacedBy, key.CreatedAt);
}

/// <summary>A new key.</summary>
/// <param name="Key">The key itself. It cannot be read again.</param>
internal sealed record IssuedApiKeyResponse(ApiKeyResponse ApiKey, string Key);
