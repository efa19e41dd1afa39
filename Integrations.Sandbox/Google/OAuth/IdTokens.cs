using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.WebUtilities;

namespace Integrations.Sandbox.Google.OAuth;

/// <summary>OpenID Connect's statement of who somebody is, signed with RS256 under a key of this process.</summary>
internal sealed class IdTokens(TimeProvider time)
{
    public const string Issuer = "https://accounts.google.com";

    private const string KeyId = "sandbox";

    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    private readonly Lazy<RSAParameters> _key = new(static () =>
    {
        using var rsa = RSA.Create(2048);
        return rsa.ExportParameters(includePrivateParameters: true);
    });

    /// <summary>As JWK, at <c>/oauth2/v3/certs</c>.</summary>
    public JsonObject Keys() => new()
    {
        ["keys"] = new JsonArray(new JsonObject
        {
            ["kty"] = "RSA",
            ["alg"] = "RS256",
            ["use"] = "sig",
            ["kid"] = KeyId,
            ["n"] = WebEncoders.Base64UrlEncode(_key.Value.Modulus!),
            ["e"] = WebEncoders.Base64UrlEncode(_key.Value.Exponent!),
        }),
    };

    public string Issue(GoogleAccessToken token, string? nonce)
    {
        var now = time.GetUtcNow();
        var claims = new JsonObject
        {
            ["iss"] = Issuer,
            ["azp"] = token.Client.ClientId,
            ["aud"] = token.Client.ClientId,
            ["at_hash"] = WebEncoders.Base64UrlEncode(SHA256.HashData(Encoding.ASCII.GetBytes(token.Value)).AsSpan(0, 16)),
            ["iat"] = now.ToUnixTimeSeconds(),
            ["exp"] = (now + Lifetime).ToUnixTimeSeconds(),
        };
        foreach (var (name, value) in About(token))
            claims[name] = value?.DeepClone();
        if (nonce is not null)
            claims["nonce"] = nonce;

        var signed = $"{Part(new JsonObject { ["alg"] = "RS256", ["kid"] = KeyId, ["typ"] = "JWT" })}.{Part(claims)}";
        using var rsa = RSA.Create(_key.Value);
        return $"{signed}.{WebEncoders.Base64UrlEncode(rsa.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))}";
    }

    /// <summary>What the scopes of a token allow to be known of a person.</summary>
    public static JsonObject About(GoogleAccessToken token)
    {
        var account = token.Grant.Account;
        var about = new JsonObject { ["sub"] = account.Id };
        if (token.Scopes.Contains(GoogleScopes.Email))
            (about["email"], about["email_verified"]) = (account.Email, true);
        if (token.Scopes.Contains(GoogleScopes.Profile))
            (about["name"], about["given_name"]) = (account.Name, account.Name.Split(' ')[0]);
        return about;
    }

    private static string Part(JsonObject json) => WebEncoders.Base64UrlEncode(JsonSerializer.SerializeToUtf8Bytes(json));
}
