using Integrations.Core.Telegram.Accounts;
using Integrations.Sandbox.Telegram.Faults;
using Integrations.Testing;

namespace Integrations.Workers.Tests.Accounts;

/// <summary>What an account goes through is told, once, and what makes somebody act is a notice.</summary>
public sealed class TimelineTests(Servers servers)
{
    [Fact]
    public async Task A_connection_that_stays_away_is_told_and_so_is_its_return()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation, ("Accounts:TroubleToldAfter", "00:00:00"));
        var account = await ConnectedAsync(installation);

        installation.Telegram.Faults.Add(new Fault { Kind = FaultKind.ResetConnection });

        await Eventually.BecomesAsync(
            "the return is told", _ => installation.Customer.TimelineAsync(account), lines => lines.Contains("back TG_UNAVAILABLE"));
        Assert.Equal(
            ["login_finished", "dropped TG_UNAVAILABLE", "back TG_UNAVAILABLE"], await installation.Customer.TimelineAsync(account));
        Assert.Equal(["account_back over 1"], await installation.Customer.NoticesAsync(account));
        Assert.True(await installation.ScalarAsync<bool>($"select since < at from account_events where account_id = '{account}' and kind = 'back'"));
    }

    [Fact]
    public async Task A_hiccup_is_not_worth_a_line()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation);
        var account = await ConnectedAsync(installation);
        var connected = await installation.ScalarAsync<DateTime>($"select last_connected_at from telegram_accounts where id = '{account}'");

        installation.Telegram.Faults.Add(new Fault { Kind = FaultKind.ResetConnection });
        await Eventually.BecomesAsync(
            "the connection is back",
            _ => installation.ScalarAsync<DateTime>($"select last_connected_at from telegram_accounts where id = '{account}'"),
            at => at > connected);

        Assert.Equal(["login_finished"], await installation.Customer.TimelineAsync(account));
        Assert.Empty(await installation.Customer.NoticesAsync(account));
    }

    [Fact]
    public async Task Pausing_and_coming_back_are_told_and_are_no_notice()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation);
        var account = await ConnectedAsync(installation);
        await installation.Customer.WantAsync(account, AccountGoal.Paused);
        await installation.Customer.UntilAccountAsync(account, "paused");
        await installation.Customer.RestartAsync(account);
        await installation.Customer.UntilAccountAsync(account, "active");
        await installation.Customer.WantAsync(account, AccountGoal.Disconnected);
        await installation.Customer.UntilAccountAsync(account, "disconnected");

        Assert.Equal(["login_finished", "paused", "connected", "disconnected"], await installation.Customer.TimelineAsync(account));
        Assert.Empty(await installation.Customer.NoticesAsync(account));
        // Who paused it says so in the log; the owner adds no second line.
        Assert.Equal(0L, await installation.ScalarAsync<long>("select count(*) from integration_logs where action = 'personal.pause'"));
    }

    [Fact]
    public async Task A_long_wait_is_told_with_its_end_and_a_short_one_is_not()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation);
        var account = await ConnectedAsync(installation);
        installation.Telegram.Faults.Add(new Fault { Kind = FaultKind.RpcError, Method = "messages.sendMessage", Code = 420, Error = "FLOOD_WAIT_2" });
        await installation.Customer.UntilMessageAsync(await installation.Customer.SendAsync(account, "boris", "A short one"), "delivered");
        Assert.Empty(await installation.Customer.NoticesAsync(account));

        installation.Telegram.Faults.Add(new Fault { Kind = FaultKind.RpcError, Method = "messages.sendMessage", Code = 420, Error = "FLOOD_WAIT_600" });
        await installation.Customer.SendAsync(account, "boris", "A long one");

        await Eventually.BecomesAsync("the wait is told", _ => installation.Customer.NoticesAsync(account), notices => notices.Contains("flood_wait 1"));
        Assert.Equal(["login_finished", "flood_wait TG_API_429"], await installation.Customer.TimelineAsync(account));
    }

    [Fact]
    public async Task A_session_that_is_gone_asks_for_a_login_and_a_login_answers_it()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation);
        var account = await ConnectedAsync(installation);
        var anna = installation.Telegram.PhoneOf("anna");
        installation.Telegram.Faults.Add(new Fault { Kind = FaultKind.SignOut, Person = anna.Owner.Id });
        installation.Telegram.Faults.Add(new Fault { Kind = FaultKind.ResetConnection });
        await installation.Customer.UntilAccountAsync(account, "error");
        Assert.Equal(["login_needed 1"], await installation.Customer.NoticesAsync(account));

        await installation.Customer.LogInAgainAsync(account);
        anna.Scan(await installation.Customer.QrUrlAsync(account));
        await installation.Customer.UntilAccountAsync(account, "active");

        Assert.Equal(["login_finished", "error TG_SESSION_EXPIRED", "login_finished"], await installation.Customer.TimelineAsync(account));
        Assert.Equal(["account_back over 1"], await installation.Customer.NoticesAsync(account));
    }

    private static async Task<Guid> ConnectedAsync(TestInstallation installation)
    {
        var account = await installation.Customer.ConnectAsync("anna");
        await installation.Customer.UntilMessageAsync(await installation.Customer.SendAsync(account, "boris", "Connected by now"), "delivered");
        return account;
    }
}
