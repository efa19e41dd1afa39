using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Integrations.Sandbox.Google.OAuth;

/// <summary>Google's OAuth 2.0: the consent page, and the endpoints for tokens, revocation and who somebody is.</summary>
/// <remarks>Shapes are those of https://developers.google.com/identity/protocols/oauth2/web-server.</remarks>
internal sealed class GoogleOAuth(SandboxGoogle google, GoogleGrants grants, IdTokens idTokens)
{
    /// <summary><c>GET /o/oauth2/v2/auth</c>.</summary>
    public GoogleAnswer Ask(GoogleRequest request) => ForThePerson(() =>
    {
        var asked = AuthorizationRequest.Read(request, google.FindClient);
        var hinted = asked.LoginHint is { } hint ? google.FindAccount(hint) : null;
        var granted = hinted is null ? null : grants.Find(asked.Client.Project, hinted);
        var isGranted = granted is not null && asked.Scopes.All(granted.Scopes.Contains);
        if (asked.Prompts("none"))
        {
            return hinted is null ? asked.Redirect(new KeyValuePair<string, string?>("error", "login_required"))
                : isGranted ? Allowed(asked, hinted, asked.Scopes)
                : asked.Redirect(new KeyValuePair<string, string?>("error", "consent_required"));
        }

        // Whoever allowed all of it before is not asked again, unless the app wants it.
        return isGranted && !asked.Prompts("consent") && !asked.Prompts("select_account") ? Allowed(asked, hinted!, asked.Scopes) : ConsentPage.Ask(asked, google.Accounts);
    });

    /// <summary><c>POST /o/oauth2/v2/auth</c>: the page's form.</summary>
    public GoogleAnswer Decide(GoogleRequest request) => ForThePerson(() =>
    {
        var asked = AuthorizationRequest.Read(request, google.FindClient);
        if (request.Field("decision") != "allow")
            return asked.Redirect(new KeyValuePair<string, string?>("error", "access_denied"));

        var account = request.Field("account") is { } email ? google.FindAccount(email) : null;
        if (account is null)
            throw new OAuthRefusal(400, "invalid_request", "Choose an account.");

        var ticked = request.Form["granted"];
        IReadOnlyList<string> scopes = ConsentPage.CanUntick(asked.Scopes)
            ? [.. asked.Scopes.Where(scope => GoogleScopes.IsForSignIn(scope) || ticked.Contains(scope))]
            : asked.Scopes;
        return scopes.Count == 0 ? asked.Redirect(new KeyValuePair<string, string?>("error", "access_denied")) : Allowed(asked, account, scopes);
    });

    /// <summary><c>POST /token</c>.</summary>
    public GoogleAnswer Token(GoogleRequest request)
    {
        var client = Client(request);
        return request.Field("grant_type") switch
        {
            "authorization_code" => Exchange(request, client),
            "refresh_token" => Refresh(request, client),
            null => throw new OAuthRefusal(400, "invalid_request", "Required parameter is missing: grant_type"),
            var other => throw new OAuthRefusal(400, "unsupported_grant_type", $"Invalid grant_type: {other}"),
        };
    }

    /// <summary><c>POST /revoke</c>, with the token in the form or the query.</summary>
    public GoogleAnswer Revoke(GoogleRequest request)
    {
        if (request.Field("token") is not { } token)
            throw new OAuthRefusal(400, "invalid_request", "Bad Request");

        return grants.RevokeByToken(token) ? new GoogleAnswer(200, new JsonObject()) : throw new OAuthRefusal(400, "invalid_token", "Token expired or revoked");
    }

    /// <summary><c>/tokeninfo</c>, of the access token in the header, the query or the form.</summary>
    public GoogleAnswer TokenInfo(GoogleRequest request)
    {
        if (grants.Access(request.Field("access_token") ?? request.Bearer) is not { } token)
            throw new OAuthRefusal(400, "invalid_token", "Invalid Value");

        // Numbers and booleans are strings here.
        var info = new JsonObject
        {
            ["azp"] = token.Client.ClientId,
            ["aud"] = token.Client.ClientId,
            ["sub"] = token.Grant.Account.Id,
            ["scope"] = string.Join(' ', token.Scopes),
            ["exp"] = token.ExpiresAt.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
            ["expires_in"] = ((long)(token.ExpiresAt - google.Time.GetUtcNow()).TotalSeconds).ToString(CultureInfo.InvariantCulture),
            ["access_type"] = token.IsOffline ? "offline" : "online",
        };
        if (token.Scopes.Contains(GoogleScopes.Email))
            (info["email"], info["email_verified"]) = (token.Grant.Account.Email, "true");
        return new GoogleAnswer(200, info);
    }

    /// <summary><c>/v1/userinfo</c> and <c>/oauth2/v3/userinfo</c>.</summary>
    public GoogleAnswer UserInfo(GoogleRequest request)
    {
        if (grants.Access(request.Bearer) is not { } token)
            throw new OAuthRefusal(401, "invalid_request", "Invalid Credentials");

        return new GoogleAnswer(200, IdTokens.About(token));
    }

    /// <summary><c>/oauth2/v2/userinfo</c>, with the older names.</summary>
    public GoogleAnswer UserInfoV2(GoogleRequest request)
    {
        var about = IdTokens.About(grants.Access(request.Bearer) ?? throw GoogleRefusal.Unauthorized());
        var answer = new JsonObject();
        foreach (var (name, value) in about)
            answer[name switch { "sub" => "id", "email_verified" => "verified_email", _ => name }] = value?.DeepClone();
        return new GoogleAnswer(200, answer);
    }

    /// <summary><c>/oauth2/v3/certs</c>.</summary>
    public GoogleAnswer Keys(GoogleRequest request) => new(200, idTokens.Keys());

    private GoogleAnswer Allowed(AuthorizationRequest asked, GoogleAccount account, IReadOnlyList<string> scopes)
    {
        var code = grants.Allow(asked, account, scopes);
        return asked.Redirect(new("code", code.Value), new("scope", string.Join(' ', code.Scopes)));
    }

    private GoogleAnswer Exchange(GoogleRequest request, GoogleClient client)
    {
        var value = request.Field("code") ?? throw new OAuthRefusal(400, "invalid_request", "Missing required parameter: code");
        var (access, refresh, code) = grants.Exchange(client, value, request.Field("redirect_uri"), request.Field("code_verifier"));
        return Tokens(access, refresh, code.Request.Nonce);
    }

    private GoogleAnswer Refresh(GoogleRequest request, GoogleClient client)
    {
        var value = request.Field("refresh_token") ?? throw new OAuthRefusal(400, "invalid_request", "Missing required parameter: refresh_token");
        var (access, next, _) = grants.Refresh(client, value);
        return Tokens(access, next, nonce: null);
    }

    private GoogleAnswer Tokens(GoogleAccessToken access, GoogleRefreshToken? refresh, string? nonce)
    {
        var now = google.Time.GetUtcNow();
        var body = new JsonObject
        {
            ["access_token"] = access.Value,
            ["expires_in"] = (long)(access.ExpiresAt - now).TotalSeconds - 1,
            ["scope"] = string.Join(' ', access.Scopes),
            ["token_type"] = "Bearer",
        };
        if (refresh is not null)
            body["refresh_token"] = refresh.Value;
        if (refresh?.ExpiresAt is { } expires)
            body["refresh_token_expires_in"] = (long)(expires - now).TotalSeconds - 1;
        if (access.Scopes.Contains(GoogleScopes.OpenId))
            body["id_token"] = idTokens.Issue(access, nonce);
        return new GoogleAnswer(200, body);
    }

    /// <summary>By the form's <c>client_id</c> and <c>client_secret</c>, or by HTTP Basic.</summary>
    private GoogleClient Client(GoogleRequest request)
    {
        var (id, secret) = (request.Field("client_id"), request.Field("client_secret"));
        if (AuthenticationHeaderValue.TryParse(request.Headers.Authorization, out var header) && header is { Scheme: "Basic", Parameter: { } parameter })
        {
            var buffer = new byte[parameter.Length];
            if (Convert.TryFromBase64String(parameter, buffer, out var length) && Encoding.UTF8.GetString(buffer, 0, length).Split(':', 2) is [var user, var password])
                (id, secret) = (Uri.UnescapeDataString(user), Uri.UnescapeDataString(password));
        }

        if (id is null)
            throw new OAuthRefusal(400, "invalid_request", "Could not determine client ID from request.");
        if (google.FindClient(id) is not { } client)
            throw new OAuthRefusal(401, "invalid_client", "The OAuth client was not found.");
        if (secret is null)
            throw new OAuthRefusal(400, "invalid_request", "client_secret is missing.");
        if (!CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(client.Secret), Encoding.UTF8.GetBytes(secret)))
            throw new OAuthRefusal(401, "invalid_client", "Unauthorized");

        return client;
    }

    private static GoogleAnswer ForThePerson(Func<GoogleAnswer> work)
    {
        try
        {
            return work();
        }
        catch (OAuthRefusal refusal)
        {
            return ConsentPage.Refuse(refusal);
        }
    }
}
