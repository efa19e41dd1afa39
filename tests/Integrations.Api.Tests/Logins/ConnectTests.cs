using Integrations.Api.Tests.Host;

namespace Integrations.Api.Tests.Logins;

[Collection(ApiCollection.Name)]
public sealed class ConnectTests(ApiHost host)
{
    [Fact]
    public async Task A_number_then_a_code_connects_an_account()
    {
        using var client = host.User(801);

        var first = (await client.PostAsync("/api/v1/telegram/connect", new { phone = "+9996618011" })).Expect(200);
        Assert.Equal(["status", "session_id", "message", "qr_code", "qr_url", "expires_at"], first.Fields);
        Assert.Equal("code_required", first.Text("status"));
        var second = (await client.PostAsync("/api/v1/telegram/connect", new { phone = "+9996618011", code = " 246-80 " })).Expect(200);

        Assert.Equal(("success", first.Text("session_id")), (second.Text("status"), second.Text("session_id")));
        var account = (await client.GetAsync($"/api/v1/telegram/accounts/{second.Text("session_id")}")).Expect(200);
        Assert.Equal(("active", "connected", "+9996618011"), (account.Text("status"), account.Text("session_metadata.status"), account.Text("phone")));
    }

    [Fact]
    public async Task A_two_step_password_is_asked_for_and_a_wrong_one_may_be_corrected()
    {
        using var client = host.User(802);
        const string Phone = "+9996618022";
        await client.PostAsync("/api/v1/telegram/connect", new { phone = Phone });

        var asked = (await client.PostAsync("/api/v1/telegram/connect", new { phone = Phone, code = TestWorker.RightCode })).Expect(200);
        Assert.Equal("2fa_required", asked.Text("status"));
        (await client.PostAsync("/api/v1/telegram/connect", new { phone = Phone, password = "wrong" })).Expect(400, "TG_PASSWORD_INVALID");
        var done = (await client.PostAsync("/api/v1/telegram/connect", new { phone = Phone, password = TestWorker.RightPassword })).Expect(200);

        Assert.Equal("success", done.Text("status"));
    }

    [Fact]
    public async Task Code_and_password_may_come_in_one_call()
    {
        using var client = host.User(803);
        const string Phone = "+9996618032";
        await client.PostAsync("/api/v1/telegram/connect", new { phone = Phone });

        var done = (await client.PostAsync("/api/v1/telegram/connect", new { phone = Phone, code = TestWorker.RightCode, password = TestWorker.RightPassword })).Expect(200);

        Assert.Equal("success", done.Text("status"));
    }

    [Theory]
    [InlineData("99999", 400, "TG_CODE_INVALID")]
    [InlineData("11111", 400, "TG_CODE_EXPIRED")]
    public async Task A_code_that_is_not_right_is_told_apart_and_leaves_the_login_open(string code, int status, string expected)
    {
        using var client = host.User(804);
        var phone = $"+9996618{code[..3]}";
        await client.PostAsync("/api/v1/telegram/connect", new { phone = phone[..^1] + "1" });

        (await client.PostAsync("/api/v1/telegram/connect", new { phone = phone[..^1] + "1", code })).Expect(status, expected);

        var again = (await client.PostAsync("/api/v1/telegram/connect", new { phone = phone[..^1] + "1" })).Expect(200);
        Assert.Equal("code_required", again.Text("status"));
    }

    [Fact]
    public async Task A_number_that_Telegram_does_not_know_is_told_so_and_can_be_tried_again()
    {
        using var client = host.User(805);

        (await client.PostAsync("/api/v1/telegram/connect", new { phone = "+9996618050" })).Expect(400, "TG_PHONE_UNKNOWN");
        (await client.PostAsync("/api/v1/telegram/connect", new { phone = "+9996618050" })).Expect(400, "TG_PHONE_UNKNOWN");

        Assert.Equal(1L, await host.ScalarAsync<long>("select count(*) from telegram_accounts where user_id = 805"));
        var shown = (await client.GetAsync("/api/v1/telegram/accounts")).Expect(200);
        Assert.Empty(shown.Body!.AsArray());
    }

    [Fact]
    public async Task A_flood_wait_says_how_long()
    {
        using var client = host.User(806);

        var refused = (await client.PostAsync("/api/v1/telegram/connect", new { phone = "+9996618069" })).Expect(429, "TG_API_429");

        Assert.InRange(int.Parse(refused.Text("retry_after"), System.Globalization.CultureInfo.InvariantCulture), 1, 37);
        Assert.Equal(refused.Text("retry_after"), refused.Headers.RetryAfter!.ToString());
    }

    [Fact]
    public async Task A_code_nobody_asked_for_is_refused()
    {
        using var client = host.User(807);

        (await client.PostAsync("/api/v1/telegram/connect", new { phone = "+9996618071", code = TestWorker.RightCode })).Expect(409, "TG_LOGIN_STATE");
    }

    [Fact]
    public async Task Asking_twice_sends_one_code()
    {
        using var client = host.User(808);

        var first = (await client.PostAsync("/api/v1/telegram/connect", new { phone = "+9996618081" })).Expect(200);
        var second = (await client.PostAsync("/api/v1/telegram/connect", new { phone = "+9996618081" })).Expect(200);

        Assert.Equal(first.Text("session_id"), second.Text("session_id"));
        Assert.Equal(1L, await host.ScalarAsync<long>("select count(*) from telegram_accounts where user_id = 808"));
    }

    [Fact]
    public async Task A_number_that_is_connected_needs_no_code()
    {
        using var client = host.User(809);
        await client.PostAsync("/api/v1/telegram/connect", new { phone = "+9996618091" });
        await client.PostAsync("/api/v1/telegram/connect", new { phone = "+9996618091", code = TestWorker.RightCode });

        var again = (await client.PostAsync("/api/v1/telegram/connect", new { phone = "+9996618091" })).Expect(200);

        Assert.Equal("success", again.Text("status"));
    }

    [Fact]
    public async Task A_qr_code_is_a_picture_of_the_link_and_the_same_login_is_shown_again()
    {
        using var client = host.User(810);

        var shown = (await client.GetAsync("/api/v1/telegram/qr-code")).Expect(200);
        Assert.Equal(["qr_code", "message", "session_id", "expires_at", "qr_url", "qr_expires_at", "status"], shown.Fields);
        Assert.Equal([0x89, 0x50, 0x4E, 0x47], Convert.FromBase64String(shown.Text("qr_code"))[..4]);
        Assert.Equal(("tg://login?token=first", "pending"), (shown.Text("qr_url"), shown.Text("status")));
        Assert.Equal("no-store", shown.Headers.CacheControl!.ToString());

        var repeated = (await client.GetAsync("/api/v1/telegram/qr-code")).Expect(200);
        Assert.Equal(shown.Text("session_id"), repeated.Text("session_id"));

        await host.Worker.ShowAsync(shown.Id("session_id"), host.Tenant, "tg://login?token=second", TestContext.Current.CancellationToken);
        var rotated = (await client.GetAsync($"/api/v1/telegram/qr-code?session_id={shown.Text("session_id")}")).Expect(200);
        Assert.Equal("tg://login?token=second", rotated.Text("qr_url"));
        Assert.NotEqual(shown.Text("qr_code"), rotated.Text("qr_code"));

        await host.Worker.ScanAsync(shown.Id("session_id"), 81001);
        var done = (await client.GetAsync($"/api/v1/telegram/qr-code?session_id={shown.Text("session_id")}")).Expect(200);
        Assert.Equal("success", done.Text("status"));
        Assert.Null(done["qr_code"]);
    }

    [Fact]
    public async Task The_link_lies_sealed_in_the_database()
    {
        using var client = host.User(811);
        var shown = (await client.GetAsync("/api/v1/telegram/qr-code")).Expect(200);

        var stored = await host.ScalarAsync<byte[]>("select qr_url_sealed from telegram_logins where id = $1", shown.Id("session_id"));

        Assert.DoesNotContain("tg://", System.Text.Encoding.Latin1.GetString(stored), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_qr_code_whose_time_is_over_is_gone()
    {
        using var client = host.User(812);
        var shown = (await client.GetAsync("/api/v1/telegram/qr-code")).Expect(200);
        await host.ExecuteAsync("update telegram_logins set expires_at = now() - interval '1 minute' where id = $1", shown.Id("session_id"));

        (await client.GetAsync($"/api/v1/telegram/qr-code?session_id={shown.Text("session_id")}")).Expect(410, "TG_QR_EXPIRED");
        (await client.GetAsync("/api/v1/telegram/qr-code")).Expect(200);
    }

    [Fact]
    public async Task Accounts_are_listed_in_the_shape_of_the_contract()
    {
        using var client = host.User(813);
        var session = (await client.GetAsync("/api/v1/telegram/qr-code")).Id("session_id");
        await host.Worker.ScanAsync(session, 81301);

        var list = (await client.GetAsync("/api/v1/telegram/accounts")).Expect(200);

        var account = Assert.Single(list.Body!.AsArray())!.AsObject();
        Assert.Equal(
            ["id", "created_at", "updated_at", "user_id", "phone", "session_metadata", "is_active"], account.Select(pair => pair.Key).Take(7));
        Assert.Equal("813", account["user_id"]!.ToString());
        Assert.Equal("""{"status":"connected"}""", account["session_metadata"]!.ToJsonString());
    }

    [Fact]
    public async Task A_disconnected_account_is_listed_only_when_asked_for()
    {
        using var client = host.User(814);
        var session = (await client.GetAsync("/api/v1/telegram/qr-code")).Id("session_id");
        await host.Worker.ScanAsync(session, 81401);

        var gone = (await client.DeleteAsync($"/api/v1/telegram/accounts/{session}")).Expect(200);

        Assert.Equal(["session_id", "status", "message"], gone.Fields);
        Assert.Equal("disconnected", gone.Text("status"));
        Assert.Empty((await client.GetAsync("/api/v1/telegram/accounts")).Body!.AsArray());
        var all = (await client.GetAsync("/api/v1/telegram/accounts?active_only=false")).Body!.AsArray();
        Assert.Equal("disconnected", Assert.Single(all)!["status"]!.ToString());
        (await client.DeleteAsync($"/api/v1/telegram/accounts/{session}")).Expect(200);
    }

    [Fact]
    public async Task Reconnecting_restarts_what_has_a_session_and_logs_in_again_what_has_none()
    {
        using var client = host.User(815);
        var session = (await client.GetAsync("/api/v1/telegram/qr-code")).Id("session_id");
        await host.Worker.ScanAsync(session, 81501);

        var restarted = (await client.PostAsync($"/api/v1/telegram/accounts/{session}/reconnect")).Expect(200);
        Assert.Equal("success", restarted.Text("status"));
        Assert.Equal(1L, await host.ScalarAsync<long>("select restart_done from telegram_accounts where id = $1", session));

        await client.DeleteAsync($"/api/v1/telegram/accounts/{session}");
        var login = (await client.PostAsync($"/api/v1/telegram/accounts/{session}/reconnect")).Expect(200);
        Assert.Equal(("pending", session.ToString()), (login.Text("status"), login.Text("session_id")));
        Assert.NotNull(login["qr_code"]);
        await host.Worker.ScanAsync(session, 81501);

        await client.DeleteAsync($"/api/v1/telegram/accounts/{session}");
        var byPhone = (await client.PostAsync($"/api/v1/telegram/accounts/{session}/reconnect", new { phone = "+9996618151" })).Expect(200);
        Assert.Equal("code_required", byPhone.Text("status"));
    }

    [Fact]
    public async Task What_takes_longer_than_ten_seconds_goes_on_and_says_so()
    {
        using var client = host.User(816);
        var session = (await client.GetAsync("/api/v1/telegram/qr-code")).Id("session_id");
        await host.Worker.ScanAsync(session, 81601);
        using (await host.Worker.RestAsync())
        {
            var going = (await client.DeleteAsync($"/api/v1/telegram/accounts/{session}")).Expect(202);

            Assert.Equal("disconnecting", going.Text("status"));
            Assert.Equal($"/api/v1/telegram/accounts/{session}", going.Headers.Location!.ToString());
            Assert.Equal("disconnecting", (await client.GetAsync($"/api/v1/telegram/accounts/{session}")).Text("status"));
            (await client.PostAsync($"/api/v1/telegram/accounts/{session}/reconnect")).Expect(409, "CONFLICT");
        }
    }
}
