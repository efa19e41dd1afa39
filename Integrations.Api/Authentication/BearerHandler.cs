using System.Security.Claims;
using System.Text.Encodings.Web;
using Integrations.Api.Errors;
using Integrations.Api.Events;
using Integrations.Core.Errors;
using Integrations.Core.Refusals;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace Integrations.Api.Authentication;

/// <summary><c>Authorization: Bearer</c> (RFC 6750) with a session token or an API key of ours, or a JWT of the customer's user service.</summary>
internal sealed class BearerHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options,
    ILoggerFactory loggers,
    UrlEncoder encoder,
    Sessions sessions,
    UserTokens tokens,
    TokenUsers users,
    KeyHolders keys,
    EventTickets tickets,
    Caller caller) : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    public const string SchemeName = "Bearer";
    private const string Prefix = "Bearer ";

    /// <summary>What the challenge will say; null when no credential came at all.</summary>
    private IntegrationException? _refusal;

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var headers = Request.Headers.Authorization;
        if (headers.Count == 0)
            return await OfTicketAsync();

        if (headers.Count > 1 || headers[0] is not { } header || !header.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
            return Refuse(new(ErrorCodes.Unauthenticated, "Send one Authorization header of the form: Bearer <token>."));

        var token = header[Prefix.Length..].Trim();
        try
        {
            return Admit(token switch
            {
                _ when token.StartsWith(SecretToken.SessionPrefix, StringComparison.Ordinal) => await OfSessionAsync(token),
                _ when token.StartsWith(SecretToken.ApiKeyPrefix, StringComparison.Ordinal) => await OfKeyAsync(token),
                _ => await OfTokenAsync(token),
            });
        }
        catch (IntegrationException e)
        {
            return Refuse(e);
        }
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        // A credential that cannot be judged now is not an invalid one.
        if (_refusal is null or { Entry.Status: StatusCodes.Status401Unauthorized or StatusCodes.Status403Forbidden })
            Response.Headers.WWWAuthenticate = _refusal is null ? Prefix.Trim() : "Bearer error=\"invalid_token\"";
        return Problems.WriteAsync(Context, _refusal ?? new(ErrorCodes.Unauthenticated));
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) =>
        Problems.WriteAsync(
            Context,
            caller.Credential.Key is null
                ? new(ErrorCodes.Forbidden)
                : new(ErrorCodes.Forbidden, "The key's scopes or its user's role do not permit this, or it is for people who are signed in themselves."));

    private async Task<Credential> OfSessionAsync(string token) =>
        await sessions.FindAsync(token, Context.RequestAborted)
        ?? throw new IntegrationException(ErrorCodes.Unauthenticated, "The session has ended. Sign in again.");

    private async Task<Credential> OfKeyAsync(string token)
    {
        if (await keys.FindAsync(token, Context.RequestAborted) is { } credential)
            return credential;

        Context.Features.Set(SecretToken.HasForm(token, SecretToken.ApiKeyPrefix)
            ? new RefusalLead(RefusalLeadKind.Key, Convert.ToHexStringLower(SecretToken.Hash(token)))
            : RefusalLead.Nothing);
        throw new IntegrationException(ErrorCodes.Unauthenticated, "The key is unknown, revoked or expired, or its user was switched off.");
    }

    private async Task<Credential> OfTokenAsync(string text)
    {
        if (await tokens.VerifyAsync(text, Context.RequestAborted) is { } token)
            return await users.FindOrAddAsync(tokens.Read(token), Context.RequestAborted);

        // Whom it names is only a claim; it tells that tenant that somebody makes tokens in its name.
        Context.Features.Set(TokenClaims.ClaimedTenant(text) is { } claimed ? new RefusalLead(RefusalLeadKind.Tenant, claimed.ToString()) : RefusalLead.Nothing);
        throw new IntegrationException(ErrorCodes.Unauthenticated, "The token is not one that this service accepts.");
    }

    /// <summary>Only streams take a ticket; elsewhere it is an unknown parameter.</summary>
    private async Task<AuthenticateResult> OfTicketAsync()
    {
        if (Context.GetEndpoint()?.Metadata.GetMetadata<TicketMetadata>() is null || Request.Query[EventEndpoints.TicketParameter] is not [{ } ticket])
            return AuthenticateResult.NoResult();

        return await tickets.TakeAsync(ticket, Context.RequestAborted) is { } credential
            ? Admit(credential)
            : Refuse(new(ErrorCodes.Unauthenticated, "The ticket is unknown, used or too old. Ask for a new one."));
    }

    private AuthenticateResult Admit(Credential credential)
    {
        caller.Credential = credential;
        return AuthenticateResult.Success(new(new ClaimsPrincipal(new CallerIdentity(credential.Principal, credential.Key)), Scheme.Name));
    }

    private AuthenticateResult Refuse(IntegrationException refusal)
    {
        _refusal = refusal;
        return AuthenticateResult.Fail(refusal);
    }
}
