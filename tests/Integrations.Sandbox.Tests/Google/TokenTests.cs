using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Integrations.Sandbox.Google;
using Microsoft.AspNetCore.WebUtilities;

namespace Integrations.Sandbox.Tests.Google;

/// <summary>How long tokens live, what ends them, and what they tell.</summary>
public sealed class TokenTests
{
    [Fact]
    public async Task An_access_token_ends_after_an_hour_and_a_refresh_brings_another()
    {
        await using var google = await AGoogle.StartAsync();
        var refresh = await google.RefreshTokenAsync();
        var first = (await google.RefreshAsync(refresh)).Text("access_token");

        google.Clock.Advance(TimeSpan.FromMinutes(59));
        var during = await google.SendAsync("GET", "/calendar/v3/calendars/primary", first);
        google.Clock.Advance(TimeSpan.FromMinutes(1));
        var after = await google.SendAsync("GET", "/calendar/v3/calendars/primary", first);
        var again = await google.RefreshAsync(refresh);

        Assert.Equal(HttpStatusCode.OK, during.Status);
        Assert.Equal((HttpStatusCode.Unauthorized, "authError"), (after.Status, after.Reason));
        Assert.Contains("invalid_token", after.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
        Assert.False(again.Body!.AsObject().ContainsKey("refresh_token"));
        Assert.Equal(HttpStatusCode.OK, (await google.SendAsync("GET", "/calendar/v3/calendars/primary", again.Text("access_token"))).Status);
    }

    [Fact]
    public async Task Revoking_ends_the_grant_for_all_clients_of_the_project()
    {
        await using var google = await AGoogle.StartAsync();
        google.Sandbox.AddClient(new GoogleClient("second", "other-secret", [AGoogle.Redirect]));
        var other = await google.ConsentAsync(AGoogle.Calendar, more: [("client_id", "second"), ("access_type", "offline")]);
        var theirs = await google.FormAsync(
            "/token", ("client_id", "second"), ("client_secret", "other-secret"), ("grant_type", "authorization_code"), ("code", other["code"]), ("redirect_uri", AGoogle.Redirect));
        var refresh = await google.RefreshTokenAsync();

        var revoked = await google.FormAsync("/revoke", ("token", refresh));
        var again = await google.FormAsync("/revoke", ("token", refresh));

        Assert.Equal(HttpStatusCode.OK, revoked.Status);
        Assert.Equal((HttpStatusCode.BadRequest, "invalid_token"), (again.Status, again.Error));
        var reply = await google.RefreshAsync(refresh);
        Assert.Equal(("invalid_grant", "Token has been expired or revoked."), (reply.Error, reply.Text("error_description")));
        Assert.Equal(HttpStatusCode.Unauthorized, (await google.SendAsync("GET", "/calendar/v3/calendars/primary", theirs.Text("access_token"))).Status);
    }

    [Fact]
    public async Task A_person_takes_access_away()
    {
        await using var google = await AGoogle.StartAsync();
        var refresh = await google.RefreshTokenAsync();

        Assert.True(google.Sandbox.RevokeGrant(AGoogle.Anna, AGoogle.ClientId));
        Assert.False(google.Sandbox.RevokeGrant(AGoogle.Anna, AGoogle.ClientId));
        Assert.Equal("invalid_grant", (await google.RefreshAsync(refresh)).Error);
    }

    [Fact]
    public async Task A_grant_to_an_app_in_testing_ends_after_seven_days_unless_it_is_for_sign_in()
    {
        await using var google = await AGoogle.StartAsync(GooglePublishing.Testing);
        var answer = await google.ConsentAsync(AGoogle.Calendar, more: [("access_type", "offline")]);
        var tokens = await google.ExchangeAsync(answer["code"]);
        var signIn = await google.RefreshTokenAsync("openid email");

        google.Clock.Advance(TimeSpan.FromDays(7) - TimeSpan.FromSeconds(1));
        var before = await google.RefreshAsync(tokens.Text("refresh_token"));
        google.Clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal("604799", tokens.Text("refresh_token_expires_in"));
        Assert.Equal(HttpStatusCode.OK, before.Status);
        Assert.Equal("invalid_grant", (await google.RefreshAsync(tokens.Text("refresh_token"))).Error);
        Assert.Equal(HttpStatusCode.OK, (await google.RefreshAsync(signIn)).Status);
    }

    [Fact]
    public async Task A_refresh_token_that_nobody_used_for_six_months_is_dead()
    {
        await using var google = await AGoogle.StartAsync();
        var refresh = await google.RefreshTokenAsync();

        google.Clock.Advance(TimeSpan.FromDays(181));
        Assert.Equal(HttpStatusCode.OK, (await google.RefreshAsync(refresh)).Status);
        google.Clock.Advance(TimeSpan.FromDays(182));
        Assert.Equal("invalid_grant", (await google.RefreshAsync(refresh)).Error);
    }

    [Fact]
    public async Task The_hundred_and_first_refresh_token_drops_the_first_without_a_word()
    {
        await using var google = await AGoogle.StartAsync();
        var first = await google.RefreshTokenAsync();
        var second = await google.RefreshTokenAsync();

        for (var i = 0; i < 99; i++)
            await google.RefreshTokenAsync();

        Assert.Equal("invalid_grant", (await google.RefreshAsync(first)).Error);
        Assert.Equal(HttpStatusCode.OK, (await google.RefreshAsync(second)).Status);
    }

    [Fact]
    public async Task Of_two_refreshes_at_a_time_one_loses_where_tokens_rotate_at_once()
    {
        await using var google = await AGoogle.StartAsync();
        google.Sandbox.Settings.Rotation = RefreshTokenRotation.AtOnce;
        var refresh = await google.RefreshTokenAsync();

        var replies = await Task.WhenAll(google.RefreshAsync(refresh), google.RefreshAsync(refresh));

        var winner = Assert.Single(replies, reply => reply.Status == HttpStatusCode.OK);
        Assert.Equal("invalid_grant", Assert.Single(replies, reply => reply.Status == HttpStatusCode.BadRequest).Error);
        Assert.Equal(HttpStatusCode.OK, (await google.RefreshAsync(winner.Text("refresh_token"))).Status);
    }

    [Fact]
    public async Task The_first_use_of_a_rotated_token_ends_the_old_one_and_the_other_new_ones()
    {
        await using var google = await AGoogle.StartAsync();
        google.Sandbox.Settings.Rotation = RefreshTokenRotation.WhenNewIsUsed;
        var old = await google.RefreshTokenAsync();
        var left = (await google.RefreshAsync(old)).Text("refresh_token");
        var right = (await google.RefreshAsync(old)).Text("refresh_token");

        Assert.Equal(HttpStatusCode.OK, (await google.RefreshAsync(left)).Status);
        Assert.Equal("invalid_grant", (await google.RefreshAsync(old)).Error);
        Assert.Equal("invalid_grant", (await google.RefreshAsync(right)).Error);
        Assert.Equal(HttpStatusCode.OK, (await google.RefreshAsync(left)).Status);
    }

    [Fact]
    public async Task A_refresh_token_of_another_client_is_refused()
    {
        await using var google = await AGoogle.StartAsync();
        google.Sandbox.AddClient(new GoogleClient("second", "other-secret", [AGoogle.Redirect]));
        var refresh = await google.RefreshTokenAsync();

        var reply = await google.FormAsync("/token", ("client_id", "second"), ("client_secret", "other-secret"), ("grant_type", "refresh_token"), ("refresh_token", refresh));

        Assert.Equal((HttpStatusCode.Unauthorized, "unauthorized_client"), (reply.Status, reply.Error));
    }

    [Fact]
    public async Task A_client_may_say_who_it_is_by_basic_authentication()
    {
        await using var google = await AGoogle.StartAsync();
        var refresh = await google.RefreshTokenAsync();
        using var http = new HttpClient { BaseAddress = google.Address };
        http.DefaultRequestHeaders.Authorization =
            new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{AGoogle.ClientId}:{AGoogle.Secret}")));
        using var form = new FormUrlEncodedContent(new Dictionary<string, string> { ["grant_type"] = "refresh_token", ["refresh_token"] = refresh });

        using var answer = await http.PostAsync("/token", form, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task Who_somebody_is_depends_on_the_scopes()
    {
        await using var google = await AGoogle.StartAsync();
        var full = (await google.ExchangeAsync((await google.ConsentAsync("openid email profile"))["code"])).Text("access_token");
        var bare = (await google.ExchangeAsync((await google.ConsentAsync("openid"))["code"])).Text("access_token");

        var info = await google.SendAsync("GET", "/v1/userinfo", full);
        var old = await google.SendAsync("GET", "/oauth2/v2/userinfo", full);
        var token = await google.SendAsync("GET", $"/tokeninfo?access_token={full}", null);

        Assert.Equal((AGoogle.Anna, "Anna Abramova"), (info.Text("email"), info.Text("name")));
        Assert.Equal((info.Text("sub"), "true"), (old.Text("id"), old.Text("verified_email")));
        Assert.Equal((AGoogle.ClientId, "3600", AGoogle.Anna), (token.Text("aud"), token.Text("expires_in"), token.Text("email")));
        Assert.Equal(["sub"], (await google.SendAsync("GET", "/v1/userinfo", bare)).Body!.AsObject().Select(pair => pair.Key));
        Assert.Equal("invalid_token", (await google.SendAsync("GET", "/tokeninfo?access_token=nonsense", null)).Error);
        Assert.Equal(HttpStatusCode.Unauthorized, (await google.SendAsync("GET", "/v1/userinfo", "nonsense")).Status);
    }

    [Fact]
    public async Task An_id_token_is_signed_and_carries_the_nonce()
    {
        await using var google = await AGoogle.StartAsync();
        var answer = await google.ConsentAsync("openid email", more: [("nonce", "n-1")]);
        var parts = (await google.ExchangeAsync(answer["code"])).Text("id_token").Split('.');
        var key = (await google.SendAsync("GET", "/oauth2/v3/certs", null)).Body!["keys"]![0]!;
        using var rsa = RSA.Create(new RSAParameters { Modulus = WebEncoders.Base64UrlDecode(key["n"]!.ToString()), Exponent = WebEncoders.Base64UrlDecode(key["e"]!.ToString()) });

        var isGood = rsa.VerifyData(Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), WebEncoders.Base64UrlDecode(parts[2]), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var claims = JsonNode.Parse(WebEncoders.Base64UrlDecode(parts[1]))!;

        Assert.True(isGood);
        Assert.Equal(["https://accounts.google.com", AGoogle.ClientId, "n-1", AGoogle.Anna], new[] { "iss", "aud", "nonce", "email" }.Select(name => claims[name]!.ToString()));
    }
}
