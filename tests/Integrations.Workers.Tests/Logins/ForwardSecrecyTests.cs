using Integrations.Testing;

namespace Integrations.Workers.Tests.Logins;

public sealed class ForwardSecrecyTests(Servers servers)
{
    [Theory]
    [InlineData("true")]
    [InlineData("false")]
    public async Task An_account_speaks_under_temporary_keys_where_its_host_says_so(string isOn)
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation, ("PERSONAL_TELEGRAM_PFS", isOn));
        var login = await installation.Customer.StartLoginAsync();

        installation.Telegram.PhoneOf("anna").Scan(await installation.Customer.QrUrlAsync(login));

        await installation.Customer.UntilAccountAsync(login, "active");
        Assert.Equal(isOn == "true", installation.Telegram.Bindings > 0);
    }
}
