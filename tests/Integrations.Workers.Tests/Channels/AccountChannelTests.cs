using Integrations.Core.Telegram.Channels;
using Integrations.Core.Telegram.Messages;
using Integrations.Sandbox.Telegram.World;
using Integrations.Testing;
using Integrations.Workers.Tests.Ownership;

namespace Integrations.Workers.Tests.Channels;

/// <summary>Channels and groups of a personal account, by MTProto; what is posted is read on another person's phone.</summary>
public sealed class AccountChannelTests(Servers servers) : IAsyncLifetime
{
    private const long NewsId = -1_000_003_000_002;
    private static readonly PeerRef News = PeerRef.Channel(3_000_002);
    private static readonly PeerRef Town = PeerRef.Channel(3_000_001);

    private TestInstallation _installation = null!;
    private Desk _desk = null!;

    public async ValueTask InitializeAsync()
    {
        _installation = await TestInstallation.StartAsync(servers);
        _desk = await Desk.OpenAsync(_installation);
    }

    public async ValueTask DisposeAsync()
    {
        await _desk.DisposeAsync();
        await _installation.DisposeAsync();
    }

    [Fact]
    public async Task An_accounts_channels_and_groups_are_found_with_its_rights_and_connected_by_name_link_and_id()
    {
        await using var worker = await TestWorker.StartAsync(_installation);
        var account = await _installation.Customer.ConnectAsync("anna");

        var found = await _desk.FoundAsync(account, null);
        Assert.Equal(
            [("Office", ChannelType.Group, "creator"), ("Town news", ChannelType.Channel, "creator"), ("Town square", ChannelType.Supergroup, "member")],
            found.OrderBy(row => row.Title, StringComparer.Ordinal).Select(row => (row.Title, row.Type, row.KnownRights.Status)));
        Assert.All(found, row => Assert.True(row.CanPost));

        var byName = await _desk.ConnectAsync(account, null, "@town_news");
        Assert.Equal((NewsId, "Town news", ChannelType.Channel, "town_news", 8, true), (byName.ChannelId, byName.Title, byName.Type, byName.Username, byName.MembersCount, byName.CanPost));
        Assert.Equal("CHANNEL_CONNECTED", (await _desk.RefusalAsync(account, null, $"{NewsId}")).Code);
        Assert.Equal(ChannelType.Supergroup, (await _desk.ConnectAsync(account, null, "https://t.me/town_square/4")).Type);
        Assert.Equal(ChannelType.Group, (await _desk.ConnectAsync(account, null, "-2001")).Type);
        Assert.Equal("CHANNEL_NOT_FOUND", (await _desk.RefusalAsync(account, null, "@nobody_at_all")).Code);
        Assert.Equal("CHANNEL_NOT_FOUND", (await _desk.RefusalAsync(account, null, "@boris")).Code);
        Assert.Equal("CHANNEL_NOT_FOUND", (await _desk.RefusalAsync(account, null, "https://t.me/+nobodymadethis")).Code);
    }

    [Fact]
    public async Task Who_only_reads_a_channel_is_told_which_right_is_missing()
    {
        await using var worker = await TestWorker.StartAsync(_installation);
        var account = await _installation.Customer.ConnectAsync("boris");

        var (code, detail) = await _desk.RefusalAsync(account, null, "@town_news");
        Assert.Equal("CHANNEL_RIGHTS_MISSING", code);
        Assert.Contains("administrator", detail, StringComparison.Ordinal);

        _installation.Telegram.PhoneOf("anna").Promote(News, 1_000_002, "can_delete_messages");
        (code, detail) = await _desk.RefusalAsync(account, null, "@town_news");
        Assert.Equal("CHANNEL_RIGHTS_MISSING", code);
        Assert.Contains("post_messages", detail, StringComparison.Ordinal);

        _installation.Telegram.PhoneOf("anna").Promote(News, 1_000_002, "can_post_messages");
        Assert.True((await _desk.ConnectAsync(account, null, "@town_news")).CanPost);
    }

    [Fact]
    public async Task The_regular_look_finds_that_the_right_is_lost_and_when_it_is_back()
    {
        await using var worker = await TestWorker.StartAsync(_installation, [("Channels:CheckInterval", "00:00:01"), ("Channels:PollInterval", "00:00:00.2")]);
        var account = await _installation.Customer.ConnectAsync("boris");
        var anna = _installation.Telegram.PhoneOf("anna");
        anna.Promote(News, 1_000_002, "can_post_messages");
        var channel = (await _desk.ConnectAsync(account, null, "@town_news")).Id;

        anna.Promote(News, 1_000_002);
        // The first look would come an hour after the channel was connected; those after it come at the worker's interval.
        await _installation.ExecuteAsync($"update telegram_channels set check_at = clock_timestamp() where id = '{channel}'");
        var lost = await _desk.UntilAsync("the right is lost", channel, row => !row.CanPost);
        Assert.Equal(("CHANNEL_RIGHTS_MISSING", true), (lost.ErrorCode, lost.IsActive));
        var refusal = await Assert.ThrowsAsync<Core.Errors.IntegrationException>(() => _desk.PostAsync(channel, "Too late"));
        Assert.Equal("CHANNEL_RIGHTS_MISSING", refusal.Code);
        Assert.Contains("channel.updated", await _installation.Customer.RowsAsync("select type from outbox union all select type from events"), StringComparer.Ordinal);

        anna.Promote(News, 1_000_002, "can_post_messages");
        Assert.Null((await _desk.UntilAsync("the right is back", channel, row => row.CanPost)).ErrorCode);
        anna.Ban(News, 1_000_002);
        Assert.Equal("CHANNEL_NOT_FOUND", (await _desk.UntilAsync("it is put out", channel, row => !row.IsActive)).ErrorCode);
    }

    [Fact]
    public async Task A_post_is_edited_pinned_unpinned_and_deleted_for_everybody()
    {
        await using var worker = await TestWorker.StartAsync(_installation);
        var account = await _installation.Customer.ConnectAsync("anna");
        var channel = (await _desk.ConnectAsync(account, null, "@town_news")).Id;
        var boris = _installation.Telegram.PhoneOf("boris");

        var post = await _desk.PostAsync(channel, "The mill is open");
        await _installation.Customer.UntilMessageAsync(post, "delivered");
        Assert.Equal("The mill is open", boris.Messages(News)[^1].Text);

        // Two edits at once are done in the order in which they were asked for.
        await _desk.ChangeAsync(post, MessageChangeKind.Edit, "The mill is closed");
        await _desk.UntilDoneAsync(post, await _desk.ChangeAsync(post, MessageChangeKind.Edit, "The mill is open again"));
        Assert.Equal("The mill is open again", boris.Messages(News)[^1].Text);
        // What it says already is no failure.
        await _desk.UntilDoneAsync(post, await _desk.ChangeAsync(post, MessageChangeKind.Edit, "The mill is open again"));
        var seen = await _desk.MessageAsync(post);
        Assert.Equal(("The mill is open again", true), (seen.Text, seen.EditedAt is not null));

        await _desk.UntilDoneAsync(post, await _desk.ChangeAsync(post, MessageChangeKind.Pin));
        Assert.NotNull((await _desk.MessageAsync(post)).PinnedAt);
        await _desk.UntilDoneAsync(post, await _desk.ChangeAsync(post, MessageChangeKind.Unpin));
        Assert.Null((await _desk.MessageAsync(post)).PinnedAt);

        await _desk.UntilDoneAsync(post, await _desk.ChangeAsync(post, MessageChangeKind.Delete));
        Assert.DoesNotContain(boris.Messages(News), message => message.Text.StartsWith("The mill", StringComparison.Ordinal));
        Assert.NotNull((await _desk.MessageAsync(post)).DeletedAt);
        Assert.Equal("MESSAGE_GONE", (await Assert.ThrowsAsync<Core.Errors.IntegrationException>(() => _desk.ChangeAsync(post, MessageChangeKind.Pin))).Code);
        Assert.Equal(0L, await _installation.ScalarAsync<long>("select count(*) from message_changes where state <> 'done'"));
    }

    [Fact]
    public async Task A_change_that_needs_a_right_fails_with_its_name()
    {
        await using var worker = await TestWorker.StartAsync(_installation);
        var account = await _installation.Customer.ConnectAsync("anna");
        var channel = (await _desk.ConnectAsync(account, null, "@town_square")).Id;
        var post = await _desk.PostAsync(channel, "Hello, square");
        await _installation.Customer.UntilMessageAsync(post, "delivered");

        var change = await _desk.UntilDoneAsync(post, await _desk.ChangeAsync(post, MessageChangeKind.Pin), MessageChangeState.Failed);

        Assert.Equal("CHANNEL_RIGHTS_MISSING", change.ErrorCode);
        Assert.Contains("pin_messages", change.ErrorDetail!, StringComparison.Ordinal);
        Assert.Null((await _desk.MessageAsync(post)).PinnedAt);
    }

    [Fact]
    public async Task A_scheduled_post_waits_for_its_time_and_holds_up_nobody()
    {
        await using var worker = await TestWorker.StartAsync(_installation, ("Channels:PollInterval", "00:00:00.2"));
        var account = await _installation.Customer.ConnectAsync("anna");
        var channel = (await _desk.ConnectAsync(account, null, "@town_news")).Id;
        var boris = _installation.Telegram.PhoneOf("boris");
        var tomorrow = TimeProvider.System.GetUtcNow().AddDays(1);
        var later = await _desk.PostAsync(channel, "For tomorrow", tomorrow);
        var cancelled = await _desk.PostAsync(channel, "Never", tomorrow);

        await _installation.Customer.UntilMessageAsync(await _desk.PostAsync(channel, "For today"), "delivered");
        Assert.Equal(MessageStatus.Scheduled, (await _desk.MessageAsync(later)).Status);
        await _desk.ChangeAsync(later, MessageChangeKind.Edit, "For tomorrow, corrected");
        await _desk.ChangeAsync(cancelled, MessageChangeKind.Delete);
        Assert.Equal((MessageStatus.Failed, "MESSAGE_CANCELLED"), ((await _desk.MessageAsync(cancelled)).Status, (await _desk.MessageAsync(cancelled)).ErrorCode));
        Assert.Equal(["personal_telegram 3 1 1 1"], await _installation.Customer.RowsAsync("select concat_ws(' ', channel, accepted, delivered, failed, in_flight) from doors.message_balance()"));

        // Tomorrow comes.
        await _installation.ExecuteAsync($"update messages set scheduled_for = now() - interval '1 second' where id = '{later}'");
        await _installation.Customer.UntilMessageAsync(later, "delivered");
        Assert.Equal("For tomorrow, corrected", boris.Messages(News)[^1].Text);
        Assert.DoesNotContain(boris.Messages(News), message => message.Text == "Never");
    }

    [Fact]
    public async Task A_change_that_was_accepted_is_done_although_the_worker_is_killed()
    {
        var worker = await WorkerProcess.StartAsync(_installation);
        try
        {
            var account = await _installation.Customer.ConnectAsync("anna");
            var channel = (await _desk.ConnectAsync(account, null, "@town_news")).Id;
            var post = await _desk.PostAsync(channel, "Before");
            await _installation.Customer.UntilMessageAsync(post, "delivered");

            worker.Signal("STOP");
            var edit = await _desk.ChangeAsync(post, MessageChangeKind.Edit, "After");
            var scheduled = await _desk.PostAsync(channel, "On time", TimeProvider.System.GetUtcNow().AddSeconds(1));
            worker.Signal("KILL");
            await worker.DisposeAsync();
            Assert.Equal("Before", _installation.Telegram.PhoneOf("boris").Messages(News)[^1].Text);

            worker = await WorkerProcess.StartAsync(_installation);
            await _desk.UntilDoneAsync(post, edit);
            await _installation.Customer.UntilMessageAsync(scheduled, "delivered");
            Assert.Equal(["After", "On time"], _installation.Telegram.PhoneOf("boris").Messages(News).TakeLast(2).Select(message => message.Text));
            Assert.Empty(_installation.Telegram.Faults.Violations);
        }
        finally
        {
            await worker.DisposeAsync();
        }
    }

    [Fact]
    public async Task Messages_of_ordinary_dialogs_are_changed_too_and_those_of_others_are_not_edited()
    {
        await using var worker = await TestWorker.StartAsync(_installation);
        var account = await _installation.Customer.ConnectAsync("anna");
        var anna = PeerRef.User(1_000_001);
        var boris = _installation.Telegram.PhoneOf("boris");
        var sent = await _installation.Customer.SendAsync(account, "boris", "Helo");
        await _installation.Customer.UntilMessageAsync(sent, "delivered");

        await _desk.UntilDoneAsync(sent, await _desk.ChangeAsync(sent, MessageChangeKind.Edit, "Hello"));
        Assert.Equal("Hello", boris.Messages(anna)[^1].Text);

        boris.Send(anna, "An answer");
        await _installation.Customer.UntilStoredAsync(account, "An answer");
        var answer = await _installation.ScalarAsync<Guid>("select id from messages where text = 'An answer'");
        Assert.Equal("MESSAGE_NOT_CHANGEABLE", (await Assert.ThrowsAsync<Core.Errors.IntegrationException>(() => _desk.ChangeAsync(answer, MessageChangeKind.Edit, "Another"))).Code);
        await _desk.UntilDoneAsync(answer, await _desk.ChangeAsync(answer, MessageChangeKind.Delete));
        Assert.DoesNotContain(boris.Messages(anna), message => message.Text == "An answer");
        Assert.Equal(Town.Kind, News.Kind);
    }
}
