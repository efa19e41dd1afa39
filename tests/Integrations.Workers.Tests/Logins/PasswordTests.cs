using Integrations.Testing;

namespace Integrations.Workers.Tests.Logins;

public sealed class PasswordTests(Servers servers)
{
    [Fact]
    public async Task A_wrong_password_says_so_and_the_right_one_finishes_without_a_new_code()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation);
        var vera = installation.Telegram.PhoneOf("vera");
        var login = await installation.Customer.StartLoginAsync();
        vera.Scan(await installation.Customer.QrUrlAsync(login));
        await installation.Customer.UntilLoginAsync(login, "password_required");

        Assert.Equal("TG_PASSWORD_INVALID", await installation.Customer.TypeAsync(login, "password", "not the password"));
        Assert.Equal("password_required", (await installation.Customer.LoginAsync(login)).State);
        Assert.Null(await installation.Customer.TypeAsync(login, "password", vera.Owner.Password));

        Assert.Equal(vera.Owner.Id, (await installation.Customer.UntilAccountAsync(login, "active")).TelegramUserId);
        Assert.Single(vera.Devices);
    }

    [Fact]
    public async Task A_forgotten_password_is_recovered_by_e_mail()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation);
        var dana = installation.Telegram.PhoneOf("dana");
        var login = await installation.Customer.StartLoginAsync();
        dana.Scan(await installation.Customer.QrUrlAsync(login));
        await installation.Customer.UntilLoginAsync(login, "password_required");

        Assert.Null(await installation.Customer.TypeAsync(login, "recovery_request"));
        Assert.NotNull((await installation.Customer.LoginAsync(login)).RecoveryPattern);
        Assert.Equal("TG_RECOVERY_CODE_INVALID", await installation.Customer.TypeAsync(login, "recovery_code", "000000000"));
        Assert.Null(await installation.Customer.TypeAsync(login, "recovery_code", dana.Emails[0].Code));

        await installation.Customer.UntilAccountAsync(login, "active");
    }

    [Fact]
    public async Task Without_a_recovery_address_the_login_stays_open_and_says_why()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation);
        var login = await installation.Customer.StartLoginAsync();
        installation.Telegram.PhoneOf("vera").Scan(await installation.Customer.QrUrlAsync(login));
        await installation.Customer.UntilLoginAsync(login, "password_required");

        Assert.Equal("TG_RECOVERY_UNAVAILABLE", await installation.Customer.TypeAsync(login, "recovery_request"));
        Assert.Equal("password_required", (await installation.Customer.LoginAsync(login)).State);
    }
}
