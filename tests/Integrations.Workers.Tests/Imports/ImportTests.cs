using Integrations.Mtproto.Sessions;
using Integrations.Sandbox.Telegram.Faults;
using Integrations.Sandbox.Telegram.World;
using Integrations.Sandbox.Tests.Telethon;
using Integrations.Testing;

namespace Integrations.Workers.Tests.Imports;

/// <summary>Sessions that Telethon began, from the string that it saves to the messages of our account.</summary>
public sealed class ImportTests(Servers servers)
{
    [Fact]
    public async Task A_session_of_Telethon_goes_on_here_without_a_login()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation);
        var anna = installation.Telegram.PhoneOf("anna");
        var session = await SessionOfAsync(installation, "anna");
        var devices = anna.Devices.Count;
        Assert.Equal((null, null), Outcome(Assert.Single(await installation.Customer.ImportAsync(trial: true, session))));
        Assert.Equal(0L, await installation.ScalarAsync<long>("select count(*) from telegram_accounts"));

        var account = Assert.Single(await installation.Customer.ImportAsync(trial: false, session)).AccountId!.Value;

        var row = await installation.Customer.UntilAccountAsync(account, "active");
        Assert.Equal(anna.Owner.Id, row.TelegramUserId);
        await installation.Customer.UntilMessageAsync(await installation.Customer.SendAsync(account, "boris", "Moved house"), "delivered");
        installation.Telegram.PhoneOf("boris").Send(PeerRef.User(anna.Owner.Id), "Welcome");
        await installation.Customer.UntilStoredAsync(account, "Welcome");
        Assert.Equal(devices, anna.Devices.Count);
        Assert.Equal(["imported", "login_finished"], await installation.Customer.TimelineAsync(account));
        Assert.Empty(installation.Telegram.Faults.Violations);

        // The same key is never on a second account.
        Assert.Equal((null, "TG_ALREADY_CONNECTED"), Outcome(Assert.Single(await installation.Customer.ImportAsync(trial: true, session))));
        Assert.Equal((null, "TG_ALREADY_CONNECTED"), Outcome(Assert.Single(await installation.Customer.ImportAsync(trial: false, session))));
    }

    [Fact]
    public async Task A_person_who_is_connected_here_already_keeps_the_other_session_alive_elsewhere()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation);
        var anna = installation.Telegram.PhoneOf("anna");
        await installation.Customer.ConnectAsync("anna");
        var session = await SessionOfAsync(installation, "anna");
        var devices = anna.Devices.Count;

        var account = Assert.Single(await installation.Customer.ImportAsync(trial: false, session)).AccountId!.Value;

        var row = await installation.Customer.UntilAccountAsync(account, "error");
        Assert.Equal(("TG_ALREADY_CONNECTED", false), (row.LastErrorCode, row.HasSession));
        Assert.Equal(devices, anna.Devices.Count);
        await using var telethon = Journey.Start(installation.Telegram, "none", "full", session: session);
        await telethon.HearAsync("signed_in");
    }

    [Fact]
    public async Task A_dead_session_is_an_account_in_error_and_may_be_tried_again()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation);
        var session = await SessionOfAsync(installation, "anna");
        installation.Telegram.Faults.Add(new Fault { Kind = FaultKind.SignOut, Person = installation.Telegram.PhoneOf("anna").Owner.Id });

        foreach (var verdict in await installation.Customer.ImportAsync(trial: false, session))
            Assert.Equal(("TG_SESSION_EXPIRED", false), Seen(await installation.Customer.UntilAccountAsync(verdict.AccountId!.Value, "error")));
        foreach (var verdict in await installation.Customer.ImportAsync(trial: false, session))
            Assert.Equal(("TG_SESSION_EXPIRED", false), Seen(await installation.Customer.UntilAccountAsync(verdict.AccountId!.Value, "error")));
    }

    [Fact]
    public async Task While_Telegram_fails_an_import_waits_and_loses_nothing()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation);
        var session = await SessionOfAsync(installation, "anna");
        var devices = installation.Telegram.PhoneOf("anna").Devices.Count;
        installation.Telegram.Faults.Add(new Fault { Kind = FaultKind.RpcError, Method = "users.getUsers", Code = 500, Error = "INTERNAL", Times = 6 });

        var account = Assert.Single(await installation.Customer.ImportAsync(trial: false, session)).AccountId!.Value;

        await installation.Customer.UntilAccountAsync(account, "active");
        Assert.Equal(devices, installation.Telegram.PhoneOf("anna").Devices.Count);
    }

    [Fact]
    public async Task What_is_no_session_or_comes_twice_is_told_row_by_row()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation);
        var session = await SessionOfAsync(installation, "anna");
        Assert.True(TelethonSession.TryParse(session, out var read));
        var elsewhere = (read with { DcId = 77 }).Export();

        // Another data centre with the same key is the same key: it repeats the first.
        Assert.Equal(
            [null, "TG_SESSION_REPEATED", "TG_SESSION_INVALID", "TG_SESSION_INVALID", "TG_SESSION_REPEATED"],
            (await installation.Customer.ImportAsync(trial: true, session, session, "1abc", session[..^8], elsewhere)).Select(verdict => verdict.Code));
        Assert.Equal(["TG_SESSION_DC_UNKNOWN"], (await installation.Customer.ImportAsync(trial: true, elsewhere)).Select(verdict => verdict.Code));
    }

    private static (Guid?, string?) Outcome(Core.Telegram.Accounts.ImportVerdict verdict) => (verdict.AccountId, verdict.Code);

    private static (string?, bool) Seen(AccountSeen account) => (account.LastErrorCode, account.HasSession);

    private static async Task<string> SessionOfAsync(TestInstallation installation, string person)
    {
        await using var telethon = Journey.Start(installation.Telegram, "code", "full", person);
        await telethon.HearAsync("listening");
        await telethon.OrderAsync(new { order = "session" });
        var session = (string)(await telethon.HearAsync("session"))["text"]!;
        await telethon.OrderAsync(new { order = "stop" });
        await telethon.EndAsync();
        return session;
    }
}
