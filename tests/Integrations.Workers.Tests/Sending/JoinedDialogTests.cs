using Integrations.Core.Telegram.Sending;
using Integrations.Sandbox.Telegram.World;
using Integrations.Testing;
using Npgsql;

namespace Integrations.Workers.Tests.Sending;

/// <summary>A dialog that is known by a name alone is joined to the person's own while somebody is writing to it.</summary>
public sealed class JoinedDialogTests(Servers servers)
{
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_message_that_comes_while_its_dialog_is_being_joined_goes_to_the_one_that_stays(bool byId)
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        var customer = installation.Customer;
        var (account, own, first) = await TwoDialogsAsync(installation);
        var provisional = await installation.ScalarAsync<Guid>($"select dialog_id from messages where id = '{first}'");
        await using var blocking = await installation.Admin.OpenConnectionAsync(_cancel);
        await using var transaction = await blocking.BeginTransactionAsync(_cancel);
        await using (var hold = new NpgsqlCommand($"select from dialogs where id = '{own}' for update", blocking, transaction))
            await hold.ExecuteNonQueryAsync(_cancel);
        await using var worker = await TestWorker.StartAsync(installation);
        await Eventually.BecomesAsync("the join waits", _ => installation.WaitingSessionsAsync(), count => count == 1);

        var accepting = customer.AskToSendAsync(account, byId ? new Recipient(provisional) : new Recipient(Username: "zoya"), "The second");
        await Eventually.BecomesAsync("the sender waits too", _ => installation.WaitingSessionsAsync(), count => count == 2);
        await transaction.CommitAsync(_cancel);
        var second = await accepting;

        await customer.UntilMessageAsync(first, "delivered");
        await customer.UntilMessageAsync(second, "delivered");
        Assert.Equal(2L, await installation.ScalarAsync<long>($"select count(*) from messages where id in ('{first}', '{second}') and dialog_id = '{own}'"));
        Assert.Equal(1L, await installation.ScalarAsync<long>($"select count(*) from dialogs where personal_account_id = '{account}'"));
    }

    [Fact]
    public async Task A_dialog_is_joined_only_after_those_who_are_writing_to_it_and_takes_their_messages_along()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        var customer = installation.Customer;
        var (account, own, first) = await TwoDialogsAsync(installation);
        var second = Customer.NewId();
        await using var writing = await installation.Admin.OpenConnectionAsync(_cancel);
        await using var transaction = await writing.BeginTransactionAsync(_cancel);
        await using (var insert = new NpgsqlCommand(
            $"""
             insert into messages (id, tenant_id, account_id, dialog_id, shard, direction, status, priority, text, random_id, sent_by, accepted_at)
             select '{second}', tenant_id, account_id, dialog_id, shard, direction, 'pending', priority, 'The second', 42, sent_by, now()
               from messages where id = '{first}'
             """,
            writing,
            transaction))
        {
            await insert.ExecuteNonQueryAsync(_cancel);
        }

        await using var worker = await TestWorker.StartAsync(installation);
        await Eventually.BecomesAsync("the join waits", _ => installation.WaitingSessionsAsync(), count => count == 1);
        await transaction.CommitAsync(_cancel);

        Assert.Equal(1, (await customer.UntilMessageAsync(first, "delivered")).Attempts);
        await customer.UntilMessageAsync(second, "delivered");
        Assert.Equal(2L, await installation.ScalarAsync<long>($"select count(*) from messages where id in ('{first}', '{second}') and dialog_id = '{own}'"));
    }

    [Fact]
    public async Task What_is_sent_to_a_name_stands_behind_what_waits_under_it_also_when_the_person_has_written_meanwhile()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        var customer = installation.Customer;
        var (account, own, first) = await TwoDialogsAsync(installation);
        await installation.ExecuteAsync($"update dialogs set username = 'zoya' where id = '{own}'; update telegram_peers set username = 'zoya' where peer_id = {Seed.Zoya}");

        var second = await customer.AskToSendAsync(account, new Recipient(Username: "zoya"), "The second");

        Assert.Equal(1L, await installation.ScalarAsync<long>($"select count(distinct dialog_id) from messages where id in ('{first}', '{second}')"));
        await using var worker = await TestWorker.StartAsync(installation);
        await customer.UntilMessageAsync(second, "delivered");
        await customer.UntilMessageAsync(first, "delivered");
        Assert.Equal(2L, await installation.ScalarAsync<long>($"select count(*) from messages where id in ('{first}', '{second}') and dialog_id = '{own}'"));
        Assert.True(await installation.ScalarAsync<bool>($"select (select telegram_message_id from messages where id = '{first}') < (select telegram_message_id from messages where id = '{second}')"));
        // Nothing waits any more, and the person's own dialog is the only one.
        Assert.Equal(own, await installation.ScalarAsync<Guid>($"select dialog_id from messages where id = '{await customer.AskToSendAsync(account, new Recipient(Username: "zoya"), "The third")}'"));
    }

    [Fact]
    public async Task A_joined_dialog_takes_its_notes_and_its_assignee_along()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        var (_, own, first) = await TwoDialogsAsync(installation);
        var provisional = await installation.ScalarAsync<Guid>($"select dialog_id from messages where id = '{first}'");
        await installation.ScalarAsync<object>(
            $"""
             insert into dialog_notes (id, tenant_id, dialog_id, author_id, text)
             select gen_random_uuid(), d.tenant_id, d.id, a.user_id, 'Ask about the papers' from dialogs d join telegram_accounts a on a.id = d.personal_account_id where d.id = '{provisional}';
             update dialogs d set assignee_id = a.user_id from telegram_accounts a where a.id = d.personal_account_id and d.id = '{provisional}';
             """);
        await using var worker = await TestWorker.StartAsync(installation);

        await installation.Customer.UntilMessageAsync(first, "delivered");

        Assert.Equal(1L, await installation.ScalarAsync<long>($"select count(*) from dialog_notes n join dialogs d on d.id = n.dialog_id where d.id = '{own}' and d.assignee_id = n.author_id"));
        Assert.Equal(0L, await installation.ScalarAsync<long>($"select count(*) from dialogs where id = '{provisional}'"));
    }

    /// <summary>An account that no worker runs, the dialog that Zoya began, and a message to her that began another one.</summary>
    private static async Task<(Guid Account, Guid Own, Guid Message)> TwoDialogsAsync(TestInstallation installation)
    {
        var first = await TestWorker.StartAsync(installation);
        var account = await installation.Customer.ConnectAsync("egor");
        installation.Telegram.PhoneOf("zoya").Send(PeerRef.User(installation.Telegram.PhoneOf("egor").Owner.Id), "I write first");
        await installation.Customer.UntilStoredAsync(account, "I write first");
        await first.StopAsync();
        // As if Zoya had taken her username only now: the next message begins a dialog of its own.
        await installation.ScalarAsync<object>(
            $"update dialogs set username = null where personal_account_id = '{account}'; update telegram_peers set username = null where account_id = '{account}'");
        var own = await installation.ScalarAsync<Guid>($"select id from dialogs where personal_account_id = '{account}'");
        return (account, own, await installation.Customer.SendAsync(account, "zoya", "The first"));
    }
}
