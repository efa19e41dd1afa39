using Integrations.Sandbox.Telegram.Faults;
using Integrations.Testing;

namespace Integrations.Workers.Tests.Logins;

public sealed class PhoneLoginTests(Servers servers)
{
    [Fact]
    public async Task A_phone_and_its_code_connect_after_a_wrong_code_on_the_persons_own_data_centre()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation);
        var gleb = installation.Telegram.PhoneOf("gleb");
        var login = await installation.Customer.StartLoginAsync($"+{gleb.Owner.Phone}");
        await installation.Customer.UntilLoginAsync(login, "code_required");

        Assert.Equal("TG_CODE_INVALID", await installation.Customer.TypeAsync(login, "code", "00000"));
        Assert.Null(await installation.Customer.TypeAsync(login, "code", gleb.Codes[0].Code));

        var account = await installation.Customer.UntilAccountAsync(login, "active");
        Assert.Equal((gleb.Owner.Id, 1), (account.TelegramUserId, account.DcId));
    }

    [Fact]
    public async Task A_phone_login_asks_for_the_second_factor()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation);
        var vera = installation.Telegram.PhoneOf("vera");
        var login = await installation.Customer.StartLoginAsync($"+{vera.Owner.Phone}");
        await installation.Customer.UntilLoginAsync(login, "code_required");

        Assert.Null(await installation.Customer.TypeAsync(login, "code", vera.Codes[0].Code));
        await installation.Customer.UntilLoginAsync(login, "password_required");
        Assert.Null(await installation.Customer.TypeAsync(login, "password", vera.Owner.Password));

        await installation.Customer.UntilAccountAsync(login, "active");
    }

    [Fact]
    public async Task A_restarted_owner_takes_the_code_that_the_earlier_one_asked_for()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        var boris = installation.Telegram.PhoneOf("boris");
        var first = await TestWorker.StartAsync(installation);
        var login = await installation.Customer.StartLoginAsync($"+{boris.Owner.Phone}");
        await installation.Customer.UntilLoginAsync(login, "code_required");
        await first.KillAsync();

        await using var second = await TestWorker.StartAsync(installation);
        Assert.Null(await installation.Customer.TypeAsync(login, "code", boris.Codes[0].Code));

        await installation.Customer.UntilAccountAsync(login, "active");
        Assert.Single(boris.Codes);
    }

    [Fact]
    public async Task An_unknown_number_ends_the_login_with_its_own_answer()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation);

        var login = await installation.Customer.StartLoginAsync("+9996629999");
        var seen = await Eventually.BecomesAsync(
            "the number is judged", _ => installation.Customer.LoginAsync(login), row => row.State is "error" or "code_required");
        if (seen.State == "code_required")
            await installation.Customer.TypeAsync(login, "code", "22222");

        Assert.Equal("TG_PHONE_UNKNOWN", (await installation.Customer.UntilLoginAsync(login, "error")).ErrorCode);
        Assert.False((await installation.Customer.AccountAsync(login)).HasSession);
    }

    [Theory]
    [InlineData("PHONE_NUMBER_INVALID", "TG_PHONE_INVALID")]
    [InlineData("PHONE_NUMBER_BANNED", "TG_PHONE_BANNED")]
    public async Task A_number_that_Telegram_refuses_ends_the_login_with_its_own_answer(string refusal, string code)
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation);
        installation.Telegram.Faults.Add(new Fault { Kind = FaultKind.RpcError, Method = "auth.sendCode", Code = 400, Error = refusal });

        var login = await installation.Customer.StartLoginAsync($"+{installation.Telegram.PhoneOf("boris").Owner.Phone}");

        Assert.Equal(code, (await installation.Customer.UntilLoginAsync(login, "error")).ErrorCode);
    }

    [Fact]
    public async Task A_flood_wait_tells_when_to_come_back()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation);
        installation.Telegram.Faults.Add(new Fault { Kind = FaultKind.FloodWait, Method = "auth.sendCode", Seconds = 300 });

        var login = await installation.Customer.StartLoginAsync($"+{installation.Telegram.PhoneOf("boris").Owner.Phone}");

        var seen = await installation.Customer.UntilLoginAsync(login, "error");
        Assert.Equal("TG_API_429", seen.ErrorCode);
        Assert.InRange(seen.RetryAt!.Value - TimeProvider.System.GetUtcNow(), TimeSpan.FromSeconds(180), TimeSpan.FromSeconds(301));
    }

    [Fact]
    public async Task A_cancelled_login_leaves_no_key_and_no_error()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation);
        var login = await installation.Customer.StartLoginAsync($"+{installation.Telegram.PhoneOf("boris").Owner.Phone}");
        await installation.Customer.UntilLoginAsync(login, "code_required");

        Assert.Null(await installation.Customer.TypeAsync(login, "cancel"));

        var account = await installation.Customer.UntilAccountAsync(login, "disconnected");
        Assert.Equal((null, false), (account.LastErrorCode, account.HasSession));
        Assert.Equal("expired", (await installation.Customer.LoginAsync(login)).State);
    }
}
