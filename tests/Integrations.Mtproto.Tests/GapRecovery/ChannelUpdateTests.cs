using Integrations.Mtproto.GapRecovery;
using Integrations.Mtproto.Schema;
using static Integrations.Mtproto.Tests.GapRecovery.Some;

namespace Integrations.Mtproto.Tests.GapRecovery;

public sealed class ChannelUpdateTests
{
    private readonly TestClock _clock = new();

    [Fact]
    public void A_gap_in_a_channel_stops_neither_the_common_box_nor_other_channels()
    {
        var sequencer = WithChannels(4, 71);
        sequencer.Receive(Short(NewIn(Group, 20, pts: 6)));
        sequencer.Receive(Short(NewIn(71, 30, pts: 5)));
        sequencer.Receive(Short(New(1, pts: 11)));
        Assert.Equal([30, 1], sequencer.Commit());

        _clock.Advance(TimeSpan.FromMilliseconds(500));
        Assert.Equal(new ChannelDifferenceRequest(Group, 4, 100), Assert.Single(sequencer.TakeRequests()));
        sequencer.Receive(Short(NewIn(Group, 21, pts: 7)));
        sequencer.Receive(Short(New(2, pts: 12)));
        Assert.Equal([2], sequencer.Commit());

        sequencer.ReceiveChannelDifference(Group, ChannelDifference(6, final: true, InGroup(19), InGroup(20)));
        Assert.Equal([19, 20, 21], sequencer.Commit());
        Assert.Equal(7, sequencer.State!.Channels[Group]);
    }

    [Fact]
    public void What_arrives_while_a_difference_runs_may_be_newer_than_its_answer_and_waits_on()
    {
        var sequencer = WithChannels(4);
        sequencer.Receive(Short(new UpdateChannelTooLong { ChannelId = Group }));
        sequencer.Commit();
        sequencer.TakeRequests();
        sequencer.Receive(Short(NewIn(Group, 22, pts: 7)));
        sequencer.Commit();

        sequencer.ReceiveChannelDifference(Group, ChannelDifference(5, final: true, InGroup(20)));
        Assert.Equal([20], sequencer.Commit());
        sequencer.Receive(Short(NewIn(Group, 21, pts: 6)));
        Assert.Equal([21, 22], sequencer.Commit());
    }

    [Fact]
    public void A_difference_that_is_not_final_is_continued_after_it_is_saved()
    {
        var sequencer = WithChannels(4);
        sequencer.Receive(Short(new UpdateChannelTooLong { ChannelId = Group, Pts = 9 }));
        Assert.Null(sequencer.TakeBatch());
        Assert.Equal(new ChannelDifferenceRequest(Group, 4, 100), Assert.Single(sequencer.TakeRequests()));
        sequencer.ReceiveChannelDifference(Group, ChannelDifference(5, final: false, InGroup(20)));
        Assert.Equal([20], sequencer.Commit());
        Assert.Equal(new ChannelDifferenceRequest(Group, 5, 100), Assert.Single(sequencer.TakeRequests()));
        sequencer.ReceiveChannelDifference(Group, ChannelDifference(9, final: true, InGroup(21)));
        Assert.Equal([21], sequencer.Commit());
        Assert.Empty(sequencer.TakeRequests());
    }

    [Fact]
    public void Too_long_delivers_the_messages_inside_and_says_that_some_are_missing()
    {
        var sequencer = WithChannels(4);
        sequencer.Receive(Short(new UpdateChannelTooLong { ChannelId = Group }));
        sequencer.TakeBatch();
        sequencer.TakeRequests();
        sequencer.ReceiveChannelDifference(Group, new UpdatesChannelDifferenceTooLong
        {
            Final = true,
            Dialog = new Dialog
            {
                Peer = new PeerChannel { ChannelId = Group },
                TopMessage = 92,
                ReadInboxMaxId = 0,
                ReadOutboxMaxId = 0,
                UnreadCount = 0,
                UnreadMentionsCount = 0,
                UnreadReactionsCount = 0,
                UnreadPollVotesCount = 0,
                NotifySettings = new PeerNotifySettings(),
                Pts = 900,
            },
            Messages = [InGroup(92), InGroup(91)],
            Chats = [],
            Users = [],
        });

        var batch = sequencer.TakeBatch()!;
        Assert.Equal([new Backfill(Group, 100)], batch.Backfills);
        Assert.Equal([Group], batch.ChangedChannels);
        Assert.Equal([91, 92], sequencer.Commit());
        Assert.Equal(900, sequencer.State!.Channels[Group]);
    }

    [Fact]
    public void The_common_difference_leads_to_the_channels_and_asks_them_afterwards()
    {
        var sequencer = WithChannels(4);
        sequencer.Reconnected();
        sequencer.TakeRequests();
        sequencer.ReceiveDifference(new UpdatesDifference
        {
            NewMessages = [],
            NewEncryptedMessages = [],
            OtherUpdates = [new UpdateChannelTooLong { ChannelId = Group, Pts = 5 }, new UpdateChannelTooLong { ChannelId = 71, Pts = 4 }, NewIn(72, 50, 5)],
            Chats = [Channel(Group)],
            Users = [],
            State = ServerState(10),
        });
        Assert.Empty(sequencer.TakeRequests());
        Assert.Equal([50], sequencer.Commit());
        Assert.Equal(new ChannelDifferenceRequest(Group, 4, 100), Assert.Single(sequencer.TakeRequests()));
    }

    [Fact]
    public void An_unknown_sender_is_asked_for_in_the_channel()
    {
        var sequencer = WithChannels(4, isKnown: k => k.Kind == PeerKind.Channel);
        sequencer.Receive(Short(NewIn(Group, 20, pts: 5, from: 33)));
        Assert.Null(sequencer.TakeBatch());
        Assert.Equal(new ChannelDifferenceRequest(Group, 4, 100), Assert.Single(sequencer.TakeRequests()));
        sequencer.ReceiveChannelDifference(Group, ChannelDifference(5, final: true, InGroup(20)));
        Assert.Equal([20], sequencer.Commit());
    }

    [Fact]
    public void An_unknown_channel_is_asked_for_only_after_the_common_difference_explained_it()
    {
        var sequencer = Ready(_clock, isKnown: _ => false);
        sequencer.Receive(Short(NewIn(Group, 20, pts: 5)));
        sequencer.Commit();
        Assert.IsType<DifferenceRequest>(Assert.Single(sequencer.TakeRequests()));
        sequencer.ReceiveDifference(Difference(ServerState(10)));
        sequencer.Commit();
        Assert.Equal(new ChannelDifferenceRequest(Group, 4, 100), Assert.Single(sequencer.TakeRequests()));
    }

    [Fact]
    public void A_channel_that_was_left_or_cannot_be_asked_is_forgotten()
    {
        var sequencer = WithChannels(4, 71);
        sequencer.Receive(new Updates { UpdatesValue = [new UpdateChannel { ChannelId = Group }], Users = [], Chats = [Channel(Group, left: true)], Date = 1, Seq = 0 });
        var batch = sequencer.TakeBatch()!;
        Assert.Equal([Group], batch.ForgottenChannels);
        sequencer.Confirm(batch);
        Assert.False(sequencer.State!.Channels.ContainsKey(Group));

        sequencer.ForgetChannel(71);
        batch = sequencer.TakeBatch()!;
        Assert.Equal([71L], batch.ForgottenChannels);
        sequencer.Confirm(batch);
        sequencer.ReceiveChannelDifference(71, ChannelDifference(9, final: true));
        Assert.Null(sequencer.TakeBatch());
    }

    [Fact]
    public void A_min_channel_says_nothing_about_having_left()
    {
        var sequencer = WithChannels(4);
        sequencer.Receive(new Updates { UpdatesValue = [new UpdateConfig()], Users = [], Chats = [Channel(Group, left: true, min: true)], Date = 1, Seq = 0 });
        Assert.Empty(sequencer.TakeBatch()!.ForgottenChannels);
    }

    [Fact]
    public void Only_so_many_channels_are_asked_at_once()
    {
        var sequencer = WithChannels(4, 71);
        foreach (var channelId in new long[] { Group, 71, 72, 73, 74 })
            sequencer.Receive(Short(new UpdateChannelTooLong { ChannelId = channelId }));
        sequencer.Commit();
        var requests = sequencer.TakeRequests();
        Assert.Equal(3, requests.Count);
        Assert.Null(sequencer.WakeAt is { } at && at <= _clock.GetUtcNow() ? at : null);
        sequencer.RequestFailed(requests[0], TimeSpan.FromMinutes(1));
        Assert.Single(sequencer.TakeRequests());
    }

    [Fact]
    public void A_position_learnt_from_the_dialogs_never_overrides_one_that_is_known()
    {
        var sequencer = WithChannels(4);
        sequencer.LearnChannel(Group, 90);
        sequencer.LearnChannel(75, 8);
        sequencer.Commit();
        Assert.Equal((4, 8), (sequencer.State!.Channels[Group], sequencer.State.Channels[75]));
    }

    [Fact]
    public void A_position_that_the_server_does_not_know_is_given_up_for_the_channels_beginning_and_its_history()
    {
        var sequencer = WithChannels(4);
        sequencer.Receive(Short(new UpdateChannelTooLong { ChannelId = Group }));
        sequencer.Commit();
        var refused = Assert.Single(sequencer.TakeRequests());

        sequencer.PositionRefused(refused);
        sequencer.Commit();

        Assert.Equal(new ChannelDifferenceRequest(Group, 1, 100), Assert.Single(sequencer.TakeRequests()));
        sequencer.ReceiveChannelDifference(Group, TooLong(pts: 9, InGroup(91)));
        var batch = sequencer.TakeBatch()!;
        Assert.Equal([new Backfill(Group, 100)], batch.Backfills);
        Assert.Equal(9, batch.State.Channels[Group]);
    }

    [Fact]
    public void A_channel_that_is_heard_of_for_the_first_time_has_no_hole_either()
    {
        var sequencer = WithChannels(4);
        sequencer.Receive(Short(new UpdateChannelTooLong { ChannelId = 99 }));
        sequencer.Commit();
        Assert.Equal(new ChannelDifferenceRequest(99, 1, 100), Assert.Single(sequencer.TakeRequests()));

        sequencer.ReceiveChannelDifference(99, TooLong(pts: 9));

        Assert.Equal([new Backfill(99, 100)], sequencer.TakeBatch()!.Backfills);
    }

    private static UpdatesChannelDifferenceTooLong TooLong(int pts, params MessageBase[] messages) => new()
    {
        Final = true,
        Dialog = new Dialog
        {
            Peer = new PeerChannel { ChannelId = Group },
            TopMessage = 92,
            ReadInboxMaxId = 0,
            ReadOutboxMaxId = 0,
            UnreadCount = 0,
            UnreadMentionsCount = 0,
            UnreadReactionsCount = 0,
            UnreadPollVotesCount = 0,
            NotifySettings = new PeerNotifySettings(),
            Pts = pts,
        },
        Messages = messages,
        Chats = [],
        Users = [],
    };

    private static Message InGroup(int id) => Message(id, new PeerChannel { ChannelId = Group });

    private UpdateSequencer WithChannels(int pts, long other = 71, Func<PeerKey, bool>? isKnown = null)
    {
        var state = State();
        return Ready(_clock, state with { Channels = state.Channels.Add(Group, pts).Add(other, pts) }, isKnown);
    }
}
