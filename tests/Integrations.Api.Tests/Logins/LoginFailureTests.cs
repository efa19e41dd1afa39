using Integrations.Api.Tests.Host;

namespace Integrations.Api.Tests.Logins;

/// <summary>Every way in which a login fails has its own answer, by both contracts.</summary>
[Collection(ApiCollection.Name)]
public sealed class LoginFailureTests(ApiHost host)
{
    private const string Connect = "/api/v1/telegram/connect";
    private const string Logins = "/api/personal-telegram-accounts/login";

    /// <summary>Number, status, code and whether the answer says when to come back.</summary>
    public static TheoryData<string, int, string, bool> Numbers => new()
    {
        { "+9996621010", 400, "TG_PHONE_UNKNOWN", false },
        { "+9996621016", 400, "TG_PHONE_INVALID", false },
        { "+9996621018", 403, "TG_PHONE_BANNED", false },
        { "+9996621019", 429, "TG_API_429", true },
    };

    /// <summary>Code, status, code of the error and whether the answer says when to come back.</summary>
    public static TheoryData<string, int, string, bool> Codes => new()
    {
        { "99999", 400, "TG_CODE_INVALID", false },
        { TestWorker.ExpiredCode, 400, "TG_CODE_EXPIRED", false },
        { TestWorker.OneCodeTooMany, 429, "TG_API_429", true },
    };

    [Theory]
    [MemberData(nameof(Numbers))]
    public async Task A_number_that_Telegram_refuses_is_told_apart(string phone, int status, string code, bool waits)
    {
        using var client = host.User(1601, "admin", await host.AddTenantAsync());

        var byNumber = (await client.PostAsync(Connect, new { phone })).Expect(status, code);
        var byLogin = (await client.PostAsync(Logins, new { method = "phone", phone })).Expect(status, code);

        foreach (var refused in new[] { byNumber, byLogin })
            RequireWait(refused, waits);
    }

    [Theory]
    [MemberData(nameof(Codes))]
    public async Task A_code_that_Telegram_refuses_is_told_apart_and_the_login_stays_open(string wrong, int status, string code, bool waits)
    {
        using var client = host.User(1602, "admin", await host.AddTenantAsync());
        const string Phone = "+9996621021";
        var id = (await client.PostAsync(Connect, new { phone = Phone })).Expect(200).Text("session_id");

        RequireWait((await client.PostAsync(Connect, new { phone = Phone, code = wrong })).Expect(status, code), waits);
        RequireWait((await client.PostAsync($"{Logins}/{id}/code", new { code = wrong })).Expect(status, code), waits);

        Assert.Equal("code_required", (await client.GetAsync($"{Logins}/{id}")).Expect(200).Text("status"));
        // A new code, and with it the login goes on.
        Assert.Equal("code_required", (await client.PostAsync($"{Logins}/{id}/resend-code")).Expect(200).Text("status"));
        Assert.Equal("success", (await client.PostAsync(Connect, new { phone = Phone, code = TestWorker.RightCode })).Expect(200).Text("status"));
    }

    [Fact]
    public async Task A_forgotten_password_is_recovered_by_e_mail_from_either_contract()
    {
        using var client = host.User(1603, "operator", await host.AddTenantAsync());
        const string Phone = "+9996621022";
        var id = (await client.PostAsync(Connect, new { phone = Phone })).Expect(200).Text("session_id");
        (await client.PostAsync($"{Logins}/{id}/recovery")).Expect(409, "TG_LOGIN_STATE");
        Assert.Equal("2fa_required", (await client.PostAsync(Connect, new { phone = Phone, code = TestWorker.RightCode })).Expect(200).Text("status"));
        (await client.PostAsync(Connect, new { phone = Phone, password = "wrong" })).Expect(400, "TG_PASSWORD_INVALID");

        var asked = (await client.PostAsync($"{Logins}/{id}/recovery")).Expect(200);
        Assert.Equal(("password_required", "d***@example.org"), (asked.Text("status"), asked.Text("recovery_email")));
        (await client.PostAsync($"{Logins}/{id}/recovery/confirm", new { code = "000000" })).Expect(400, "TG_RECOVERY_CODE_INVALID");
        Assert.Equal("completed", (await client.PostAsync($"{Logins}/{id}/recovery/confirm", new { code = TestWorker.RecoveryCode })).Expect(200).Text("status"));
        Assert.Equal("active", (await client.GetAsync($"/api/v1/telegram/accounts/{id}")).Expect(200).Text("status"));
    }

    [Fact]
    public async Task Who_has_no_recovery_address_is_told_so_and_may_still_send_the_password()
    {
        using var client = host.User(1604, "admin", await host.AddTenantAsync());
        var id = (await client.PostAsync(Logins, new { method = "phone", phone = "+9996621032" })).Expect(200).Text("login_id");
        (await client.PostAsync($"{Logins}/{id}/code", new { code = TestWorker.RightCode })).Expect(200);

        (await client.PostAsync($"{Logins}/{id}/recovery")).Expect(409, "TG_RECOVERY_UNAVAILABLE");

        Assert.Equal("completed", (await client.PostAsync($"{Logins}/{id}/password", new { password = TestWorker.RightPassword })).Expect(200).Text("status"));
    }

    [Fact]
    public async Task A_login_that_ended_meanwhile_is_a_refusal_for_the_one_who_connects()
    {
        using var client = host.User(1605, "admin", await host.AddTenantAsync());
        const string Phone = "+9996621051";
        var id = (await client.PostAsync(Connect, new { phone = Phone })).Expect(200).Text("session_id");
        await host.ExecuteAsync("update telegram_logins set expires_at = now() - interval '1 minute' where id = $1", Guid.Parse(id));

        (await client.PostAsync($"{Logins}/{id}/code", new { code = TestWorker.RightCode })).Expect(410, "TG_LOGIN_EXPIRED");
        (await client.PostAsync(Connect, new { phone = Phone, code = TestWorker.RightCode })).Expect(409, "TG_LOGIN_STATE");
        Assert.Equal("code_required", (await client.PostAsync(Connect, new { phone = Phone })).Expect(200).Text("status"));
    }

    [Fact]
    public async Task An_answer_that_is_not_judged_in_time_is_pending_and_its_verdict_follows()
    {
        using var client = host.User(1606, "admin", await host.AddTenantAsync());
        const string Phone = "+9996621061";
        var id = (await client.PostAsync(Connect, new { phone = Phone })).Expect(200).Text("session_id");
        using (await host.Worker.RestAsync())
        {
            Assert.Equal("pending", (await client.PostAsync(Connect, new { phone = Phone, code = TestWorker.RightCode })).Expect(200).Text("status"));
        }

        await Integrations.Testing.Eventually.BecomesAsync(
            "the login is over", async _ => (await client.GetAsync($"{Logins}/{id}")).Expect(200).Text("status"), status => status == "completed", TimeSpan.FromSeconds(60));
    }

    [Fact]
    public async Task Of_two_answers_at_once_neither_waits_for_a_verdict_that_was_overtaken()
    {
        using var client = host.User(1607, "admin", await host.AddTenantAsync());
        var id = (await client.PostAsync(Logins)).Expect(200).Text("login_id");
        await host.Worker.AskPasswordAsync(Guid.Parse(id));
        using var rest = await host.Worker.RestAsync();
        var answers = Enumerable.Range(0, 2).Select(i => client.PostAsync($"{Logins}/{id}/password", new { password = $"wrong {i}" })).ToList();
        await Integrations.Testing.Eventually.BecomesAsync(
            "both lie there", _ => host.ScalarAsync<long>("select count(*) from telegram_login_inputs where login_id = $1", Guid.Parse(id)), count => count == 2, TimeSpan.FromSeconds(60));

        // Both judged before anybody can look: what each waits for is gone, and the verdict that is left is that of one.
        await host.ExecuteAsync(
            """
            with judged as (delete from telegram_login_inputs where login_id = $1 returning id)
            update telegram_logins set last_input_id = (select id from judged limit 1), last_input_error = 'TG_PASSWORD_INVALID' where id = $1
            """,
            Guid.Parse(id));

        var answered = await Task.WhenAll(answers);
        Assert.Single(answered, answer => answer.Status == 400 && answer.Code == "TG_PASSWORD_INVALID");
        Assert.Single(answered, answer => answer.Status == 200 && answer.Text("status") == "password_required");
    }

    private static void RequireWait(Answer refused, bool waits)
    {
        Assert.Equal(waits, refused.Headers.RetryAfter is not null);
        if (!waits)
            return;

        Assert.Equal(refused.Text("retry_after"), refused.Headers.RetryAfter!.ToString());
        Assert.InRange(int.Parse(refused.Text("retry_after"), System.Globalization.CultureInfo.InvariantCulture), 1, 37);
    }
}
