using Integrations.Api.Tests.Host;
using Integrations.Core.People;

namespace Integrations.Api.Tests.People;

/// <summary>Signing in with password and code, from setting it up to losing it.</summary>
[Collection(ApiCollection.Name)]
public sealed class SecondFactorTests(ApiHost host)
{
    private const string Path = "/api/v1/me/second-factor";
    private const string Setting = "/api/v1/settings/security";

    [Fact]
    public async Task After_it_is_confirmed_a_password_alone_opens_nothing()
    {
        using var someone = await Someone.ComeAsync(host);
        await someone.EnrolAsync(confirm: false);
        (await someone.SignInAsync()).Expect(200);

        (await someone.ConfirmAsync()).Expect(200);
        var challenged = (await someone.SignInAsync()).Expect(202);

        Assert.Equal(["challenge", "expires_at"], challenged.Fields);
        using var byChallenge = new TestClient(host.Address, challenged.Text("challenge"));
        (await byChallenge.GetAsync("/api/v1/auth/me")).Expect(401, "UNAUTHENTICATED");
        var session = (await someone.AnswerAsync(challenged, someone.CodeIn(1))).Expect(200);
        using var signedIn = new TestClient(host.Address, session.Text("session_token"));
        Assert.Equal(someone.Email, (await signedIn.GetAsync("/api/v1/auth/me")).Expect(200).Text("email"));
        // The challenge was used up.
        (await someone.AnswerAsync(challenged, someone.RecoveryCodes[0])).Expect(410, "CHALLENGE_INVALID");
    }

    [Fact]
    public async Task A_code_is_used_once_even_by_ten_at_once_each_with_a_challenge_of_his_own()
    {
        using var someone = await Someone.ComeAsync(host);
        await someone.EnrolAsync();
        // The code that confirmed it is used, too.
        var first = (await someone.SignInAsync()).Expect(202);
        (await someone.AnswerAsync(first, someone.CodeIn(0))).Expect(400, "CODE_WRONG");

        var challenges = new List<Answer>();
        for (var i = 0; i < 4; i++)
            challenges.Add((await someone.SignInAsync()).Expect(202));
        var answers = await Task.WhenAll(challenges.Select(challenge => someone.AnswerAsync(challenge, someone.CodeIn(1))));

        Assert.Equal([200, 400, 400, 400], answers.Select(answer => answer.Status).Order());
    }

    [Fact]
    public async Task A_challenge_takes_five_tries_and_guessing_goes_on_with_no_other()
    {
        using var someone = await Someone.ComeAsync(host);
        await someone.EnrolAsync();
        var challenge = (await someone.SignInAsync()).Expect(202);
        for (var i = 0; i < 5; i++)
            (await someone.AnswerAsync(challenge, "no code")).Expect(400, "CODE_WRONG");

        (await someone.AnswerAsync(challenge, someone.CodeIn(1))).Expect(410, "CHALLENGE_INVALID");
        var another = (await someone.SignInAsync()).Expect(202);
        (await someone.AnswerAsync(another, someone.CodeIn(1))).Expect(429, "RATE_LIMITED");
    }

    [Fact]
    public async Task A_challenge_lapses_and_a_made_up_one_is_none()
    {
        using var someone = await Someone.ComeAsync(host);
        await someone.EnrolAsync();
        var challenge = (await someone.SignInAsync()).Expect(202);
        await host.ExecuteAsync(
            "update sign_in_challenges set expires_at = now() - interval '1 second' where token_hash = sha256($1)", System.Text.Encoding.UTF8.GetBytes(challenge.Text("challenge")));

        (await someone.AnswerAsync(challenge, someone.CodeIn(1))).Expect(410, "CHALLENGE_INVALID");
        using var anonymous = host.Anonymous();
        foreach (var token in new[] { "chl_" + new string('A', 43), "ses_" + new string('A', 43), "x", new string('x', 5000) })
            (await anonymous.PostAsync("/api/v1/auth/sign-in/code", new { challenge = token, code = "000000" })).Expect(410, "CHALLENGE_INVALID");
        Assert.Equal(["challenge", "code"], (await anonymous.PostAsync("/api/v1/auth/sign-in/code", new { })).Expect(400, "VALIDATION_FAILED").ErrorFields);
    }

    [Fact]
    public async Task What_the_old_password_has_begun_a_changed_one_does_not_finish()
    {
        using var someone = await Someone.ComeAsync(host);
        await someone.EnrolAsync();
        var challenge = (await someone.SignInAsync()).Expect(202);

        (await someone.Client.PostAsync("/api/v1/me/password", new { current_password = Newcomers.Password, new_password = "another horse battery staple" })).Expect(204);

        (await someone.AnswerAsync(challenge, someone.CodeIn(1))).Expect(410, "CHALLENGE_INVALID");
    }

    [Fact]
    public async Task Each_of_ten_recovery_codes_signs_in_once_and_new_ones_void_the_old()
    {
        using var someone = await Someone.ComeAsync(host);
        await someone.EnrolAsync();
        Assert.Equal(10, someone.RecoveryCodes.Distinct().Count());
        var typed = someone.RecoveryCodes[3].ToUpperInvariant().Replace("-", " ", StringComparison.Ordinal);

        (await someone.AnswerAsync(await someone.SignInAsync(), typed)).Expect(200);
        (await someone.AnswerAsync(await someone.SignInAsync(), typed)).Expect(400, "CODE_WRONG");
        Assert.Equal("9", (await someone.Client.GetAsync(Path)).Expect(200).Text("recovery_codes_left"));

        var renewed = (await someone.Client.PostAsync($"{Path}/recovery-codes", new { password = Newcomers.Password, code = someone.CodeIn(1) })).Expect(200);
        (await someone.AnswerAsync(await someone.SignInAsync(), someone.RecoveryCodes[5])).Expect(400, "CODE_WRONG");
        (await someone.AnswerAsync(await someone.SignInAsync(), renewed["recovery_codes"]![0]!.ToString())).Expect(200);
        Assert.Equal("9", (await someone.Client.GetAsync(Path)).Expect(200).Text("recovery_codes_left"));
    }

    [Fact]
    public async Task Neither_secret_nor_recovery_codes_are_stored_in_clear()
    {
        using var someone = await Someone.ComeAsync(host);
        await someone.EnrolAsync();

        var stored = await host.ScalarAsync<byte[]>("select secret_sealed from second_factors where user_id = $1 and tenant_id = $2", someone.UserId, host.Tenant);
        Assert.Equal(-1, stored.AsSpan().IndexOf(someone.Secret));
        foreach (var code in someone.RecoveryCodes)
        {
            Assert.Equal(0L, await host.ScalarAsync<long>(
                "select count(*) from recovery_codes r where r::text like '%' || $1 || '%' or r::text like '%' || encode($1::bytea, 'hex') || '%'", code.Replace("-", "", StringComparison.Ordinal)));
        }
    }

    [Fact]
    public async Task Setting_up_and_switching_off_take_the_password_and_the_latter_a_code_as_well()
    {
        using var someone = await Someone.ComeAsync(host);
        (await someone.Client.PostAsync(Path, new { password = "not the password" })).Expect(400, "PASSWORD_WRONG");
        (await someone.Client.PostAsync($"{Path}/confirm", new { code = "000000" })).Expect(409, "CONFLICT");
        await someone.EnrolAsync();
        (await someone.Client.PostAsync(Path, new { password = Newcomers.Password })).Expect(409, "CONFLICT");
        (await someone.Client.PostAsync($"{Path}/disable", new { password = "not the password", code = someone.CodeIn(1) })).Expect(400, "PASSWORD_WRONG");
        (await someone.Client.PostAsync($"{Path}/disable", new { password = Newcomers.Password, code = "000000" })).Expect(400, "CODE_WRONG");
        Assert.Equal("true", (await someone.Client.GetAsync(Path)).Expect(200).Text("enabled"));

        (await someone.Client.PostAsync($"{Path}/disable", new { password = Newcomers.Password, code = someone.CodeIn(1) })).Expect(204);

        Assert.Equal("{\"enabled\":false,\"since\":null,\"recovery_codes_left\":0}", (await someone.Client.GetAsync(Path)).Expect(200).Raw);
        (await someone.SignInAsync()).Expect(200);
        Assert.Equal(
            ["user.second_factor_on", "user.second_factor_off"],
            (await someone.Client.GetAsync("/api/v1/telegram/logs")).Expect(200)["items"]!.AsArray().Select(line => line!["action"]!.ToString())
                .Where(action => action.StartsWith("user.second_factor", StringComparison.Ordinal)).Reverse());
    }

    [Fact]
    public async Task Switching_it_on_ends_the_sessions_that_began_without_it()
    {
        using var someone = await Someone.ComeAsync(host);
        using var elsewhere = new TestClient(host.Address, (await someone.SignInAsync()).Expect(200).Text("session_token"));

        await someone.EnrolAsync();

        (await elsewhere.GetAsync("/api/v1/auth/me")).Expect(401, "UNAUTHENTICATED");
        (await someone.Client.GetAsync("/api/v1/auth/me")).Expect(200);
    }

    [Fact]
    public async Task An_owner_takes_a_lost_one_away_and_nobody_else_does()
    {
        using var someone = await Someone.ComeAsync(host);
        await someone.EnrolAsync();
        using var owner = host.Owner();
        using var administrator = host.User(2601, "admin");
        using var foreign = host.User(2602, "owner", await host.AddTenantAsync());
        var path = $"/api/v1/users/{someone.UserId}/second-factor";

        (await administrator.DeleteAsync(path)).Expect(403, "FORBIDDEN");
        (await foreign.DeleteAsync(path)).Expect(404, "NOT_FOUND");
        (await owner.DeleteAsync($"/api/v1/users/{host.OwnerUserId}/second-factor")).Expect(409, "OWN_ROLE");
        (await someone.SignInAsync()).Expect(202);

        (await owner.DeleteAsync(path)).Expect(204);

        (await someone.Client.GetAsync("/api/v1/auth/me")).Expect(401, "UNAUTHENTICATED");
        (await someone.SignInAsync()).Expect(200);
        (await owner.DeleteAsync(path)).Expect(404, "NOT_FOUND");
        Assert.Equal(1L, await host.ScalarAsync<long>(
            "select count(*) from integration_logs where action = 'user.second_factor_reset' and user_id = $1 and details ->> 'user_id' = $2", host.OwnerUserId, $"{someone.UserId}"));
    }

    [Fact]
    public async Task Who_signs_in_at_the_user_service_has_his_second_factor_there()
    {
        using var client = host.User(2603);

        (await client.PostAsync(Path, new { password = "whatever it is" })).Expect(409, "CONFLICT");
    }

    [Fact]
    public async Task Where_it_is_required_an_administrator_without_one_reaches_nothing_but_setting_it_up()
    {
        // Of a tenant of their own: the rule holds for everybody of a tenant.
        var tenant = await host.AddTenantAsync();
        using var ruler = host.User(1, "owner", tenant);
        using var admin = await host.PersonAsync(tenant, 2_000_000_101, "admin");
        using var operators = await host.PersonAsync(tenant, 2_000_000_102, "operator");
        using var token = host.User(3, "admin", tenant);
        using var key = await Newcomers.KeyAsync(host, ruler, "read");
        Assert.False((await admin.GetAsync("/api/v1/auth/me")).Expect(200)["owes_second_factor"]!.GetValue<bool>());
        using var stream = await admin.Http.SendAsync(Listening(admin), HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        Assert.Equal(200, (int)stream.StatusCode);

        var set = (await ruler.PutAsync(Setting, new { second_factor_required = true })).Expect(200);

        Assert.Equal((true, 1), (set["second_factor_required"]!.GetValue<bool>(), set["without_second_factor"]!.GetValue<int>()));
        foreach (var path in new[] { "/api/v1/projects", "/api/v1/users", "/api/v1/me/sessions", "/api/v1/events", Setting, "/api/v1/audit" })
            (await admin.GetAsync(path)).Expect(403, "SECOND_FACTOR_REQUIRED");
        (await admin.PostAsync("/api/v1/projects", new { name = "P" })).Expect(403, "SECOND_FACTOR_REQUIRED");
        (await admin.PostAsync("/api/v1/events/ticket")).Expect(403, "SECOND_FACTOR_REQUIRED");
        // The stream that was open ends as well.
        Assert.Contains("event: end", await stream.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        foreach (var free in new[] { operators, token, key })
            (await free.GetAsync("/api/v1/projects")).Expect(200);

        Assert.True((await admin.GetAsync("/api/v1/auth/me")).Expect(200)["owes_second_factor"]!.GetValue<bool>());
        (await admin.GetAsync(Path)).Expect(200);
        var secret = Someone.FromBase32((await admin.PostAsync(Path, new { password = Newcomers.Password })).Expect(200).Text("secret"));
        (await admin.GetAsync("/api/v1/projects")).Expect(403, "SECOND_FACTOR_REQUIRED");
        (await admin.PostAsync($"{Path}/confirm", new { code = Totp.CodeAt(secret, TimeProvider.System.GetUtcNow()) })).Expect(200);
        (await admin.GetAsync("/api/v1/projects")).Expect(200);
        Assert.Equal(0, (await ruler.GetAsync(Setting)).Expect(200)["without_second_factor"]!.GetValue<int>());

        // An owner takes a lost one away; then it has to be set up anew.
        Assert.Equal([true], (await ruler.GetAsync("/api/v1/users")).Expect(200).Body!.AsArray().Where(person => person!["user_id"]!.GetValue<int>() == 2_000_000_101).Select(person => person!["second_factor"]!.GetValue<bool>()));
        (await ruler.DeleteAsync("/api/v1/users/2000000101/second-factor")).Expect(204);
        (await admin.GetAsync("/api/v1/auth/me")).Expect(401, "UNAUTHENTICATED");
        var audit = (await ruler.GetAsync("/api/v1/audit")).Expect(200).Body!["items"]!.AsArray();
        Assert.Equal(["ResetSecondFactor", "SetSecuritySettings"], audit.Select(entry => entry!["action"]!.ToString()).Where(action => action is "ResetSecondFactor" or "SetSecuritySettings"));
        Assert.Contains("\"before\":{\"second_factor_required\":false}", audit.Single(entry => entry!["action"]!.ToString() == "SetSecuritySettings")!["changes"]!.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_an_owner_asks_it_of_others()
    {
        var tenant = await host.AddTenantAsync();
        using var owner = host.User(1, "owner", tenant);
        using var admin = host.User(2, "admin", tenant);
        using var operators = host.User(3, "operator", tenant);

        (await admin.PutAsync(Setting, new { second_factor_required = true })).Expect(403, "FORBIDDEN");
        (await operators.GetAsync(Setting)).Expect(403, "FORBIDDEN");
        Assert.False((await admin.GetAsync(Setting)).Expect(200)["second_factor_required"]!.GetValue<bool>());
        Assert.Equal(["second_factor_required"], (await owner.PutAsync(Setting, new { })).Expect(400, "VALIDATION_FAILED").ErrorFields);
    }

    private static HttpRequestMessage Listening(TestClient client)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/events");
        request.Headers.Authorization = new("Bearer", client.Token);
        return request;
    }

    private sealed class Someone(ApiHost host, TestClient client, int userId, string email) : IDisposable
    {
        // Codes are made for the moment at which it was set up, so that a step's end between two calls changes nothing.
        private DateTimeOffset _at;

        public TestClient Client => client;

        public int UserId => userId;

        public string Email => email;

        public byte[] Secret { get; private set; } = [];

        public string[] RecoveryCodes { get; private set; } = [];

        public static async Task<Someone> ComeAsync(ApiHost host)
        {
            var (client, userId, email) = await Newcomers.ComeAsync(host);
            return new(host, client, userId, email);
        }

        public async Task EnrolAsync(bool confirm = true)
        {
            var begun = (await client.PostAsync(Path, new { password = Newcomers.Password })).Expect(200);
            Assert.Contains($"secret={begun.Text("secret")}&", begun.Text("otpauth_uri"), StringComparison.Ordinal);
            Secret = FromBase32(begun.Text("secret"));
            if (confirm)
                (await ConfirmAsync()).Expect(200);
        }

        public async Task<Answer> ConfirmAsync()
        {
            _at = TimeProvider.System.GetUtcNow();
            var confirmed = await client.PostAsync($"{Path}/confirm", new { code = CodeIn(0) });
            RecoveryCodes = [.. confirmed.Expect(200)["recovery_codes"]!.AsArray().Select(code => code!.ToString())];
            return confirmed;
        }

        public string CodeIn(int steps) => Totp.CodeAt(Secret, _at.AddSeconds(30 * steps));

        public async Task<Answer> SignInAsync()
        {
            using var anonymous = host.Anonymous();
            return await anonymous.PostAsync("/api/v1/auth/sign-in", new { email, password = Newcomers.Password });
        }

        public async Task<Answer> AnswerAsync(Answer challenge, string code)
        {
            using var anonymous = host.Anonymous();
            return await anonymous.PostAsync("/api/v1/auth/sign-in/code", new { challenge = challenge.Text("challenge"), code });
        }

        public void Dispose() => client.Dispose();

        public static byte[] FromBase32(string text)
        {
            var bits = string.Concat(text.Select(c => Convert.ToString("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".IndexOf(c, StringComparison.Ordinal), 2).PadLeft(5, '0')));
            return [.. Enumerable.Range(0, bits.Length / 8).Select(i => Convert.ToByte(bits.Substring(i * 8, 8), 2))];
        }
    }
}
