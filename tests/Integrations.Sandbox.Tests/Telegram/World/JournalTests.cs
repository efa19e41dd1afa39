using Integrations.Sandbox.Telegram;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Tests.Telegram.World;

public sealed class JournalTests : IDisposable
{
    private static readonly PeerRef Anna = PeerRef.User(Seed.Anna);
    private static readonly PeerRef Boris = PeerRef.User(Seed.Boris);

    private readonly string _directory = Directory.CreateTempSubdirectory("sandbox-journal-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Everything_is_there_after_a_restart()
    {
        long key;
        byte[] token;
        int pts;
        using (var before = Open())
        {
            key = before.SignIn(Seed.Anna);
            before.Say(Seed.Anna, Boris, "Remember me", randomId: 9);
            before.World.Read(Seed.Boris, Anna, 0, null);
            token = before.World.ExportQrToken(before.NewKey(), 2, AWorld.ApiId, [], AWorld.Laptop).Token!.Token;
            pts = before.World.Position(Seed.Anna).Pts;
        }

        using var after = Open();
        Assert.Equal(Seed.Anna, after.World.Authorized(key).Id);
        Assert.Equal("Laptop", Assert.Single(after.World.Devices(Seed.Anna)).Device.Info.DeviceModel);
        Assert.Equal("Remember me", Assert.Single(after.World.MessagesAfter(Seed.Boris, Anna, 0, 10)).Text);
        Assert.Equal(0, after.World.DialogWith(Seed.Boris, Anna).Unread);
        Assert.Equal(pts, after.World.Position(Seed.Anna).Pts);
        AWorld.Refused("RANDOM_ID_DUPLICATE", () => after.Say(Seed.Anna, Boris, "Again", randomId: 9));
        after.World.AcceptQrToken(Seed.Boris, token);
        Assert.Equal(77, after.World.FindKey(key, 2)!.FirstSalt);
    }

    [Fact]
    public void Rooms_that_were_made_and_bots_that_were_deleted_are_there_after_a_restart()
    {
        long bot;
        string token;
        PeerRef forum;
        PeerRef group;
        using (var before = Open())
        {
            var made = before.World.MakeBot(Seed.Anna, "A bot", "gone_bot");
            (bot, token) = (made.Id, $"{made.Id}:{made.Bot!.Secret}");
            forum = before.World.MakeChannel(Seed.Anna, "Made", "What for", broadcast: false, forum: true, [Seed.Boris, bot]).Peer;
            group = PeerRef.Group(before.World.MakeGroup(Seed.Vera, "Small", [Seed.Anna]).Id);
            before.World.InviteToGroup(Seed.Anna, group.Id, Seed.Gleb, null);
            before.World.RemoveFromGroup(Seed.Vera, group.Id, Seed.Anna, null);
            before.World.DeleteBot(bot);
        }

        using var after = Open();
        var channel = after.World.FindChannel(forum.Id)!;
        Assert.Equal(("Made", "What for", true), (channel.Title, channel.About, channel.Forum));
        Assert.Equal([Seed.Anna, Seed.Boris], after.World.MembersOf(forum).Order());
        Assert.Equal([Seed.Vera, Seed.Gleb], after.World.MembersOf(group));
        Assert.Null(after.World.FindBot(token));
        Assert.Null(after.World.FindUsername("gone_bot"));
        Assert.DoesNotContain(after.World.Bots(), person => person.Id == bot);
        Assert.Equal(PeerRef.User(Seed.BotFather), after.World.FindUsername("botfather"));
        Assert.NotEqual(forum.Id, after.World.MakeChannel(Seed.Boris, "Next", "", broadcast: true, forum: false, []).Id);
    }

    [Fact]
    public void Rights_topics_pins_and_buttons_are_there_after_a_restart()
    {
        var town = PeerRef.Channel(Seed.Town);
        long bot;
        int topic;
        int sent;
        using (var before = Open())
        {
            bot = before.World.MakeBot(Seed.Anna, "A bot", "kept_bot").Id;
            before.World.ToggleForum(Seed.Boris, Seed.Town, enabled: true);
            before.World.Promote(Seed.Boris, town, bot, AdminRights.ManageTopics | AdminRights.PinMessages, "Clerk", null);
            before.World.Restrict(Seed.Boris, town, Seed.Egor, MemberLimits.SendMessages, 0, null);
            before.World.Ban(Seed.Boris, town, Seed.Zoya, 0, null);
            before.World.SetDefaultLimits(Seed.Boris, town, MemberLimits.SendPolls);
            topic = before.World.CreateTopic(bot, Seed.Town, "Orders", null, 7, null, null).Message.Id;
            var keyboard = new InlineKeyboard([[new InlineButton("Yes", "yes", null, null)]]);
            sent = before.World.Send(bot, new Draft { Peer = town, Text = "Sure?", TopicId = topic, Keyboard = keyboard }, null).Message.Id;
            before.World.Pin(bot, town, sent, pinned: true, ownSideOnly: false, null);
            before.World.EditTopic(bot, Seed.Town, topic, null, null, closed: true, null, null);
        }

        using var after = Open();
        Assert.Equal(Membership.Administrator(AdminRights.ManageTopics | AdminRights.PinMessages, "Clerk"), after.World.PlaceOf(bot, town));
        Assert.Equal(Membership.Restricted(MemberLimits.SendMessages, 0), after.World.PlaceOf(Seed.Egor, town));
        Assert.Equal(Membership.Kicked(0), after.World.PlaceOf(Seed.Zoya, town));
        Assert.Equal(MemberLimits.SendPolls, after.World.FindChannel(Seed.Town)!.DefaultLimits);
        Assert.Equal(
            [(ServiceAction.TopicCreated, "Orders"), ((ServiceAction?)null, "Sure?"), (ServiceAction.Pinned, ""), (ServiceAction.TopicClosed, "")],
            after.World.MessagesAfter(Seed.Anna, town, topic - 1, 10).Select(message => (message.Action, message.Text)));
        Assert.Equal(7, after.World.FindChannel(Seed.Town)!.Box.Find(topic)!.Facts!.IconEmojiId);
        Assert.Equal("yes", after.World.Press(Seed.Anna, town, sent, "yes").Data);
    }

    [Fact]
    public void What_became_of_a_group_and_who_blocked_whom_is_there_after_a_restart()
    {
        long bot;
        long room;
        using (var before = Open())
        {
            bot = before.World.MakeBot(Seed.Anna, "A bot", "kept_bot").Id;
            before.World.InviteToGroup(Seed.Boris, Seed.Office, bot, null);
            before.World.RemoveFromGroup(Seed.Anna, Seed.Office, Seed.Dana, null);
            room = before.World.Migrate(Seed.Anna, Seed.Office).Id;
            before.World.Block(Seed.Boris, bot, blocked: true);
            before.World.DeleteAccount(Seed.Egor);
        }

        using var after = Open();
        Assert.Equal(room, after.World.FindGroup(Seed.Office)!.MigratedTo);
        Assert.Equal([Seed.Anna, Seed.Boris, Seed.Vera, bot], after.World.MembersOf(PeerRef.Channel(room)).Order());
        Assert.Equal(Membership.Kicked(0), after.World.PlaceOf(Seed.Dana, PeerRef.Group(Seed.Office)));
        AWorld.Refused("CHAT_ID_INVALID", () => after.Say(Seed.Boris, PeerRef.Group(Seed.Office), "Anybody?"));
        Assert.Contains(bot, after.World.FindPerson(Seed.Boris)!.Blocked);
        Assert.True(after.World.FindPerson(Seed.Egor)!.IsDeleted);
    }

    [Fact]
    public void A_line_cut_short_by_a_crash_never_happened()
    {
        using (var before = Open())
        {
            before.Say(Seed.Anna, Boris, "Whole");
            before.Say(Seed.Anna, Boris, "Torn");
        }
        var path = Events();
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..^20]);

        using (var after = Open())
        {
            Assert.Equal("Whole", Assert.Single(after.World.MessagesAfter(Seed.Boris, Anna, 0, 10)).Text);
            after.Say(Seed.Anna, Boris, "After the crash");
        }
        using var later = Open();
        Assert.Equal(["Whole", "After the crash"], later.World.MessagesAfter(Seed.Boris, Anna, 0, 10).Select(message => message.Text));
    }

    [Fact]
    public void A_broken_line_in_the_middle_refuses_to_load()
    {
        using (var before = Open())
        {
            before.Say(Seed.Anna, Boris, "One");
            before.Say(Seed.Anna, Boris, "Two");
        }
        var lines = File.ReadAllLines(Events());
        lines[^2] = lines[^2][..10];
        File.WriteAllText(Events(), string.Join('\n', lines) + "\n");

        Assert.Contains($"line {lines.Length - 1}", Assert.Throws<InvalidDataException>(() => Open()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Compaction_keeps_the_world_and_shortens_the_file()
    {
        using (var before = Open(options => options.JournalLimit = 20_000))
        {
            before.SignIn(Seed.Anna);
            for (var i = 0; i < 200; i++)
                before.Say(Seed.Anna, Boris, $"Message {i}", randomId: i + 1);
        }
        Assert.True(new FileInfo(Events()).Length <= 20_000);

        using var after = Open();
        Assert.Equal(200, after.World.MessagesAfter(Seed.Boris, Anna, 0, 1000).Count);
        Assert.Single(after.World.Devices(Seed.Anna));
        AWorld.Refused("RANDOM_ID_DUPLICATE", () => after.Say(Seed.Anna, Boris, "Again", randomId: 5));
        var seen = after.World.MessagesAfter(Seed.Boris, Anna, 0, 1)[0];
        after.World.Send(Seed.Boris, new Draft { Peer = Anna, Text = "A reply across the snapshot", ReplyTo = seen.Id }, null);
        Assert.NotNull(after.World.MessagesAfter(Seed.Anna, Boris, 0, 1000)[^1].ReplyTo);
    }

    [Fact]
    public void A_crash_between_the_two_halves_of_a_compaction_leaves_a_world_that_fits()
    {
        using (var before = Open())
            before.Say(Seed.Anna, Boris, "Kept");
        // What a crash leaves: the next event file and the new snapshot written, the rename not done.
        File.WriteAllText(Path.Combine(_directory, "events-2.jsonl"), "");
        File.WriteAllText(Path.Combine(_directory, "world.json.new"), "{\"generation\":2");

        using var after = Open();
        Assert.Single(after.World.MessagesAfter(Seed.Boris, Anna, 0, 10));
        Assert.Equal(["events-1.jsonl"], Directory.GetFiles(_directory, "events-*").Select(Path.GetFileName));
    }

    [Fact]
    public void Two_sandboxes_cannot_share_a_directory()
    {
        using var first = Open();

        Assert.Throws<IOException>(() => Open());
    }

    private AWorld Open(Action<SandboxTelegramOptions>? more = null) => new(options =>
    {
        options.Directory = _directory;
        more?.Invoke(options);
    });

    private string Events() => Directory.GetFiles(_directory, "events-*.jsonl").Single();
}
