using Integrations.Mtproto.Crypto;
using Microsoft.AspNetCore.WebUtilities;

namespace Integrations.Sandbox.Google.OAuth;

/// <summary>Grants, and the codes and tokens that come of them.</summary>
internal sealed class GoogleGrants(GoogleSettings settings, TimeProvider time, IRandomSource random)
{
    private readonly List<GoogleGrant> _grants = [];
    private readonly Dictionary<string, GoogleCode> _codes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, GoogleAccessToken> _access = new(StringComparer.Ordinal);
    private readonly Dictionary<string, GoogleRefreshToken> _refresh = new(StringComparer.Ordinal);

    public GoogleGrant? Find(string project, GoogleAccount account) => _grants.Find(grant => grant.Project == project && grant.Account == account);

    /// <summary>A person allows what an app asks for.</summary>
    /// <param name="scopes">What the person left ticked.</param>
    public GoogleCode Allow(AuthorizationRequest request, GoogleAccount account, IReadOnlyCollection<string> scopes)
    {
        var client = request.Client;
        if (Find(client.Project, account) is not { } grant)
            _grants.Add(grant = new GoogleGrant(client.Project, account));

        grant.Scopes.UnionWith(scopes);
        IReadOnlyList<string> given = request.IncludesGranted ? [.. grant.Scopes] : [.. scopes];
        Sweep();
        var code = new GoogleCode($"4/{NewSecret(36)}", grant, client, request, given, time.GetUtcNow() + settings.CodeLifetime)
        {
            WithRefreshToken = request.IsOffline && (!grant.OfflineClients.Contains(client.ClientId) || request.Prompts("consent")),
        };
        _codes.Add(code.Value, code);
        return code;
    }

    /// <summary>A code for tokens, once.</summary>
    public (GoogleAccessToken Access, GoogleRefreshToken? Refresh, GoogleCode Code) Exchange(GoogleClient client, string value, string? redirectUri, string? verifier)
    {
        if (!_codes.TryGetValue(value, out var code))
            throw new OAuthRefusal(400, "invalid_grant", "Malformed auth code.");
        if (code.Client.ClientId != client.ClientId || code.IsUsed || code.ExpiresAt <= time.GetUtcNow())
            throw new OAuthRefusal(400, "invalid_grant", "Bad Request");
        if (code.Request.RedirectUri != redirectUri)
            throw new OAuthRefusal(400, "redirect_uri_mismatch", "Bad Request");

        code.Request.CheckVerifier(verifier);
        code.IsUsed = true;
        GoogleRefreshToken? refresh = null;
        if (code.WithRefreshToken)
        {
            code.Grant.OfflineClients.Add(client.ClientId);
            DateTimeOffset? expires = client.Publishing is GooglePublishing.Testing && !code.Scopes.All(GoogleScopes.IsForSignIn)
                ? time.GetUtcNow() + settings.TestingGrantLifetime
                : null;
            refresh = AddRefresh(new GoogleRefreshToken($"1//{NewSecret(48)}", NewSecret(12), code.Grant, client, code.Scopes, expires) { UsedAt = time.GetUtcNow() });
        }

        return (Issue(code.Grant, client, code.Scopes, code.Request.IsOffline), refresh, code);
    }

    /// <summary>A new access token; a new refresh token besides where they rotate.</summary>
    public (GoogleAccessToken Access, GoogleRefreshToken? Next, GoogleRefreshToken Used) Refresh(GoogleClient client, string value)
    {
        var now = time.GetUtcNow();
        if (!_refresh.TryGetValue(value, out var token))
            throw new OAuthRefusal(400, "invalid_grant", "Bad Request");
        if (token.Client.ClientId != client.ClientId)
            throw new OAuthRefusal(401, "unauthorized_client", "Unauthorized");
        if (token.IsDead || token.ExpiresAt <= now || token.UsedAt + settings.UnusedLifetime <= now)
            throw new OAuthRefusal(400, "invalid_grant", "Token has been expired or revoked.");

        token.UsedAt = now;
        if (token.IsFresh)
        {
            token.IsFresh = false;
            foreach (var other in _refresh.Values.Where(other => other.Family == token.Family && other != token))
                other.IsDead = true;
        }

        GoogleRefreshToken? next = null;
        if (settings.Rotation is not RefreshTokenRotation.Never)
        {
            token.IsDead = settings.Rotation is RefreshTokenRotation.AtOnce;
            next = AddRefresh(new GoogleRefreshToken($"1//{NewSecret(48)}", token.Family, token.Grant, client, token.Scopes, token.ExpiresAt)
            {
                UsedAt = now,
                IsFresh = settings.Rotation is RefreshTokenRotation.WhenNewIsUsed,
            });
        }

        return (Issue(token.Grant, client, token.Scopes, offline: true), next, token);
    }

    public GoogleAccessToken Issue(GoogleGrant grant, GoogleClient client, IReadOnlyList<string> scopes, bool offline)
    {
        var token = new GoogleAccessToken($"ya29.{NewSecret(48)}", grant, client, scopes, time.GetUtcNow() + settings.AccessTokenLifetime, offline);
        _access.Add(token.Value, token);
        return token;
    }

    /// <summary>Null for one that is unknown, revoked or too old.</summary>
    public GoogleAccessToken? Access(string? value) =>
        value is not null && _access.TryGetValue(value, out var token) && token.ExpiresAt > time.GetUtcNow() ? token : null;

    /// <summary>By an access token or a refresh token; false where it is dead or unknown.</summary>
    public bool RevokeByToken(string value)
    {
        var grant = Access(value)?.Grant ?? (_refresh.TryGetValue(value, out var token) && !token.IsDead ? token.Grant : null);
        if (grant is not null)
            Revoke(grant);
        return grant is not null;
    }

    /// <summary>Ends every token of all clients of the project.</summary>
    public void Revoke(GoogleGrant grant)
    {
        _grants.Remove(grant);
        foreach (var token in _access.Values.Where(token => token.Grant == grant).ToList())
            _access.Remove(token.Value);
        foreach (var code in _codes.Values.Where(code => code.Grant == grant).ToList())
            _codes.Remove(code.Value);
        foreach (var token in _refresh.Values.Where(token => token.Grant == grant))
            token.IsDead = true;
    }

    public void ExpireAccessTokens() => _access.Clear();

    private GoogleRefreshToken AddRefresh(GoogleRefreshToken token)
    {
        _refresh.Add(token.Value, token);
        var alive = _refresh.Values.Where(other => !other.IsDead && other.Client.ClientId == token.Client.ClientId && other.Grant.Account == token.Grant.Account).ToList();
        // In the order in which they were given out.
        foreach (var oldest in alive.Take(alive.Count - settings.RefreshTokensPerClient))
            oldest.IsDead = true;
        return token;
    }

    /// <summary>What is past its time need not be remembered: the answers are the same without it.</summary>
    private void Sweep()
    {
        var now = time.GetUtcNow();
        foreach (var token in _access.Values.Where(token => token.ExpiresAt <= now).ToList())
            _access.Remove(token.Value);
        foreach (var code in _codes.Values.Where(code => code.ExpiresAt <= now - settings.CodeLifetime).ToList())
            _codes.Remove(code.Value);
    }

    private string NewSecret(int length)
    {
        var bytes = new byte[length];
        random.Fill(bytes);
        return WebEncoders.Base64UrlEncode(bytes);
    }
}
