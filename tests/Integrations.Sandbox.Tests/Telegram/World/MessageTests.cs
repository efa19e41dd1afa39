using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Tests.Telegram.World;

public sealed class MessageTests : IDisposable
{
    private static readonly PeerRef Anna = PeerRef.User(Seed.Anna);
    private static readonly PeerRef Boris = PeerRef.User(Seed.Boris);
    private static readonly PeerRef Office = PeerRef.Group(Seed.Office);
    private static readonly PeerRef Town = PeerRef.Channel(Seed.Town);

    private readonly AWorld _a = new();

    public void Dispose() => _a.Dispose();

    [Fact]
    public void Each_side_of_a_private_chat_numbers_the_message_in_its_own_box()
    {
        _a.Say(Seed.Boris, PeerRef.User(Seed.Vera), "Only in Boris's numbers");
        var sent = _a.Say(Seed.Anna, Boris, "Hello");

        var received = Assert.Single(_a.World.MessagesAfter(Seed.Boris, Anna, 0, 10));
        Assert.NotEqual(sent.Message.Id, received.Id);
        Assert.True(sent.Message.Out);
        Assert.False(received.Out);
        Assert.Equal(("Hello", Anna, Seed.Anna), (received.Text, received.Peer, received.FromId));
    }

    [Fact]
    public void A_message_moves_each_box_by_one_and_tells_everybody_but_its_origin()
    {
        var (before, beforeBoris) = (_a.World.Position(Seed.Anna).Pts, _a.World.Position(Seed.Boris).Pts);
        var origin = new Origin(1, 2);
        _a.World.Send(Seed.Anna, new Draft { Peer = Boris, Text = "Hello" }, origin);

        Assert.Equal(before + 1, _a.World.Position(Seed.Anna).Pts);
        Assert.Equal(beforeBoris + 1, _a.World.Position(Seed.Boris).Pts);
        Assert.Equal(
            [(Seed.Anna, origin), (Seed.Boris, null)],
            _a.Notices.OfType<BoxMoved>().Select(notice => (notice.UserId, notice.Except)));
    }

    [Fact]
    public void A_note_to_oneself_is_one_message()
    {
        _a.Say(Seed.Anna, Anna, "Note");

        Assert.True(Assert.Single(_a.World.MessagesAfter(Seed.Anna, Anna, 0, 10)).Out);
    }

    [Fact]
    public void A_basic_group_gives_every_member_a_copy_in_the_own_box()
    {
        _a.Say(Seed.Anna, Office, "Meeting");

        foreach (var member in new[] { Seed.Anna, Seed.Boris, Seed.Vera, Seed.Dana })
            Assert.Equal("Meeting", _a.World.MessagesAfter(member, Office, 0, 10)[^1].Text);
        AWorld.Refused("CHAT_ID_INVALID", () => _a.World.MessagesAfter(Seed.Gleb, Office, 0, 10));
    }

    [Fact]
    public void A_supergroup_has_one_box_for_all()
    {
        var before = _a.World.Position(Seed.Anna).Pts;
        var sent = _a.Say(Seed.Anna, Town, "Hello town");

        Assert.Equal(before, _a.World.Position(Seed.Anna).Pts);
        Assert.Equal(sent.Message.Id, _a.World.MessagesAfter(Seed.Gleb, Town, 0, 100)[^1].Id);
        Assert.Equal(sent.Pts, Assert.Single(_a.Notices.OfType<ChannelMoved>()).Update.Pts);
    }

    [Fact]
    public void Only_its_creator_posts_in_a_channel() =>
        Assert.Equal(403, AWorld.Refused("CHAT_WRITE_FORBIDDEN", () => _a.Say(Seed.Boris, PeerRef.Channel(Seed.News), "Me too")).Code);

    [Fact]
    public void A_reply_points_to_the_message_under_the_number_that_each_side_knows()
    {
        _a.Say(Seed.Boris, PeerRef.User(Seed.Vera), "Shifts Boris's numbers");
        var question = _a.Say(Seed.Anna, Boris, "Question");
        var seen = _a.World.MessagesAfter(Seed.Boris, Anna, 0, 10)[^1];
        _a.World.Send(Seed.Boris, new Draft { Peer = Anna, Text = "Answer", ReplyTo = seen.Id }, null);

        Assert.Equal(question.Message.Id, _a.World.MessagesAfter(Seed.Anna, Boris, 0, 10)[^1].ReplyTo);
        AWorld.Refused(
            "REPLY_MESSAGE_ID_INVALID",
            () => _a.World.Send(Seed.Boris, new Draft { Peer = Anna, Text = "To nothing", ReplyTo = 999 }, null));
    }

    [Fact]
    public void A_random_id_is_used_once_and_forgotten_after_enough_others()
    {
        using var a = new AWorld(options => options.RandomIdMemory = 10);
        a.Say(Seed.Anna, Boris, "Once", randomId: 7);

        Assert.Equal(500, AWorld.Refused("RANDOM_ID_DUPLICATE", () => a.Say(Seed.Anna, Boris, "Twice", randomId: 7)).Code);
        Assert.Single(a.World.MessagesAfter(Seed.Boris, Anna, 0, 10));
        a.Say(Seed.Boris, Anna, "Another person's own numbers", randomId: 7);
        for (var i = 0; i < 10; i++)
            a.Say(Seed.Anna, Boris, "More", randomId: 100 + i);
        a.Say(Seed.Anna, Boris, "Again", randomId: 7);
    }

    [Theory]
    [InlineData("", "MESSAGE_EMPTY")]
    [InlineData("  \n ", "MESSAGE_EMPTY")]
    public void A_message_without_text_is_refused(string text, string name) => AWorld.Refused(name, () => _a.Say(Seed.Anna, Boris, text));

    [Fact]
    public void The_longest_message_has_4096_characters_of_any_kind()
    {
        _a.Say(Seed.Anna, Boris, string.Concat(Enumerable.Repeat("🙂", 4096)));

        AWorld.Refused("MESSAGE_TOO_LONG", () => _a.Say(Seed.Anna, Boris, new string('a', 4097)));
    }

    [Fact]
    public void Nobody_cannot_be_written_to() => AWorld.Refused("PEER_ID_INVALID", () => _a.Say(Seed.Anna, PeerRef.User(5), "Hello?"));

    [Fact]
    public void Reading_is_shown_to_the_writer_under_the_writers_number()
    {
        _a.Say(Seed.Boris, PeerRef.User(Seed.Vera), "Shifts Boris's numbers");
        var first = _a.Say(Seed.Anna, Boris, "One");
        _a.Say(Seed.Anna, Boris, "Two");
        Assert.Equal(2, _a.World.DialogWith(Seed.Boris, Anna).Unread);
        var seen = _a.World.MessagesAfter(Seed.Boris, Anna, 0, 10)[0];

        _a.World.Read(Seed.Boris, Anna, seen.Id, null);

        Assert.Equal(1, _a.World.DialogWith(Seed.Boris, Anna).Unread);
        Assert.Equal(first.Message.Id, _a.World.DialogWith(Seed.Anna, Boris).ReadOutboxMaxId);
        Assert.Equal((_a.World.Position(Seed.Boris).Pts, 0), _a.World.Read(Seed.Boris, Anna, seen.Id, null));
    }

    [Fact]
    public void The_difference_replays_everything_since_a_position_in_slices()
    {
        var start = _a.World.Position(Seed.Boris).Pts;
        for (var i = 1; i <= 5; i++)
            _a.Say(Seed.Anna, Boris, $"Message {i}");

        var slice = _a.World.Difference(Seed.Boris, start, 3, null);
        Assert.False(slice.IsFinal);
        Assert.Equal(["Message 1", "Message 2", "Message 3"], slice.Updates.Select(step => step.Message!.Text));
        var rest = _a.World.Difference(Seed.Boris, slice.Pts, 3, null);
        Assert.True(rest.IsFinal);
        Assert.Equal(["Message 4", "Message 5"], rest.Updates.Select(step => step.Message!.Text));
        Assert.Equal(_a.World.Position(Seed.Boris).Pts, rest.Pts);
        Assert.Empty(_a.World.Difference(Seed.Boris, rest.Pts, 3, null).Updates);
    }

    [Fact]
    public void A_position_from_nowhere_or_too_far_back_is_told_apart()
    {
        var start = _a.World.Position(Seed.Boris).Pts;
        for (var i = 1; i <= 5; i++)
            _a.Say(Seed.Anna, Boris, $"Message {i}");

        AWorld.Refused("PERSISTENT_TIMESTAMP_EMPTY", () => _a.World.Difference(Seed.Boris, 0, 10, null));
        AWorld.Refused("PERSISTENT_TIMESTAMP_INVALID", () => _a.World.Difference(Seed.Boris, start + 100, 10, null));
        Assert.True(_a.World.Difference(Seed.Boris, start, 10, totalLimit: 4).TooLong);
    }

    [Fact]
    public void A_channels_difference_is_its_own()
    {
        var start = _a.World.ChannelDifference(Seed.Gleb, Seed.Town, 1, 100).Pts;
        _a.Say(Seed.Anna, Town, "One");

        var difference = _a.World.ChannelDifference(Seed.Gleb, Seed.Town, start, 100);

        Assert.Equal("One", Assert.Single(difference.Updates).Message!.Text);
    }

    [Fact]
    public void Dialogs_come_with_the_latest_first()
    {
        _a.Clock.Advance(TimeSpan.FromMinutes(1));
        _a.Say(Seed.Boris, Anna, "Hello");

        var dialogs = _a.World.Dialogs(Seed.Anna);

        Assert.Equal((Boris, 1, "Hello"), (dialogs[0].Peer, dialogs[0].Unread, dialogs[0].Top!.Text));
        Assert.Contains(dialogs, dialog => dialog.Peer == Town && dialog.ChannelPts is not null);
        Assert.Contains(dialogs, dialog => dialog.Peer == Office && dialog.ChannelPts is null);
    }

    [Fact]
    public void History_pages_backwards()
    {
        for (var i = 1; i <= 5; i++)
            _a.Say(Seed.Anna, Boris, $"Message {i}");

        var newest = _a.World.History(Seed.Anna, Boris, _ => true, 0, 0, 2);
        Assert.Equal((5, "Message 5", "Message 4"), (newest.Total, newest.Messages[0].Text, newest.Messages[1].Text));
        var older = _a.World.History(Seed.Anna, Boris, _ => true, newest.Messages[^1].Id, 0, 2);
        Assert.Equal(["Message 3", "Message 2"], older.Messages.Select(message => message.Text));
        var around = _a.World.History(Seed.Anna, Boris, _ => true, older.Messages[0].Id, -2, 4);
        Assert.Equal(["Message 4", "Message 3", "Message 2", "Message 1"], around.Messages.Select(message => message.Text));
    }

    [Fact]
    public void Leaving_a_room_ends_writing_and_joining_begins_it()
    {
        _a.World.Leave(Seed.Anna, Seed.Town, null);
        AWorld.Refused("CHAT_WRITE_FORBIDDEN", () => _a.Say(Seed.Anna, Town, "Still here?"));
        _a.World.Join(Seed.Anna, Seed.Town, null);
        _a.Say(Seed.Anna, Town, "Back");

        AWorld.Refused("USER_ALREADY_PARTICIPANT", () => _a.World.Join(Seed.Anna, Seed.Town, null));
        AWorld.Refused("USER_CREATOR", () => _a.World.Leave(Seed.Boris, Seed.Town, null));
    }

    [Fact]
    public void Access_hashes_differ_for_every_viewer_and_stay_the_same()
    {
        var hash = _a.World.AccessHash(Seed.Anna, Boris);

        Assert.NotEqual(hash, _a.World.AccessHash(Seed.Vera, Boris));
        Assert.NotEqual(hash, _a.World.AccessHash(Seed.Anna, PeerRef.Channel(Seed.Boris)));
        using var again = new AWorld();
        Assert.Equal(hash, again.World.AccessHash(Seed.Anna, Boris));
    }
}
