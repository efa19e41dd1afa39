using System.Net;
using System.Security.Cryptography;
using System.Text;
using Integrations.Sandbox.Google;
using Microsoft.AspNetCore.WebUtilities;

namespace Integrations.Sandbox.Tests.Google;

/// <summary>The consent page, and what the code that it gives is good for.</summary>
public sealed class ConsentTests
{
    private const string Verifier = "a-verifier-of-at-least-forty-three-characters-0123456789";

    [Fact]
    public async Task The_page_offers_every_account_and_a_tick_for_every_scope()
    {
        await using var google = await AGoogle.StartAsync();

        var (status, page, _) = await google.AskAsync($"openid {AGoogle.ReadOnly} {AGoogle.Events}", ("state", "\"<x>"), ("login_hint", AGoogle.Boris));

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Contains("value=\"anna@example.com\"> Anna Abramova", page, StringComparison.Ordinal);
        Assert.Contains("value=\"boris@example.com\" checked> Boris Belov", page, StringComparison.Ordinal);
        Assert.Equal(2, page.Split("type=checkbox").Length - 1);
        Assert.Contains("value=\"&quot;&lt;x&gt;\"", page, StringComparison.Ordinal);
        Assert.Contains("value=allow", page, StringComparison.Ordinal);
        Assert.Contains("value=deny", page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("client_id", "nobody", HttpStatusCode.Unauthorized, "invalid_client")]
    [InlineData("redirect_uri", "http://localhost:5000/callback/", HttpStatusCode.BadRequest, "redirect_uri_mismatch")]
    [InlineData("response_type", "token", HttpStatusCode.BadRequest, "unsupported_response_type")]
    [InlineData("scope", "calendar", HttpStatusCode.BadRequest, "invalid_scope")]
    [InlineData("code_challenge_method", "S512", HttpStatusCode.BadRequest, "invalid_request")]
    public async Task A_wrong_request_is_told_to_the_person_and_not_to_the_address(string name, string value, HttpStatusCode status, string error)
    {
        await using var google = await AGoogle.StartAsync();

        var answer = await google.AskAsync(AGoogle.Calendar, (name, value));

        Assert.Equal((status, null), (answer.Status, answer.Location));
        Assert.Contains($"Error {(int)status}: {error}", answer.Page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_denies_sends_the_app_away_with_its_state()
    {
        await using var google = await AGoogle.StartAsync();

        var answer = await google.ConsentAsync(AGoogle.Calendar, "deny", more: [("state", "xyz")]);

        Assert.Equal(["access_denied", "xyz"], [answer["error"], answer["state"]]);
        Assert.DoesNotContain("code", answer.Keys);
    }

    [Fact]
    public async Task Only_ticked_scopes_are_granted()
    {
        await using var google = await AGoogle.StartAsync();

        var answer = await google.ConsentAsync($"openid {AGoogle.ReadOnly} {AGoogle.Events}", ticked: [AGoogle.ReadOnly], more: [("state", "xyz")]);
        var tokens = await google.ExchangeAsync(answer["code"]);

        Assert.Equal("xyz", answer["state"]);
        Assert.Equal($"openid {AGoogle.ReadOnly}", answer["scope"]);
        Assert.Equal($"openid {AGoogle.ReadOnly}", tokens.Text("scope"));
        Assert.NotEmpty(tokens.Text("id_token"));
    }

    [Fact]
    public async Task Granted_scopes_are_included_when_the_app_asks_for_it()
    {
        await using var google = await AGoogle.StartAsync();
        await google.ConsentAsync(AGoogle.ReadOnly);

        var alone = await google.ConsentAsync("email");
        var together = await google.ConsentAsync("email", more: [("include_granted_scopes", "true")]);

        Assert.Equal("https://www.googleapis.com/auth/userinfo.email", alone["scope"]);
        Assert.Equal($"{AGoogle.ReadOnly} https://www.googleapis.com/auth/userinfo.email", together["scope"]);
    }

    [Fact]
    public async Task A_code_works_once_and_not_for_long()
    {
        await using var google = await AGoogle.StartAsync();
        var first = (await google.ConsentAsync(AGoogle.Calendar))["code"];
        var second = (await google.ConsentAsync(AGoogle.Calendar))["code"];

        var good = await google.ExchangeAsync(first);
        var again = await google.ExchangeAsync(first);
        google.Clock.Advance(TimeSpan.FromMinutes(11));
        var late = await google.ExchangeAsync(second);
        var nonsense = await google.ExchangeAsync("nonsense");

        Assert.Equal(("Bearer", "3599"), (good.Text("token_type"), good.Text("expires_in")));
        Assert.All([again, late, nonsense], reply => Assert.Equal((HttpStatusCode.BadRequest, "invalid_grant"), (reply.Status, reply.Error)));
        Assert.Equal("Malformed auth code.", nonsense.Text("error_description"));
    }

    [Theory]
    [InlineData("redirect_uri", "http://localhost:5000/other", HttpStatusCode.BadRequest, "redirect_uri_mismatch")]
    [InlineData("client_secret", "wrong", HttpStatusCode.Unauthorized, "invalid_client")]
    [InlineData("client_id", "nobody", HttpStatusCode.Unauthorized, "invalid_client")]
    [InlineData("grant_type", "password", HttpStatusCode.BadRequest, "unsupported_grant_type")]
    public async Task An_exchange_with_one_wrong_field_is_refused(string name, string value, HttpStatusCode status, string error)
    {
        await using var google = await AGoogle.StartAsync();
        var code = (await google.ConsentAsync(AGoogle.Calendar))["code"];
        (string Name, string Value)[] fields =
        [
            ("client_id", AGoogle.ClientId), ("client_secret", AGoogle.Secret), ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", AGoogle.Redirect),
        ];

        var reply = await google.FormAsync("/token", [.. fields.Select(field => field.Name == name ? (name, value) : field)]);

        Assert.Equal((status, error), (reply.Status, reply.Error));
    }

    [Theory]
    [InlineData("S256")]
    [InlineData("plain")]
    public async Task A_code_with_a_challenge_needs_its_verifier(string method)
    {
        await using var google = await AGoogle.StartAsync();
        var challenge = method == "plain" ? Verifier : WebEncoders.Base64UrlEncode(SHA256.HashData(Encoding.ASCII.GetBytes(Verifier)));
        var code = (await google.ConsentAsync(AGoogle.Calendar, more: [("code_challenge", challenge), ("code_challenge_method", method)]))["code"];

        var without = await google.ExchangeAsync(code);
        var wrong = await google.ExchangeAsync(code, ("code_verifier", Verifier + "x"));
        var right = await google.ExchangeAsync(code, ("code_verifier", Verifier));

        Assert.Equal(("invalid_grant", "Missing code verifier."), (without.Error, without.Text("error_description")));
        Assert.Equal(("invalid_grant", "Invalid code verifier."), (wrong.Error, wrong.Text("error_description")));
        Assert.Equal(HttpStatusCode.OK, right.Status);
    }

    [Fact]
    public async Task A_refresh_token_comes_with_the_first_offline_consent_and_again_only_when_asked()
    {
        await using var google = await AGoogle.StartAsync();

        var online = await google.ExchangeAsync((await google.ConsentAsync(AGoogle.Calendar))["code"]);
        var first = await google.ExchangeAsync((await google.ConsentAsync(AGoogle.Calendar, more: [("access_type", "offline")]))["code"]);
        var silent = await google.AskAsync(AGoogle.Calendar, ("access_type", "offline"), ("login_hint", AGoogle.Anna));
        var second = await google.ExchangeAsync(QueryHelpers.ParseQuery(new Uri(silent.Location!).Query)["code"]!);
        var asked = await google.AskAsync(AGoogle.Calendar, ("access_type", "offline"), ("login_hint", AGoogle.Anna), ("prompt", "consent"));
        var third = await google.ExchangeAsync((await google.ConsentAsync(AGoogle.Calendar, more: [("access_type", "offline"), ("prompt", "consent")]))["code"]);

        Assert.Equal([false, true, false, true], new[] { online, first, second, third }.Select(reply => reply.Body!.AsObject().ContainsKey("refresh_token")));
        Assert.Equal(HttpStatusCode.OK, asked.Status);
        Assert.False(first.Body!.AsObject().ContainsKey("refresh_token_expires_in"));
    }

    [Fact]
    public async Task Without_a_prompt_there_is_a_code_only_for_what_was_granted_before()
    {
        await using var google = await AGoogle.StartAsync();

        var nobody = await google.AskAsync(AGoogle.Calendar, ("prompt", "none"));
        var before = await google.AskAsync(AGoogle.Calendar, ("prompt", "none"), ("login_hint", AGoogle.Anna));
        await google.ConsentAsync(AGoogle.Calendar);
        var after = await google.AskAsync(AGoogle.Calendar, ("prompt", "none"), ("login_hint", AGoogle.Anna));

        Assert.Contains("error=login_required", nobody.Location, StringComparison.Ordinal);
        Assert.Contains("error=consent_required", before.Location, StringComparison.Ordinal);
        Assert.Contains("code=", after.Location, StringComparison.Ordinal);
    }

    [Fact]
    public void A_redirect_to_an_open_address_is_no_redirect_uri()
    {
        var google = new SandboxGoogle();

        Assert.Throws<ArgumentException>(() => google.AddClient(new GoogleClient("id", "secret", ["http://example.com/callback"])));
        Assert.Throws<ArgumentException>(() => google.AddClient(new GoogleClient("id", "secret", ["https://example.com/callback#part"])));
    }
}
