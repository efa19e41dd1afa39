using Integrations.Sandbox.Telegram.World;
using Integrations.Testing;

namespace Integrations.Workers.Tests.Receiving;

public sealed class ReceivingTests(Servers servers)
{
    [Fact]
    public async Task What_is_written_to_the_account_is_stored_once_with_its_dialog_and_its_event()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation);
        var account = await installation.Customer.ConnectAsync("anna");

        Write(installation, "boris", "anna", "Good morning, Anna");

        var row = Assert.Single(await installation.Customer.UntilStoredAsync(account, "Good morning, Anna"));
        Assert.Equal(("received", "personal_telegram_in"), (row.Status, row.Direction));
        Assert.Equal("Boris Belov", await installation.ScalarAsync<string>($"select title from dialogs where personal_account_id = '{account}' and username = 'boris'"));
        Assert.Equal(1L, await installation.ScalarAsync<long>(
            $"select count(*) from (select type, data from outbox union all select type, data from events) e where type = 'message.created' and data ->> 'text' = 'Good morning, Anna'"));
    }

    [Fact]
    public async Task What_was_written_while_no_worker_ran_arrives_once_after_a_kill()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        var first = await TestWorker.StartAsync(installation);
        var account = await installation.Customer.ConnectAsync("anna");
        Write(installation, "boris", "anna", "Before");
        await installation.Customer.UntilStoredAsync(account, "Before");
        await first.KillAsync();
        Write(installation, "boris", "anna", "Are you there?");

        await using var second = await TestWorker.StartAsync(installation);

        await installation.Customer.UntilStoredAsync(account, "Are you there?");
        Write(installation, "boris", "anna", "After");
        await installation.Customer.UntilStoredAsync(account, "After");
        Assert.Single(await installation.Customer.StoredAsync(account, "Before"));
        Assert.Single(await installation.Customer.StoredAsync(account, "Are you there?"));
    }

    [Fact]
    public async Task A_closed_dialog_stays_closed_when_we_write_and_opens_when_the_other_does()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation);
        var account = await installation.Customer.ConnectAsync("anna");
        Write(installation, "boris", "anna", "Good morning");
        await installation.Customer.UntilStoredAsync(account, "Good morning");
        await installation.ScalarAsync<object>($"update dialogs set closed_at = now() where personal_account_id = '{account}'");

        Write(installation, "anna", "boris", "From my phone");
        await installation.Customer.UntilStoredAsync(account, "From my phone");
        Assert.Equal(1L, await installation.ScalarAsync<long>($"select count(*) from dialogs where personal_account_id = '{account}' and closed_at is not null"));
        Write(installation, "boris", "anna", "One thing more");
        await installation.Customer.UntilStoredAsync(account, "One thing more");

        Assert.Equal(0L, await installation.ScalarAsync<long>($"select count(*) from dialogs where personal_account_id = '{account}' and closed_at is not null"));
    }

    [Fact]
    public async Task What_the_person_writes_on_another_device_is_stored_as_sent()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation);
        var account = await installation.Customer.ConnectAsync("anna");

        Write(installation, "anna", "boris", "From my phone");

        var row = Assert.Single(await installation.Customer.UntilStoredAsync(account, "From my phone"));
        Assert.Equal(("delivered", "personal_telegram_out"), (row.Status, row.Direction));
    }

    [Fact]
    public async Task Private_chats_groups_and_channels_are_stored_as_the_account_says()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation, ("Accounts:ReconcileInterval", "00:00:00.5"));
        var telegram = installation.Telegram;
        var account = await installation.Customer.ConnectAsync("egor");
        var town = PeerRef.Channel(3000001);
        var news = PeerRef.Channel(3000002);

        telegram.PhoneOf("boris").Send(town, "In the square");
        telegram.PhoneOf("anna").Send(news, "The first news");
        Write(installation, "boris", "egor", "In private");
        await installation.Customer.UntilStoredAsync(account, "In the square");
        await installation.Customer.UntilStoredAsync(account, "In private");

        await installation.Customer.AcceptAsync(account, privateChats: false, groups: false, channels: true);
        await Eventually.BecomesAsync(
            "a post of the channel is stored",
            async _ =>
            {
                telegram.PhoneOf("anna").Send(news, "The second news");
                return (await installation.Customer.StoredAsync(account, "The second news")).Count;
            },
            count => count > 0);
        telegram.PhoneOf("boris").Send(town, "In the square again");
        Write(installation, "boris", "egor", "In private again");
        telegram.PhoneOf("anna").Send(news, "The last news");
        await installation.Customer.UntilStoredAsync(account, "The last news");

        Assert.Empty(await installation.Customer.StoredAsync(account, "The first news"));
        Assert.Empty(await installation.Customer.StoredAsync(account, "In the square again"));
        // The private box moved with the message that was not stored: nothing of it comes back later.
        Write(installation, "boris", "egor", "And once more");
        Assert.Empty(await installation.Customer.StoredAsync(account, "In private again"));
    }

    private static void Write(TestInstallation installation, string from, string to, string text) =>
        installation.Telegram.PhoneOf(from).Send(PeerRef.User(installation.Telegram.PhoneOf(to).Owner.Id), text);
}
