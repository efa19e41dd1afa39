using Integrations.Sandbox.Telegram;
using Integrations.Testing;

namespace Integrations.Workers.Tests.Logins;

public sealed class QrLoginTests(Servers servers)
{
    [Fact]
    public async Task A_qr_login_is_saved_and_survives_a_restart_of_the_worker()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        var customer = installation.Customer;
        var anna = installation.Telegram.PhoneOf("anna");
        var devices = anna.Devices.Count;
        var first = await TestWorker.StartAsync(installation);

        var account = await customer.ConnectAsync("anna");

        var row = await customer.AccountAsync(account);
        Assert.Equal((anna.Owner.Id, true, true), (row.TelegramUserId, row.HasSession, row.IsActive));
        Assert.Equal("completed", (await customer.LoginAsync(account)).State);
        Assert.Equal(devices + 1, anna.Devices.Count);

        await first.StopAsync();
        await using var second = await TestWorker.StartAsync(installation);
        var message = await customer.SendAsync(account, "boris", "After the restart");
        await customer.UntilMessageAsync(message, "delivered");
        Assert.Equal(devices + 1, anna.Devices.Count);
    }

    [Fact]
    public async Task The_code_is_replaced_when_Telegrams_own_token_runs_out()
    {
        SandboxTelegramOptions options = null!;
        await using var installation = await TestInstallation.StartAsync(servers, sandbox => (options = sandbox).QrTokenLifetime = TimeSpan.FromSeconds(3));
        await using var worker = await TestWorker.StartAsync(installation);
        var login = await installation.Customer.StartLoginAsync();
        var first = await installation.Customer.QrUrlAsync(login);
        // Only the first one is in a hurry: the scan below may take its time.
        options.QrTokenLifetime = TimeSpan.FromMinutes(1);

        var second = await Eventually.BecomesAsync("another code", _ => installation.Customer.QrUrlAsync(login), url => url != first);

        installation.Telegram.PhoneOf("anna").Scan(second);
        await installation.Customer.UntilAccountAsync(login, "active");
    }

    [Fact]
    public async Task A_login_that_nobody_finishes_expires_and_leaves_no_device()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation);
        var devices = installation.Telegram.PhoneOf("vera").Devices.Count;
        var login = await installation.Customer.StartLoginAsync(lifetime: TimeSpan.FromSeconds(12));
        installation.Telegram.PhoneOf("vera").Scan(await installation.Customer.QrUrlAsync(login));
        await installation.Customer.UntilLoginAsync(login, "password_required");

        var seen = await installation.Customer.UntilLoginAsync(login, "expired");

        Assert.Equal("TG_QR_EXPIRED", seen.ErrorCode);
        var account = await installation.Customer.AccountAsync(login);
        Assert.Equal(("error", "TG_LOGIN_EXPIRED", false), (account.Status, account.LastErrorCode, account.HasSession));
        Assert.Equal(devices, installation.Telegram.PhoneOf("vera").Devices.Count);
    }

    [Fact]
    public async Task A_person_on_another_data_centre_is_followed_there()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation);

        var account = await installation.Customer.ConnectAsync("gleb");

        Assert.Equal(1, (await installation.Customer.AccountAsync(account)).DcId);
        await installation.Customer.UntilMessageAsync(await installation.Customer.SendAsync(account, "boris", "From the other side"), "delivered");
    }

    [Fact]
    public async Task A_restarted_owner_goes_on_with_the_open_login()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        var first = await TestWorker.StartAsync(installation);
        var login = await installation.Customer.StartLoginAsync();
        installation.Telegram.PhoneOf("vera").Scan(await installation.Customer.QrUrlAsync(login));
        await installation.Customer.UntilLoginAsync(login, "password_required");
        await first.KillAsync();

        await using var second = await TestWorker.StartAsync(installation);
        Assert.Null(await installation.Customer.TypeAsync(login, "password", installation.Telegram.PhoneOf("vera").Owner.Password));

        await installation.Customer.UntilAccountAsync(login, "active");
        Assert.Single(installation.Telegram.PhoneOf("vera").Devices);
    }

    [Fact]
    public async Task A_code_that_was_scanned_while_no_owner_ran_connects_with_the_next_one()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        var anna = installation.Telegram.PhoneOf("anna");
        var devices = anna.Devices.Count;
        var first = await TestWorker.StartAsync(installation);
        var login = await installation.Customer.StartLoginAsync();
        var url = await installation.Customer.QrUrlAsync(login);
        await first.KillAsync();
        anna.Scan(url);

        await using var second = await TestWorker.StartAsync(installation);

        await installation.Customer.UntilAccountAsync(login, "active");
        Assert.Equal(devices + 1, anna.Devices.Count);
    }

    [Fact]
    public async Task A_login_that_ran_out_while_no_owner_ran_leaves_no_device()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        var vera = installation.Telegram.PhoneOf("vera");
        var devices = vera.Devices.Count;
        var first = await TestWorker.StartAsync(installation);
        var login = await installation.Customer.StartLoginAsync();
        vera.Scan(await installation.Customer.QrUrlAsync(login));
        await installation.Customer.UntilLoginAsync(login, "password_required");
        await first.KillAsync();
        await installation.ScalarAsync<object>($"update telegram_logins set expires_at = now() - interval '1 s' where id = '{login}'");

        await using var second = await TestWorker.StartAsync(installation);

        await installation.Customer.UntilLoginAsync(login, "expired");
        var account = await installation.Customer.AccountAsync(login);
        Assert.Equal(("error", "TG_LOGIN_EXPIRED", false), (account.Status, account.LastErrorCode, account.HasSession));
        Assert.Equal(devices, vera.Devices.Count);
    }

    [Fact]
    public async Task A_Telegram_user_who_is_connected_already_is_not_connected_twice()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation);
        await installation.Customer.ConnectAsync("anna");
        var devices = installation.Telegram.PhoneOf("anna").Devices.Count;

        var second = await installation.Customer.StartLoginAsync();
        installation.Telegram.PhoneOf("anna").Scan(await installation.Customer.QrUrlAsync(second));

        Assert.Equal("TG_ALREADY_CONNECTED", (await installation.Customer.UntilLoginAsync(second, "error")).ErrorCode);
        Assert.False((await installation.Customer.AccountAsync(second)).HasSession);
        Assert.Equal(devices, installation.Telegram.PhoneOf("anna").Devices.Count);
    }

    [Fact]
    public async Task Without_a_configured_Telegram_a_login_says_so()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation, ("services:sandbox:http:0", null));

        var login = await installation.Customer.StartLoginAsync();

        Assert.Equal("TG_NOT_CONFIGURED", (await installation.Customer.UntilLoginAsync(login, "error")).ErrorCode);
    }
}
