using System.Security.Claims;
using System.Text;
using System.Text.Encodings.Web;
using Integrations.Api.Errors;
using Integrations.Api.Events;
using Integrations.Core.Errors;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace Integrations.Api.Authentication;

/// <summary><c>Authorization: Bearer</c> (RFC 6750) with a session token of ours or a JWT of the customer's user service.</summary>
internal sealed class BearerHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options,
    ILoggerFactory loggers,
    UrlEncoder encoder,
    IOptions<CallerAuthenticationOptions> settings,
    Sessions sessions,
    TokenUsers users,
    EventTickets tickets,
    Caller caller,
    TimeProvider time) : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
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
            var credential = token.StartsWith(SecretToken.SessionPrefix, StringComparison.Ordinal)
                ? await OfSessionAsync(token)
                : await OfTokenAsync(token);
            return Admit(credential);
        }
        catch (IntegrationException e)
        {
            return Refuse(e);
        }
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.Headers.WWWAuthenticate = _refusal is null ? Prefix.Trim() : "Bearer error=\"invalid_token\"";
        return Problems.WriteAsync(Context, _refusal ?? new(ErrorCodes.Unauthenticated));
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) =>
        Problems.WriteAsync(Context, new(ErrorCodes.Forbidden));

    private async Task<Credential> OfSessionAsync(string token) =>
        await sessions.FindAsync(token, Context.RequestAborted)
        ?? throw new IntegrationException(ErrorCodes.Unauthenticated, "The session has ended. Sign in again.");

    private async Task<Credential> OfTokenAsync(string token)
    {
        var key = settings.Value.JwtSecretKey;
        var payload = key.Length == 0 ? null : SignedToken.Open(token, Encoding.UTF8.GetBytes(key));
        if (payload is null)
            throw new IntegrationException(ErrorCodes.Unauthenticated, "The token is not one that this service accepts.");

        var claims = TokenClaims.Read(payload, time.GetUtcNow(), out var problem)
            ?? throw new IntegrationException(ErrorCodes.Unauthenticated, problem);
        return await users.FindOrAddAsync(claims, Context.RequestAborted);
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
        return AuthenticateResult.Success(new(new ClaimsPrincipal(new CallerIdentity(credential.Principal)), Scheme.Name));
    }

    private AuthenticateResult Refuse(IntegrationException refusal)
    {
        _refusal = refusal;
        return AuthenticateResult.Fail(refusal);
    }
}
