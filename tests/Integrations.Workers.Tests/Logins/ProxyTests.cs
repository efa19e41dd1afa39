using System.Diagnostics;
using Integrations.Testing;

namespace Integrations.Workers.Tests.Logins;

public sealed class ProxyTests(Servers servers)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task An_account_is_connected_through_the_proxy_of_its_host()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        using var socks = StartSocks(out var port);
        await using var worker = await TestWorker.StartAsync(installation, ("PERSONAL_TELEGRAM_PROXY", $"socks5://anna:right@127.0.0.1:{port}"));
        var login = await installation.Customer.StartLoginAsync();

        installation.Telegram.PhoneOf("anna").Scan(await installation.Customer.QrUrlAsync(login));

        await installation.Customer.UntilAccountAsync(login, "active");
        // Each connection that it passes on is a line.
        var told = await socks.StandardError.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Deadline, TestContext.Current.CancellationToken);
        Assert.Contains("connected to 127.0.0.1", told, StringComparison.Ordinal);
        socks.Kill();
    }

    [Fact]
    public async Task An_account_goes_through_its_own_proxy_from_the_next_connection_on()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        using var socks = StartSocks(out var port);
        await using var worker = await TestWorker.StartAsync(installation, ("Outbound:AllowLoopback", "true"));
        var account = await installation.Customer.ConnectAsync("anna");
        var told = socks.StandardError.ReadLineAsync(TestContext.Current.CancellationToken).AsTask();
        Assert.False(told.IsCompleted);

        await installation.Customer.GoThroughAsync(account, $"socks5://anna:right@127.0.0.1:{port}");

        Assert.Contains("connected to 127.0.0.1", await told.WaitAsync(Deadline, TestContext.Current.CancellationToken), StringComparison.Ordinal);
        await installation.Customer.UntilMessageAsync(await installation.Customer.SendAsync(account, "boris", "By another way"), "delivered");
        socks.Kill();
    }

    [Fact]
    public async Task A_proxy_that_leads_inside_is_not_asked_and_the_account_does_not_go_past_it()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        using var socks = StartSocks(out var port);
        await using var worker = await TestWorker.StartAsync(installation);
        var account = await installation.Customer.ConnectAsync("anna");

        await installation.Customer.GoThroughAsync(account, $"socks5://anna:right@127.0.0.1:{port}");

        await Eventually.BecomesAsync(
            "the account says that Telegram is out of reach", _ => installation.ScalarAsync<string?>($"select last_error_code from telegram_accounts where id = '{account}'"), code => code == "TG_UNAVAILABLE");
        Assert.Equal(0, installation.Telegram.OpenConnections);
        socks.Kill();
        Assert.Empty(await socks.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_proxy_that_cannot_be_used_stops_the_host_without_showing_its_password()
    {
        await using var installation = await TestInstallation.StartAsync(servers);

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(
            () => TestWorker.StartAsync(installation, ("PERSONAL_TELEGRAM_PROXY", "ftp://anna:secret-2@127.0.0.1:21")));

        Assert.Contains("PERSONAL_TELEGRAM_PROXY", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-2", refused.ToString(), StringComparison.Ordinal);
    }

    private static Process StartSocks(out int port)
    {
        port = FreePort.Next();
        return Process.Start(new ProcessStartInfo("microsocks", ["-i", "127.0.0.1", "-p", $"{port}", "-u", "anna", "-P", "right"])
        {
            RedirectStandardError = true,
            UseShellExecute = false,
        })!;
    }
}
