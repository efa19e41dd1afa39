using System.Text.Json.Nodes;
using Integrations.Core.Telegram.Channels;
using Integrations.Core.Telegram.Messages;
using Integrations.Sandbox.Telegram.Phone;
using Integrations.Sandbox.Telegram.World;
using Integrations.Testing;
using Integrations.Workers.Tests.Bots;

namespace Integrations.Workers.Tests.Channels;

/// <summary>Channels and groups of a bot, by the sandbox's Bot API; what is posted is read on a person's phone.</summary>
public sealed class BotChannelTests(Servers servers) : IAsyncLifetime
{
    private const long NewsId = -1_000_003_000_002;
    private static readonly PeerRef News = PeerRef.Channel(3_000_002);

    private TestInstallation _installation = null!;
    private Desk _desk = null!;
    private TestBot _bot = null!;
    private BotCard _card = null!;

    private TelegramPhone Anna => _installation.Telegram.PhoneOf("anna");

    public async ValueTask InitializeAsync()
    {
        _installation = await TestInstallation.StartAsync(servers);
        _desk = await Desk.OpenAsync(_installation);
        _card = Anna.MakeBot("Herald", "herald_bot");
        _bot = await TestBot.ConnectAsync(_installation, token: _card.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _desk.DisposeAsync();
        await _installation.DisposeAsync();
    }

    [Fact]
    public async Task A_bot_is_connected_once_it_may_post_and_is_told_before_what_it_lacks()
    {
        Assert.Equal("CHANNEL_NOT_FOUND", (await _desk.RefusalAsync(null, _bot.Id, "@nobody_at_all")).Code);
        Assert.Equal("CHANNEL_NOT_FOUND", (await _desk.RefusalAsync(null, _bot.Id, "https://t.me/+somebodymadethis")).Code);
        Anna.Invite(News, _card.Id);
        Anna.Promote(News, _card.Id, "can_delete_messages");
        var (code, detail) = await _desk.RefusalAsync(null, _bot.Id, "@town_news");
        Assert.Equal("CHANNEL_RIGHTS_MISSING", code);
        Assert.Contains("post_messages", detail, StringComparison.Ordinal);

        Anna.Promote(News, _card.Id, "can_post_messages", "can_edit_messages", "can_delete_messages");
        var channel = await _desk.ConnectAsync(null, _bot.Id, $"{NewsId}");
        Assert.Equal(("Town news", ChannelType.Channel, true, "administrator"), (channel.Title, channel.Type, channel.CanPost, channel.KnownRights.Status));
        Assert.Equal(9, channel.MembersCount);
    }

    [Fact]
    public async Task A_bots_post_is_edited_pinned_and_deleted_for_everybody()
    {
        await using var worker = await WorkerAsync();
        var channel = await ConnectAsync();
        var boris = _installation.Telegram.PhoneOf("boris");
        var post = await _desk.PostAsync(channel, "The market is open");
        await _installation.Customer.UntilMessageAsync(post, "delivered");
        Assert.Equal("The market is open", boris.Messages(News)[^1].Text);

        await _desk.UntilDoneAsync(post, await _desk.ChangeAsync(post, MessageChangeKind.Edit, "The market is closed"));
        await _desk.UntilDoneAsync(post, await _desk.ChangeAsync(post, MessageChangeKind.Edit, "The market is closed"));
        Assert.Equal("The market is closed", boris.Messages(News)[^1].Text);
        await _desk.UntilDoneAsync(post, await _desk.ChangeAsync(post, MessageChangeKind.Pin));
        await _desk.UntilDoneAsync(post, await _desk.ChangeAsync(post, MessageChangeKind.Unpin));
        await _desk.UntilDoneAsync(post, await _desk.ChangeAsync(post, MessageChangeKind.Delete));
        Assert.DoesNotContain(boris.Messages(News), message => message.Text.StartsWith("The market", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_regular_look_finds_a_lost_right()
    {
        await using var worker = await WorkerAsync(("Channels:CheckInterval", "00:00:01"));
        var channel = await ConnectAsync();

        Anna.Promote(News, _card.Id, "can_delete_messages");
        // The first look would come an hour after the channel was connected; those after it come at the worker's interval.
        await _installation.ExecuteAsync($"update telegram_channels set check_at = clock_timestamp() where id = '{channel}'");

        var lost = await _desk.UntilAsync("the right is lost", channel, row => !row.CanPost);
        Assert.Equal("CHANNEL_RIGHTS_MISSING", lost.ErrorCode);
        Assert.Contains("post_messages", lost.ErrorDetail!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bot_that_is_put_out_loses_its_channel_at_once_and_has_it_again_when_it_is_back()
    {
        await using var worker = await WorkerAsync();
        var channel = await ConnectAsync();

        Anna.Ban(News, _card.Id);
        await _bot.BringAsync(Membership("kicked"));
        var lost = await _desk.UntilAsync("it is lost", channel, row => !row.IsActive);
        Assert.Equal(("CHANNEL_NOT_FOUND", false), (lost.ErrorCode, lost.CanPost));
        Assert.Empty(await _desk.FoundAsync(null, _bot.Id));
        Assert.Equal("CHANNEL_NOT_ACTIVE", (await Assert.ThrowsAsync<Core.Errors.IntegrationException>(() => _desk.PostAsync(channel, "Too late"))).Code);

        Anna.Invite(News, _card.Id);
        Anna.Promote(News, _card.Id, "can_post_messages");
        await _bot.BringAsync(Membership("administrator", ("can_post_messages", true)));
        await _desk.UntilAsync("it is back", channel, row => row is { IsActive: true, CanPost: true, ErrorCode: null });
        var found = Assert.Single(await _desk.FoundAsync(null, _bot.Id));
        Assert.Equal((NewsId, "Town news", ChannelType.Channel, true), (found.ChannelId, found.Title, found.Type, found.CanPost));
    }

    [Fact]
    public async Task Posts_of_others_are_messages_of_the_channels_dialog_and_so_are_their_edits()
    {
        await using var worker = await WorkerAsync();
        await ConnectAsync();
        await _bot.BringAsync(Post("channel_post", "A post"), Post("edited_channel_post", "A post, corrected"));

        await _bot.UntilProcessedAsync();

        Assert.Equal(["A post, corrected"], await _bot.TextsAsync());
        Assert.Equal(["channel 3000002 True"], await _installation.Customer.RowsAsync(
            $"select d.peer_kind || ' ' || d.peer_id || ' ' || case when m.edited_at is not null then 'True' else 'False' end from dialogs d join messages m on m.dialog_id = d.id where d.bot_id = '{_bot.Id}'"));
    }

    [Fact]
    public async Task A_group_that_becomes_a_supergroup_is_followed()
    {
        await using var worker = await WorkerAsync();
        var channel = await ConnectAsync();
        await _installation.ExecuteAsync($"update telegram_channels set channel_id = -77, type = 'group' where id = '{channel}'");
        await _bot.BringAsync(new JsonObject
        {
            ["message"] = new JsonObject
            {
                ["message_id"] = 5,
                ["date"] = 1_790_000_000,
                ["chat"] = new JsonObject { ["id"] = -77, ["type"] = "group", ["title"] = "Town news" },
                ["migrate_to_chat_id"] = NewsId,
            },
        });

        await _desk.UntilAsync("it has the other number", channel, row => row.ChannelId == NewsId);
    }

    [Fact]
    public async Task Into_one_group_a_bot_sends_twenty_messages_a_minute_and_the_rest_later()
    {
        await using var worker = await WorkerAsync();
        var channel = await ConnectAsync();

        foreach (var i in Enumerable.Range(1, 22))
            await _desk.PostAsync(channel, $"Post {i}");

        await Eventually.BecomesAsync("twenty are delivered", _ => CountAsync("delivered"), count => count == 20);
        // The other two wait for a minute, each as one that was not tried yet.
        await Eventually.BecomesAsync("two wait", _ => CountAsync("pending"), count => count == 2);
        await Eventually.BecomesAsync("the first of them knows until when", _ => _installation.ScalarAsync<long>(
            "select count(*) from messages where status = 'pending' and not_before > '-infinity'"), count => count > 0);
        Assert.True(await _installation.ScalarAsync<bool>(
            """
            select min(w.not_before) >= (select min(d.accepted_at) + interval '1 minute' from messages d where d.status = 'delivered')
              from messages w where w.status = 'pending' and w.not_before > '-infinity'
            """));
    }

    private static JsonObject Membership(string status, params (string Right, bool Has)[] rights)
    {
        var member = new JsonObject { ["status"] = status, ["user"] = new JsonObject { ["id"] = 1 } };
        foreach (var (right, has) in rights)
            member[right] = has;
        return new()
        {
            ["my_chat_member"] = new JsonObject
            {
                ["chat"] = ChatOf(),
                ["from"] = new JsonObject { ["id"] = 1_000_001 },
                ["date"] = 1_790_000_000,
                ["old_chat_member"] = new JsonObject { ["status"] = "left" },
                ["new_chat_member"] = member,
            },
        };
    }

    private static JsonObject Post(string kind, string text) => new()
    {
        [kind] = new JsonObject { ["message_id"] = 50, ["date"] = 1_790_000_000, ["chat"] = ChatOf(), ["sender_chat"] = ChatOf(), ["text"] = text },
    };

    private static JsonObject ChatOf() => new() { ["id"] = NewsId, ["type"] = "channel", ["title"] = "Town news", ["username"] = "town_news" };

    private async Task<Guid> ConnectAsync()
    {
        Anna.Invite(News, _card.Id);
        Anna.Promote(News, _card.Id, "can_post_messages", "can_edit_messages", "can_delete_messages");
        return (await _desk.ConnectAsync(null, _bot.Id, "@town_news")).Id;
    }

    private Task<TestWorker> WorkerAsync(params IEnumerable<(string, string?)> settings) =>
        TestWorker.StartAsync(_installation, [("Channels:PollInterval", "00:00:00.2"), .. settings]);

    private Task<long> CountAsync(string status) => _installation.ScalarAsync<long>($"select count(*) from messages where bot_id = '{_bot.Id}' and status = '{status}'");
}
