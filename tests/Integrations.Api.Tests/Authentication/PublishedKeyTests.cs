using System.Text.Json.Nodes;
using Integrations.Api.Tests.Host;

namespace Integrations.Api.Tests.Authentication;

/// <summary>Tokens that the user service signs with a private key, at the whole Api.</summary>
[Collection(ApiCollection.Name)]
public sealed class PublishedKeyTests(ApiHost host)
{
    [Fact]
    public async Task A_token_signed_with_a_published_key_lets_in_beside_one_with_the_shared_secret()
    {
        await using var service = await UserService.StartAsync();
        await using var copy = host.StartCopy(
            ("Authentication:Jwks:Address", service.Address.ToString()), ("Authentication:Issuer", "https://users.example.org"), ("Authentication:Audience", "integrations"));
        var claims = Claims();

        foreach (var token in new[] { service.TokenByRsa(claims, "rsa 1"), service.TokenByCurve(claims, "curve 1"), service.TokenByCurve(claims, null), ApiHost.Jwt(claims) })
            Assert.Equal("706", (await MeAsync(copy, token)).Expect(200).Text("user_id"));
        Assert.Equal(1, service.Fetches);

        (await MeAsync(copy, service.TokenByRsa(claims, "another"))).Expect(401, "UNAUTHENTICATED");
        (await MeAsync(copy, service.TokenByRsa(claims, "curve 1"))).Expect(401, "UNAUTHENTICATED");
        // The public key as a shared secret, by the name of the public key.
        var confused = ApiHost.Jwt(claims, service.Rsa.ExportSubjectPublicKeyInfoPem(), """{"alg":"HS256","typ":"JWT","kid":"rsa 1"}""");
        (await MeAsync(copy, confused)).Expect(401, "UNAUTHENTICATED");

        claims["aud"] = "shop";
        Assert.Contains("aud", (await MeAsync(copy, service.TokenByRsa(claims, "rsa 1"))).Expect(401, "UNAUTHENTICATED").Text("detail"), StringComparison.Ordinal);
        Assert.Contains("aud", (await MeAsync(copy, ApiHost.Jwt(claims))).Expect(401, "UNAUTHENTICATED").Text("detail"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task While_the_keys_cannot_be_had_the_caller_is_told_to_come_again_and_other_callers_are_not()
    {
        await using var service = await UserService.StartAsync();
        service.Answer = context =>
        {
            context.Response.StatusCode = 500;
            return Task.CompletedTask;
        };
        await using var copy = host.StartCopy(("Authentication:Jwks:Address", service.Address.ToString()));

        var refused = (await MeAsync(copy, service.TokenByRsa(Claims(), "rsa 1"))).Expect(503, "SERVICE_UNAVAILABLE");

        Assert.NotNull(refused.Headers.RetryAfter);
        Assert.Empty(refused.Headers.WwwAuthenticate);
        (await MeAsync(copy, ApiHost.Jwt(Claims()))).Expect(200);
        (await MeAsync(copy, host.OwnerToken)).Expect(200);
    }

    private JsonObject Claims() => new()
    {
        ["iss"] = "https://users.example.org",
        ["aud"] = "integrations",
        ["sub"] = "706",
        ["tenant_id"] = host.Tenant.ToString(),
        ["role"] = "viewer",
        ["exp"] = TimeProvider.System.GetUtcNow().AddHours(1).ToUnixTimeSeconds(),
    };

    private static async Task<Answer> MeAsync(ApiCopy copy, string token)
    {
        using var client = new TestClient(copy.Address, token);
        return await client.GetAsync("/api/v1/auth/me");
    }
}
