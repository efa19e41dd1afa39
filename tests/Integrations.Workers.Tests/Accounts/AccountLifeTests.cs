using Integrations.Core.Errors;
using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Telegram.Sending;
using Integrations.Sandbox.Telegram.Faults;
using Integrations.Sandbox.Telegram.World;
using Integrations.Testing;

namespace Integrations.Workers.Tests.Accounts;

public sealed class AccountLifeTests(Servers servers)
{
    [Fact]
    public async Task Disconnecting_removes_the_device_and_destroys_the_secret_and_a_new_login_begins_afresh()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation);
        var anna = installation.Telegram.PhoneOf("anna");
        var devices = anna.Devices.Count;
        var account = await installation.Customer.ConnectAsync("anna");

        await installation.Customer.WantAsync(account, AccountGoal.Disconnected);

        var row = await installation.Customer.UntilAccountAsync(account, "disconnected");
        Assert.Equal((false, false), (row.HasSession, row.IsActive));
        Assert.Equal(devices, anna.Devices.Count);

        await installation.Customer.LogInAgainAsync(account);
        anna.Scan(await installation.Customer.QrUrlAsync(account));
        await installation.Customer.UntilAccountAsync(account, "active");
        Assert.Equal(devices + 1, anna.Devices.Count);
    }

    [Fact]
    public async Task Deleting_waits_for_Telegram_and_leaves_the_history()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation);
        var anna = installation.Telegram.PhoneOf("anna");
        var devices = anna.Devices.Count;
        var account = await installation.Customer.ConnectAsync("anna");
        await installation.Customer.UntilMessageAsync(await installation.Customer.SendAsync(account, "boris", "Kept"), "delivered");
        installation.Telegram.Faults.Add(new Fault { Kind = FaultKind.RpcError, Method = "auth.logOut", Code = 500, Error = "INTERNAL", Times = 2 });

        await installation.Customer.WantAsync(account, AccountGoal.Deleted);

        await Eventually.BecomesAsync(
            "the account is deleted", _ => installation.ScalarAsync<bool>($"select deleted_at is not null from telegram_accounts where id = '{account}'"), deleted => deleted);
        Assert.Equal(devices, anna.Devices.Count);
        Assert.Single(await installation.Customer.StoredAsync(account, "Kept"));
    }

    [Fact]
    public async Task A_session_that_was_ended_on_the_phone_is_in_error_and_its_messages_say_why()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation);
        var account = await installation.Customer.ConnectAsync("anna");
        // An account that has just connected still asks this and that, and whichever call hears of it first ends the account, before
        // there is a message perhaps. One that has sent is at rest.
        await installation.Customer.UntilMessageAsync(await installation.Customer.SendAsync(account, "boris", "In time"), "delivered");
        installation.Telegram.Faults.Add(new Fault { Kind = FaultKind.SignOut, Person = installation.Telegram.PhoneOf("anna").Owner.Id });

        var message = await installation.Customer.SendAsync(account, "boris", "Too late");

        Assert.Equal("TG_SESSION_EXPIRED", (await installation.Customer.UntilMessageAsync(message, "failed")).ErrorCode);
        Assert.Equal("TG_SESSION_EXPIRED", (await installation.Customer.UntilAccountAsync(account, "error")).LastErrorCode);
    }

    [Fact]
    public async Task Nothing_is_accepted_for_an_account_that_is_ending()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation);
        var account = await installation.Customer.ConnectAsync("anna");
        // One that has just connected is still being written to by its worker, which would make it active again; one that has sent is at rest.
        await installation.Customer.UntilMessageAsync(await installation.Customer.SendAsync(account, "boris", "In time"), "delivered");
        await using var connection = await installation.Admin.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var ending = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using (var command = connection.CreateCommand())
        {
            command.CommandText = $"update telegram_accounts set status = 'error' where id = '{account}'";
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        var sending = installation.Customer.AskToSendAsync(account, new Recipient(Username: "boris"), "Too late");
        await Eventually.BecomesAsync("the sender waits", _ => installation.WaitingSessionsAsync(), waiting => waiting > 0 || sending.IsCompleted);
        await ending.CommitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(ErrorCodes.AccountNotActive, (await Assert.ThrowsAsync<IntegrationException>(() => sending)).Code);
        Assert.Empty(await installation.Customer.StoredAsync(account, "Too late"));
    }

    [Fact]
    public async Task A_session_that_ends_while_nobody_sends_is_noticed()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation);
        var account = await installation.Customer.ConnectAsync("anna");
        var anna = installation.Telegram.PhoneOf("anna").Owner.Id;
        await Eventually.BecomesAsync("only the account's own connection is open", _ => Task.FromResult(installation.Telegram.OpenConnections), count => count == 1);

        installation.Telegram.Faults.Add(new Fault { Kind = FaultKind.SignOut, Person = anna });
        installation.Telegram.Faults.Add(new Fault { Kind = FaultKind.ResetConnection });

        Assert.Equal("TG_SESSION_EXPIRED", (await installation.Customer.UntilAccountAsync(account, "error")).LastErrorCode);
    }

    [Fact]
    public async Task One_401_that_a_second_connection_denies_changes_nothing()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation);
        var account = await installation.Customer.ConnectAsync("anna");
        installation.Telegram.Faults.Add(new Fault { Kind = FaultKind.RpcError, Method = "messages.sendMessage", Code = 401, Error = "AUTH_KEY_UNREGISTERED" });

        var message = await installation.Customer.SendAsync(account, "boris", "All the same");

        await installation.Customer.UntilMessageAsync(message, "delivered");
        Assert.Equal("active", (await installation.Customer.AccountAsync(account)).Status);
    }

    [Fact]
    public async Task A_paused_account_has_no_connection_and_comes_back_when_it_is_wanted()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation);
        var account = await installation.Customer.ConnectAsync("anna");

        await installation.Customer.WantAsync(account, AccountGoal.Paused);
        await installation.Customer.UntilAccountAsync(account, "paused");
        await Eventually.BecomesAsync("nothing is connected", _ => Task.FromResult(installation.Telegram.OpenConnections), count => count == 0);

        installation.Telegram.PhoneOf("boris").Send(PeerRef.User(installation.Telegram.PhoneOf("anna").Owner.Id), "Meanwhile");
        await installation.Customer.WantAsync(account, AccountGoal.Connected);
        await installation.Customer.UntilStoredAsync(account, "Meanwhile");
        Assert.Equal("active", (await installation.Customer.AccountAsync(account)).Status);
    }

    [Fact]
    public async Task What_nobody_rings_for_is_found_by_the_polls_of_two_and_of_fifteen_seconds()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation);
        var account = await installation.Customer.ConnectAsync("anna");
        installation.Customer.RingsAreLost = true;

        await installation.Customer.UntilMessageAsync(await installation.Customer.SendAsync(account, "boris", "No ring"), "delivered");
        await installation.Customer.WantAsync(account, AccountGoal.Paused);
        await installation.Customer.UntilAccountAsync(account, "paused");
    }

    [Fact]
    public async Task An_account_that_cannot_connect_stays_active_and_says_why_until_it_can()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation);
        var account = await installation.Customer.ConnectAsync("anna");
        installation.Telegram.Faults.Add(new Fault { Kind = FaultKind.RpcError, Method = "users.getUsers", Code = 500, Error = "INTERNAL", Times = 0 });
        installation.Telegram.Faults.Add(new Fault { Kind = FaultKind.RpcError, Method = "users.getFullUser", Code = 500, Error = "INTERNAL", Times = 0 });

        await installation.Customer.RestartAsync(account);

        var troubled = await Eventually.BecomesAsync(
            "the trouble is told", _ => installation.Customer.AccountAsync(account), row => row.LastErrorCode is not null);
        Assert.Equal(("active", "TG_UNAVAILABLE"), (troubled.Status, troubled.LastErrorCode));
        Assert.NotNull(await installation.ScalarAsync<string>($"select last_error from telegram_accounts where id = '{account}'"));

        installation.Telegram.Faults.Clear();
        await Eventually.BecomesAsync("the trouble is over", _ => installation.Customer.AccountAsync(account), row => row.LastErrorCode is null);
        Assert.Null(await installation.ScalarAsync<string>($"select last_error from telegram_accounts where id = '{account}'"));
        await installation.Customer.UntilMessageAsync(await installation.Customer.SendAsync(account, "boris", "Back again"), "delivered");
    }

    [Fact]
    public async Task An_account_is_told_of_once_for_each_real_change()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation);
        var account = await installation.Customer.ConnectAsync("anna");
        await installation.Customer.UntilMessageAsync(await installation.Customer.SendAsync(account, "boris", "Connected by now"), "delivered");
        var connected = await installation.ScalarAsync<DateTime>($"select last_connected_at from telegram_accounts where id = '{account}'");
        installation.Telegram.Faults.Add(new Fault { Kind = FaultKind.ResetConnection });
        await Eventually.BecomesAsync(
            "the connection is back",
            _ => installation.ScalarAsync<DateTime>($"select last_connected_at from telegram_accounts where id = '{account}'"),
            at => at > connected);
        await installation.Customer.WantAsync(account, AccountGoal.Paused);
        await installation.Customer.UntilAccountAsync(account, "paused");

        Assert.Equal(
            ["active", "paused"],
            await installation.ScalarAsync<string[]>(
                $"""
                 select array_agg(data ->> 'status' order by at)
                   from (select data, occurred_at as at, type, account_id from events union all select data, created_at, type, account_id from outbox) e
                  where account_id = '{account}' and type = 'account.updated'
                 """));
    }

    [Fact]
    public async Task Messages_that_come_while_an_account_is_started_afresh_again_and_again_are_sent_once_and_in_order()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation);
        var account = await installation.Customer.ConnectAsync("anna");

        var last = Guid.Empty;
        for (var i = 0; i < 24; i++)
        {
            last = await installation.Customer.SendAsync(account, "boris", $"number {i}");
            if (i % 4 == 1)
                await installation.Customer.RestartAsync(account);
        }

        await installation.Customer.UntilMessageAsync(last, "delivered");
        Assert.Equal(0L, await installation.ScalarAsync<long>($"select count(*) from messages where account_id = '{account}' and status in ('pending', 'sending')"));
        var anna = PeerRef.User(installation.Telegram.PhoneOf("anna").Owner.Id);
        Assert.Equal(
            Enumerable.Range(0, 24).Select(i => $"number {i}"),
            installation.Telegram.PhoneOf("boris").Messages(anna).Where(message => !message.Out).Select(message => message.Text));
        Assert.Empty(installation.Telegram.Faults.Violations);
    }

    [Fact]
    public async Task A_requested_restart_is_followed_exactly_once()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation);
        var account = await installation.Customer.ConnectAsync("anna");

        await installation.Customer.RestartAsync(account);

        await Eventually.BecomesAsync(
            "the restart is done", _ => installation.ScalarAsync<bool>($"select restart_done = restart_requested from telegram_accounts where id = '{account}'"), done => done);
        await installation.Customer.UntilMessageAsync(await installation.Customer.SendAsync(account, "boris", "Afresh"), "delivered");
    }
}
