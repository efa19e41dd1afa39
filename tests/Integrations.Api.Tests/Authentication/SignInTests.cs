using System.Text.Json.Nodes;
using Integrations.Api.Tests.Host;

namespace Integrations.Api.Tests.Authentication;

[Collection(ApiCollection.Name)]
public sealed class SignInTests(ApiHost host)
{
    [Fact]
    public async Task The_owner_link_is_refused_once_there_is_an_owner()
    {
        using var client = host.Anonymous();

        (await client.PostAsync("/internal/owner-link", null, ("X-Internal-Key", ApiHost.InternalKey))).Expect(409, "CONFLICT");
        (await client.PostAsync("/api/v1/auth/owner-link", new { token = "own_" + new string('A', 43), email = "x@example.org", password = "long enough" }))
            .Expect(410, "OWNER_LINK_INVALID");
    }

    [Fact]
    public async Task Me_tells_who_the_owner_is()
    {
        using var owner = host.Owner();

        var me = (await owner.GetAsync("/api/v1/auth/me")).Expect(200);

        Assert.Equal(["id", "user_id", "role", "tenant_id", "email", "display_name", "owes_second_factor"], me.Fields);
        Assert.Equal(("owner", ApiHost.OwnerEmail, host.Tenant.ToString()), (me.Text("role"), me.Text("email"), me.Text("tenant_id")));
    }

    [Fact]
    public async Task Signing_in_begins_a_session_and_signing_out_ends_it()
    {
        using var anonymous = host.Anonymous();
        var signedIn = (await anonymous.PostAsync("/api/v1/auth/sign-in", new { email = "First.OWNER@example.org", password = ApiHost.OwnerPassword })).Expect(200);
        Assert.Equal(["session_token", "user"], signedIn.Fields);
        Assert.StartsWith("ses_", signedIn.Text("session_token"), StringComparison.Ordinal);
        using var session = new TestClient(host.Address, signedIn.Text("session_token"));

        (await session.GetAsync("/api/v1/auth/me")).Expect(200);
        (await session.PostAsync("/api/v1/auth/sign-out")).Expect(204);
        (await session.GetAsync("/api/v1/auth/me")).Expect(401, "UNAUTHENTICATED");
    }

    [Fact]
    public async Task Only_the_hash_of_a_session_is_stored()
    {
        var token = System.Text.Encoding.UTF8.GetBytes(host.OwnerToken);

        Assert.True(await host.ScalarAsync<bool>("select exists (select from console_sessions where token_hash = sha256($1))", token));
        Assert.False(await host.ScalarAsync<bool>("select exists (select from console_sessions where token_hash = $1)", token));
    }

    [Fact]
    public async Task A_session_that_has_lapsed_is_refused_and_one_in_use_is_prolonged()
    {
        using var anonymous = host.Anonymous();
        var token = (await anonymous.PostAsync("/api/v1/auth/sign-in", new { email = ApiHost.OwnerEmail, password = ApiHost.OwnerPassword })).Text("session_token");
        var stored = System.Text.Encoding.UTF8.GetBytes(token);
        using var session = new TestClient(host.Address, token);
        await host.ExecuteAsync("update console_sessions set last_seen_at = now() - interval '2 days', expires_at = now() + interval '1 day' where token_hash = sha256($1)", stored);

        (await session.GetAsync("/api/v1/auth/me")).Expect(200);
        Assert.True(await host.ScalarAsync<bool>("select expires_at > now() + interval '13 days' from console_sessions where token_hash = sha256($1)", stored));

        await host.ExecuteAsync("update console_sessions set expires_at = now() - interval '1 second' where token_hash = sha256($1)", stored);
        (await session.GetAsync("/api/v1/auth/me")).Expect(401, "UNAUTHENTICATED");
    }

    [Fact]
    public async Task A_wrong_password_and_an_unknown_address_are_answered_alike()
    {
        using var client = host.Anonymous();

        var wrong = (await client.PostAsync("/api/v1/auth/sign-in", new { email = ApiHost.OwnerEmail, password = "not the password" })).Expect(401, "SIGN_IN_FAILED");
        var unknown = (await client.PostAsync("/api/v1/auth/sign-in", new { email = "nobody@example.org", password = "not the password" })).Expect(401, "SIGN_IN_FAILED");

        Assert.Equal(wrong.Text("detail"), unknown.Text("detail"));
        (await client.PostAsync("/api/v1/auth/sign-in", new { email = ApiHost.OwnerEmail, password = ApiHost.OwnerPassword })).Expect(200);
    }

    [Fact]
    public async Task The_sixth_failed_try_has_to_wait_and_other_accounts_do_not()
    {
        using var client = host.Anonymous();
        for (var i = 0; i < 5; i++)
            (await client.PostAsync("/api/v1/auth/sign-in", new { email = "guessed@example.org", password = $"guess {i}" })).Expect(401, "SIGN_IN_FAILED");

        var refused = (await client.PostAsync("/api/v1/auth/sign-in", new { email = "Guessed@example.org", password = "guess 6" })).Expect(429, "RATE_LIMITED");

        Assert.InRange(int.Parse(refused.Text("retry_after"), System.Globalization.CultureInfo.InvariantCulture), 1, 900);
        Assert.Equal(refused.Text("retry_after"), refused.Headers.RetryAfter!.ToString());
        (await client.PostAsync("/api/v1/auth/sign-in", new { email = ApiHost.OwnerEmail, password = ApiHost.OwnerPassword })).Expect(200);
    }

    [Fact]
    public async Task Guessing_at_the_console_does_not_lock_out_whoever_is_at_another_place()
    {
        using var console = host.Anonymous();
        Task<Answer> FromAsync(string address, string password) => console.PostAsync(
            "/api/v1/auth/sign-in", new { email = ApiHost.OwnerEmail, password }, ("X-Internal-Key", ApiHost.InternalKey), ("X-Client-Address", address));
        for (var i = 0; i < 5; i++)
            (await FromAsync("198.51.100.66", $"guess {i}")).Expect(401, "SIGN_IN_FAILED");

        (await FromAsync("198.51.100.66", ApiHost.OwnerPassword)).Expect(429, "RATE_LIMITED");
        (await FromAsync("192.0.2.10", ApiHost.OwnerPassword)).Expect(200);
    }

    [Fact]
    public async Task The_first_request_of_a_token_user_makes_the_user_and_the_token_decides_the_role()
    {
        using var viewer = host.User(701, "viewer");
        using var admin = host.User(701, "admin");

        var first = (await viewer.GetAsync("/api/v1/auth/me")).Expect(200);
        var second = (await admin.GetAsync("/api/v1/auth/me")).Expect(200);

        Assert.Equal(("701", "viewer"), (first.Text("user_id"), first.Text("role")));
        Assert.Equal((first.Text("id"), "admin"), (second.Text("id"), second.Text("role")));
        Assert.Equal(1L, await host.ScalarAsync<long>("select count(*) from users where tenant_id = $1 and user_id = 701", host.Tenant));
    }

    [Fact]
    public async Task Twenty_first_requests_at_once_make_one_user()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(async _ =>
        {
            using var client = host.User(702);
            return (await client.GetAsync("/api/v1/auth/me")).Expect(200).Text("id");
        }));

        Assert.Single(answers.Distinct());
    }

    [Fact]
    public async Task Users_named_by_text_get_numbers_of_their_own()
    {
        async Task<string> NumberOf(string subject)
        {
            using var client = new TestClient(host.Address, ApiHost.Jwt(new JsonObject
            {
                ["sub"] = subject,
                ["tenant_id"] = host.Tenant.ToString(),
                ["role"] = "viewer",
                ["exp"] = TimeProvider.System.GetUtcNow().AddHours(1).ToUnixTimeSeconds(),
            }));
            return (await client.GetAsync("/api/v1/auth/me")).Expect(200).Text("user_id");
        }

        var (anna, boris, annaAgain) = (await NumberOf("anna"), await NumberOf("boris"), await NumberOf("anna"));

        Assert.Equal(anna, annaAgain);
        Assert.NotEqual(anna, boris);
        Assert.True(int.Parse(anna, System.Globalization.CultureInfo.InvariantCulture) > 1_000_000_000);
    }

    [Fact]
    public async Task User_1_of_the_user_service_is_not_the_owner_of_the_console()
    {
        using var first = host.User(1, "owner");

        var me = (await first.GetAsync("/api/v1/auth/me")).Expect(200);

        Assert.NotEqual(host.OwnerUserId, int.Parse(me.Text("user_id"), System.Globalization.CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task A_token_of_an_unknown_tenant_is_refused_as_such()
    {
        using var client = host.User(1, tenant: Guid.CreateVersion7());

        (await client.GetAsync("/api/v1/auth/me")).Expect(403, "TENANT_UNKNOWN");
    }

    [Fact]
    public async Task A_user_who_was_switched_off_is_refused()
    {
        using var client = host.User(703);
        await host.ExecuteAsync(
            "insert into users (id, tenant_id, user_id, subject, role, is_active) values ($1, $2, 703, '703', 'operator', false)", Guid.CreateVersion7(), host.Tenant);

        (await client.GetAsync("/api/v1/auth/me")).Expect(401, "UNAUTHENTICATED");
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("nonsense")]
    [InlineData("ses_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("ses_short")]
    [InlineData("eyJhbGciOiJub25lIn0.e30.")]
    public async Task What_is_no_valid_token_is_refused_with_a_challenge(string? token)
    {
        using var client = new TestClient(host.Address, token);

        var refused = (await client.GetAsync("/api/v1/telegram/accounts")).Expect(401, "UNAUTHENTICATED");

        Assert.Equal("Bearer", refused.Headers.WwwAuthenticate.Single().Scheme);
    }

    [Fact]
    public async Task A_token_signed_with_another_secret_is_refused()
    {
        var claims = new JsonObject { ["sub"] = "1", ["tenant_id"] = host.Tenant.ToString(), ["role"] = "owner", ["exp"] = 4_000_000_000 };
        using var client = new TestClient(host.Address, ApiHost.Jwt(claims, "another secret of at least 32 bytes"));

        (await client.GetAsync("/api/v1/auth/me")).Expect(401, "UNAUTHENTICATED");
    }

    /// <summary>Header, a claim that is changed, and what the refusal speaks of. The signature is right in each case.</summary>
    [Theory]
    [InlineData("""{"alg":"none"}""", null, null, "token")]
    [InlineData("""{"alg":"HS512","typ":"JWT"}""", null, null, "token")]
    [InlineData("""{"alg":"RS256","typ":"JWT"}""", null, null, "token")]
    [InlineData("""{"alg":"HS256"}""", "exp", 1_000_000_000, "expired")]
    [InlineData("""{"alg":"HS256"}""", "exp", null, "exp")]
    [InlineData("""{"alg":"HS256"}""", "nbf", 4_000_000_000, "nbf")]
    [InlineData("""{"alg":"HS256"}""", "tenant_id", null, "tenant_id")]
    [InlineData("""{"alg":"HS256"}""", "role", null, "role")]
    [InlineData("""{"alg":"HS256"}""", "role", "root", "role")]
    [InlineData("""{"alg":"HS256"}""", "user_id", -5, "user_id")]
    public async Task A_token_that_is_signed_but_not_sound_is_refused_with_its_reason(string header, string? claim, object? value, string said)
    {
        var claims = new JsonObject
        {
            ["sub"] = "705",
            ["user_id"] = 705,
            ["tenant_id"] = host.Tenant.ToString(),
            ["role"] = "owner",
            ["exp"] = TimeProvider.System.GetUtcNow().AddHours(1).ToUnixTimeSeconds(),
        };
        if (claim is not null)
        {
            claims.Remove(claim);
            if (value is not null)
                claims[claim] = System.Text.Json.JsonSerializer.SerializeToNode(value);
        }

        using var client = new TestClient(host.Address, ApiHost.Jwt(claims, header: header));

        var refused = (await client.GetAsync("/api/v1/telegram/accounts")).Expect(401, "UNAUTHENTICATED");

        Assert.Contains(said, refused.Text("detail"), StringComparison.Ordinal);
        Assert.Equal("error=\"invalid_token\"", refused.Headers.WwwAuthenticate.Single().Parameter);
        Assert.Equal(0L, await host.ScalarAsync<long>("select count(*) from users where user_id = 705"));
    }

    [Theory]
    [InlineData("viewer", "/api/v1/telegram/connect")]
    [InlineData("viewer", "/api/v1/telegram/send")]
    [InlineData("operator", "/api/personal-telegram-accounts/login")]
    [InlineData("operator", "/api/v1/projects")]
    public async Task A_role_that_does_not_suffice_is_refused(string role, string path)
    {
        using var client = host.User(704, role);

        (await client.PostAsync(path, new { })).Expect(403, "FORBIDDEN");
    }

    [Theory]
    [InlineData("email", "no address")]
    [InlineData("password", "short")]
    public async Task A_bad_field_behind_the_owner_link_is_named(string field, string value)
    {
        var body = new JsonObject { ["token"] = "own_" + new string('A', 43), ["email"] = "x@example.org", ["password"] = "long enough, surely" };
        body[field] = value;
        using var client = host.Anonymous();

        var refused = (await client.PostAsync("/api/v1/auth/owner-link", body)).Expect(400, "VALIDATION_FAILED");

        Assert.Equal([field], refused.ErrorFields);
    }
}
