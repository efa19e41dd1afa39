using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.WebUtilities;

namespace Integrations.Sandbox.Google.OAuth;

/// <summary>What an app asks for with <c>/o/oauth2/v2/auth</c>, checked.</summary>
internal sealed record AuthorizationRequest(GoogleClient Client, string RedirectUri, IReadOnlyList<string> Scopes)
{
    /// <summary>The parameters as they came, for the page to send them again.</summary>
    public required IReadOnlyDictionary<string, string> Raw { get; init; }

    public string? State => Raw.GetValueOrDefault("state");

    public string? LoginHint => Raw.GetValueOrDefault("login_hint");

    public string? Nonce => Raw.GetValueOrDefault("nonce");

    public bool IsOffline => Raw.GetValueOrDefault("access_type") == "offline";

    public bool IncludesGranted => Raw.GetValueOrDefault("include_granted_scopes") == "true";

    public bool Prompts(string word) => Raw.GetValueOrDefault("prompt")?.Split(' ').Contains(word) == true;

    /// <exception cref="OAuthRefusal">For the person's eyes: nothing goes back to an address that is not known to be the app's.</exception>
    public static AuthorizationRequest Read(GoogleRequest request, Func<string, GoogleClient?> find)
    {
        string[] names =
        [
            "client_id", "redirect_uri", "response_type", "scope", "state", "access_type", "prompt", "include_granted_scopes", "login_hint", "nonce",
            "code_challenge", "code_challenge_method",
        ];
        var raw = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in names)
        {
            if (request.Field(name) is { } value)
                raw[name] = value;
        }

        string Required(string name) => raw.GetValueOrDefault(name) ?? throw new OAuthRefusal(400, "invalid_request", $"Missing required parameter: {name}");
        var client = find(Required("client_id")) ?? throw new OAuthRefusal(401, "invalid_client", "The OAuth client was not found.");
        var redirect = Required("redirect_uri");
        if (!client.RedirectUris.Contains(redirect, StringComparer.Ordinal))
            throw new OAuthRefusal(400, "redirect_uri_mismatch", $"The redirect URI in the request, {redirect}, does not match the ones authorized for the OAuth client.");
        if (Required("response_type") != "code")
            throw new OAuthRefusal(400, "unsupported_response_type", "Only response_type code is simulated.");

        List<string> scopes = [];
        foreach (var word in Required("scope").Split(' ', StringSplitOptions.RemoveEmptyEntries))
            scopes.Add(GoogleScopes.Canonical(word) ?? throw new OAuthRefusal(400, "invalid_scope", $"Some requested scopes were invalid. {{invalid=[{word}]}}"));
        if (raw.GetValueOrDefault("code_challenge_method") is not (null or "S256" or "plain"))
            throw new OAuthRefusal(400, "invalid_request", "Invalid code_challenge_method.");
        if (raw.ContainsKey("code_challenge_method") && !raw.ContainsKey("code_challenge"))
            throw new OAuthRefusal(400, "invalid_request", "Missing required parameter: code_challenge");
        if (raw.GetValueOrDefault("access_type") is not (null or "online" or "offline"))
            throw new OAuthRefusal(400, "invalid_request", "Invalid parameter value for access_type.");

        return new AuthorizationRequest(client, redirect, [.. scopes.Distinct()]) { Raw = raw };
    }

    /// <summary>RFC 7636: where the request carried a challenge, the exchange carries what it was made of.</summary>
    public void CheckVerifier(string? verifier)
    {
        if (Raw.GetValueOrDefault("code_challenge") is not { } challenge)
            return;
        if (verifier is null)
            throw new OAuthRefusal(400, "invalid_grant", "Missing code verifier.");

        var made = Raw.GetValueOrDefault("code_challenge_method") == "S256"
            ? WebEncoders.Base64UrlEncode(SHA256.HashData(Encoding.ASCII.GetBytes(verifier)))
            : verifier;
        if (!CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(made), Encoding.ASCII.GetBytes(challenge)))
            throw new OAuthRefusal(400, "invalid_grant", "Invalid code verifier.");
    }

    /// <summary>The app's address with an answer in its query.</summary>
    public GoogleAnswer Redirect(params IEnumerable<KeyValuePair<string, string?>> answer)
    {
        var parameters = State is null ? answer : answer.Prepend(new("state", State));
        return new GoogleAnswer(302) { Location = QueryHelpers.AddQueryString(RedirectUri, parameters) };
    }
}
