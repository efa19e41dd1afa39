using Integrations.Mtproto.GapRecovery;
using Integrations.Mtproto.Schema;
using static Integrations.Mtproto.Tests.GapRecovery.Some;

namespace Integrations.Mtproto.Tests.GapRecovery;

public sealed class UpdateSequencerTests
{
    private readonly TestClock _clock = new();

    [Fact]
    public void A_new_account_asks_for_the_state_and_keeps_what_arrives_meanwhile()
    {
        var sequencer = new UpdateSequencer(null, Self, _ => true, _clock);
        Assert.IsType<StateRequest>(Assert.Single(sequencer.TakeRequests()));
        sequencer.Receive(Short(New(7, pts: 11)));
        Assert.Null(sequencer.TakeBatch());

        sequencer.ReceiveState(ServerState(10));

        var first = sequencer.TakeBatch();
        Assert.NotNull(first);
        Assert.Empty(first.Items);
        Assert.Equal(10, first.State.Pts);
        sequencer.Confirm(first);
        Assert.Equal([7], sequencer.Commit());
    }

    [Fact]
    public void A_restart_asks_only_for_the_common_difference()
    {
        var state = State() with { Channels = State().Channels.Add(Group, 4) };
        var sequencer = new UpdateSequencer(state, Self, _ => true, _clock);
        Assert.Equal(new DifferenceRequest(10, 1, 100), Assert.Single(sequencer.TakeRequests()));
        Assert.Empty(sequencer.TakeRequests());
    }

    [Fact]
    public void The_position_moves_only_when_the_batch_is_confirmed()
    {
        var sequencer = Ready(_clock);
        sequencer.Receive(Short(New(1, pts: 11)));

        var batch = sequencer.TakeBatch();
        Assert.Equal((10, 11), (sequencer.State!.Pts, batch!.State.Pts));
        sequencer.Receive(Short(New(2, pts: 12)));
        Assert.Same(batch, sequencer.TakeBatch());

        sequencer.Confirm(batch);
        Assert.Equal(11, sequencer.State.Pts);
        Assert.Throws<InvalidOperationException>(() => sequencer.Confirm(batch));
        Assert.Equal([2], sequencer.Commit());
    }

    [Fact]
    public void What_was_had_already_is_not_delivered_again()
    {
        var sequencer = Ready(_clock);
        sequencer.Receive(Short(New(1, pts: 11)));
        sequencer.Receive(Short(New(1, pts: 11)));
        sequencer.Receive(Short(New(0, pts: 10)));
        Assert.Equal([1], sequencer.Commit());
    }

    [Fact]
    public void A_gap_that_fills_in_time_costs_no_request()
    {
        var sequencer = Ready(_clock);
        sequencer.Receive(Short(New(2, pts: 12)));
        Assert.Null(sequencer.TakeBatch());
        Assert.Equal(_clock.GetUtcNow() + TimeSpan.FromMilliseconds(500), sequencer.WakeAt);

        _clock.Advance(TimeSpan.FromMilliseconds(400));
        sequencer.Receive(Short(New(1, pts: 11)));

        Assert.Equal([1, 2], sequencer.Commit());
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Empty(sequencer.TakeRequests());
        Assert.Equal(0, sequencer.Queued);
    }

    [Fact]
    public void A_gap_that_stays_is_asked_for_and_live_updates_wait()
    {
        var sequencer = Ready(_clock);
        sequencer.Receive(Short(New(2, pts: 12)));
        Assert.Null(sequencer.TakeBatch());
        _clock.Advance(TimeSpan.FromMilliseconds(500));
        Assert.Equal(new DifferenceRequest(10, 1, 100), Assert.Single(sequencer.TakeRequests()));
        sequencer.Receive(Short(New(3, pts: 13)));
        Assert.Null(sequencer.TakeBatch());

        sequencer.ReceiveDifference(Difference(ServerState(12), Message(1), Message(2)));

        Assert.Equal([1, 2, 3], sequencer.Commit());
        Assert.Equal(13, sequencer.State!.Pts);
    }

    [Fact]
    public void Each_slice_is_saved_with_its_intermediate_state_before_the_next_is_asked_for()
    {
        var sequencer = Ready(_clock);
        sequencer.Receive(new UpdatesTooLong());
        sequencer.TakeRequests();
        sequencer.ReceiveDifference(new UpdatesDifferenceSlice
        {
            NewMessages = [Message(1)],
            NewEncryptedMessages = [],
            OtherUpdates = [],
            Chats = [],
            Users = [],
            IntermediateState = ServerState(11),
        });
        Assert.Empty(sequencer.TakeRequests());
        Assert.Equal([1], sequencer.Commit());

        Assert.Equal(new DifferenceRequest(11, 1, 300), Assert.Single(sequencer.TakeRequests()));
        sequencer.ReceiveDifference(Difference(ServerState(12), Message(2)));
        Assert.Equal([2], sequencer.Commit());
        Assert.Empty(sequencer.TakeRequests());
    }

    [Fact]
    public void A_difference_that_is_too_long_goes_on_from_the_servers_position_and_says_so()
    {
        var sequencer = Ready(_clock);
        sequencer.Reconnected();
        sequencer.TakeRequests();
        sequencer.ReceiveDifference(new UpdatesDifferenceTooLong { Pts = 5000 });

        var batch = sequencer.TakeBatch()!;
        Assert.Equal([new Backfill(null, 100)], batch.Backfills);
        sequencer.Confirm(batch);
        Assert.Equal(new DifferenceRequest(5000, 1, 100), Assert.Single(sequencer.TakeRequests()));
    }

    [Fact]
    public void A_container_is_sorted_by_position_and_its_loose_updates_come_first()
    {
        var sequencer = Ready(_clock);
        sequencer.Receive(Container(0, New(2, pts: 12), New(1, pts: 11), new UpdateMessageID { Id = 2, RandomId = 99 }), origin: "call");

        var batch = sequencer.TakeBatch()!;
        Assert.IsType<UpdateMessageID>(batch.Items[0].Update);
        Assert.All(batch.Items, i => Assert.Equal("call", i.Origin));
        Assert.Equal([1, 2], sequencer.Commit());
    }

    [Fact]
    public void A_container_of_a_later_sequence_waits_and_one_of_an_earlier_is_dropped()
    {
        var sequencer = Ready(_clock);
        sequencer.Receive(Container(7, new UpdateConfig()));
        Assert.Null(sequencer.TakeBatch());
        sequencer.Receive(Container(6, new UpdateUserTyping { UserId = Friend, Action = new SendMessageTypingAction() }));
        var batch = sequencer.TakeBatch()!;
        Assert.Equal((2, 7), (batch.Items.Count, batch.State.Seq));
        sequencer.Confirm(batch);
        sequencer.Receive(Container(7, new UpdateConfig()));
        Assert.Null(sequencer.TakeBatch());
    }

    [Fact]
    public void A_gap_in_the_sequence_is_asked_for_like_any_other()
    {
        var sequencer = Ready(_clock);
        sequencer.Receive(Container(7, new UpdateConfig()));
        Assert.Null(sequencer.TakeBatch());
        _clock.Advance(TimeSpan.FromMilliseconds(500));
        Assert.IsType<DifferenceRequest>(Assert.Single(sequencer.TakeRequests()));
        sequencer.ReceiveDifference(Difference(ServerState(10, seq: 7)));
        sequencer.Commit();
        Assert.Equal(7, sequencer.State!.Seq);
        Assert.Equal(0, sequencer.Queued);
    }

    [Fact]
    public void Qts_counts_by_one_and_a_qts_of_zero_moves_nothing()
    {
        var sequencer = Ready(_clock);
        sequencer.Receive(Short(Stopped(0)));
        sequencer.Receive(Short(Stopped(2)));
        var batch = sequencer.TakeBatch()!;
        Assert.Equal((2, 2), (batch.Items.Count, batch.State.Qts));
        sequencer.Confirm(batch);

        sequencer.Receive(Short(Stopped(4)));
        Assert.Null(sequencer.TakeBatch());
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.IsType<DifferenceRequest>(Assert.Single(sequencer.TakeRequests()));

        static UpdateBotStopped Stopped(int qts) => new() { UserId = Friend, Date = 1, Stopped = true, Qts = qts };
    }

    [Fact]
    public void Results_of_our_own_calls_move_the_box_too()
    {
        var sequencer = Ready(_clock);
        sequencer.ReceiveSent(
            new UpdateShortSentMessage { Out = true, Id = 5, Pts = 11, PtsCount = 1, Date = 200 },
            new SentMessage(new PeerUser { UserId = Friend }, "hello"),
            origin: 42);
        sequencer.ReceiveAffected(13, 2, origin: 43);
        sequencer.Receive(Short(New(6, pts: 14)));

        var batch = sequencer.TakeBatch()!;
        var sent = Assert.IsType<Message>(Assert.IsType<UpdateNewMessage>(batch.Items[0].Update).Message);
        Assert.Equal((true, "hello", 5), (sent.Out, sent.MessageValue, sent.Id));
        Assert.Equal(42, batch.Items[0].Origin);
        Assert.Equal((null, (object)43), (batch.Items[1].Update, batch.Items[1].Origin));
        Assert.Equal([5, 6], sequencer.Commit());
        Assert.Equal(14, sequencer.State!.Pts);
    }

    [Fact]
    public void A_short_message_of_a_stranger_is_fetched_again_with_the_stranger()
    {
        var sequencer = Ready(_clock, isKnown: _ => false);
        sequencer.Receive(new UpdateShortMessage { Id = 1, UserId = Friend, Message = "hi", Pts = 11, PtsCount = 1, Date = 200 });
        Assert.Null(sequencer.TakeBatch());
        Assert.IsType<DifferenceRequest>(Assert.Single(sequencer.TakeRequests()));

        sequencer.ReceiveDifference(Difference(ServerState(11), Message(1)));
        var batch = sequencer.TakeBatch()!;
        Assert.Equal(22, Assert.Single(batch.Peers).AccessHash);
        Assert.Equal([1], sequencer.Commit());
    }

    [Fact]
    public void A_peer_that_the_difference_does_not_explain_is_not_asked_for_twice()
    {
        var sequencer = Ready(_clock, isKnown: _ => false);
        sequencer.Receive(new UpdateShortMessage { Id = 1, UserId = 9, Message = "hi", Pts = 11, PtsCount = 1, Date = 200 });
        sequencer.TakeBatch();
        sequencer.TakeRequests();
        sequencer.ReceiveDifference(Difference(ServerState(11), Message(1, new PeerUser { UserId = 9 }, 9)));
        Assert.Equal([1], sequencer.Commit());

        sequencer.Receive(new UpdateShortMessage { Id = 2, UserId = 9, Message = "hi", Pts = 12, PtsCount = 1, Date = 200 });
        Assert.Equal([2], sequencer.Commit());
    }

    [Fact]
    public void A_short_message_says_who_wrote_it()
    {
        var sequencer = Ready(_clock);
        sequencer.Receive(new UpdateShortMessage { Out = true, Id = 1, UserId = Friend, Message = "a", Pts = 11, PtsCount = 1, Date = 200 });
        sequencer.Receive(new UpdateShortChatMessage { Id = 2, FromId = Friend, ChatId = 8, Message = "b", Pts = 12, PtsCount = 1, Date = 200 });
        var messages = sequencer.TakeBatch()!.Items.Select(i => (Message)MessageOf(i.Update!)!).ToList();
        Assert.Equal((new PeerKey(PeerKind.User, Self), new PeerKey(PeerKind.User, Friend)), (PeerKey.Of(messages[0].FromId!), PeerKey.Of(messages[0].PeerId)));
        Assert.Equal((new PeerKey(PeerKind.User, Friend), new PeerKey(PeerKind.Chat, 8)), (PeerKey.Of(messages[1].FromId!), PeerKey.Of(messages[1].PeerId)));
    }

    [Fact]
    public void A_min_user_comes_with_the_message_that_shows_it_and_never_hides_a_full_one()
    {
        var sequencer = Ready(_clock);
        sequencer.Receive(new Updates
        {
            UpdatesValue = [NewIn(Group, 4, pts: 1, from: 30), NewIn(Group, 5, pts: 2, from: 31)],
            Users = [User(30, min: true), User(31), User(31, min: true)],
            Chats = [Channel(Group)],
            Date = 1,
            Seq = 0,
        });
        var peers = sequencer.TakeBatch()!.Peers.ToDictionary(p => p.Key.Id);
        Assert.Equal((true, (new PeerKey(PeerKind.Channel, Group), 4)), (peers[30].IsMin, peers[30].SeenIn!.Value));
        Assert.Equal((false, 31L * 11), (peers[31].IsMin, peers[31].AccessHash!.Value));
    }

    [Fact]
    public void After_a_silence_the_server_is_asked()
    {
        var sequencer = Ready(_clock);
        Assert.Equal(_clock.GetUtcNow() + TimeSpan.FromMinutes(15), sequencer.WakeAt);
        _clock.Advance(TimeSpan.FromMinutes(15));
        Assert.IsType<DifferenceRequest>(Assert.Single(sequencer.TakeRequests()));
    }

    [Fact]
    public void A_reconnection_while_a_difference_runs_is_followed_by_another()
    {
        var sequencer = Ready(_clock);
        sequencer.Reconnected();
        Assert.Single(sequencer.TakeRequests());
        sequencer.Reconnected();
        Assert.Empty(sequencer.TakeRequests());
        sequencer.ReceiveDifference(Difference(ServerState(10)));
        sequencer.Commit();
        Assert.Single(sequencer.TakeRequests());
    }

    [Fact]
    public void A_failed_request_is_made_again_when_the_server_allows()
    {
        var sequencer = Ready(_clock);
        sequencer.Reconnected();
        sequencer.RequestFailed(sequencer.TakeRequests()[0], TimeSpan.FromSeconds(7));
        Assert.Empty(sequencer.TakeRequests());
        Assert.Equal(_clock.GetUtcNow() + TimeSpan.FromSeconds(7), sequencer.WakeAt);
        _clock.Advance(TimeSpan.FromSeconds(7));
        Assert.Single(sequencer.TakeRequests());
    }

    [Fact]
    public void A_server_that_contradicts_itself_is_not_asked_without_end()
    {
        var sequencer = Ready(_clock);
        sequencer.Receive(Short(New(5, pts: 20)));
        Assert.Null(sequencer.TakeBatch());
        _clock.Advance(TimeSpan.FromSeconds(1));
        sequencer.TakeRequests();
        sequencer.ReceiveDifference(new UpdatesDifferenceEmpty { Date = 300, Seq = 5 });
        Assert.Equal([5], sequencer.Commit());
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Empty(sequencer.TakeRequests());
    }

    [Fact]
    public void A_queue_that_grows_too_long_is_dropped_and_fetched()
    {
        var sequencer = Ready(_clock, options: new() { MaxQueued = 10 });
        for (var i = 0; i < 50; i++)
            sequencer.Receive(Short(New(i, pts: 100 + i)));
        Assert.True(sequencer.Queued <= 10);
        Assert.Null(sequencer.TakeBatch());
        Assert.IsType<DifferenceRequest>(Assert.Single(sequencer.TakeRequests()));
    }

    [Fact]
    public void A_changed_position_is_taken_over_and_the_hole_is_told()
    {
        var sequencer = Ready(_clock);
        sequencer.Receive(Short(new UpdatePtsChanged()));
        Assert.Null(sequencer.TakeBatch());
        Assert.IsType<StateRequest>(Assert.Single(sequencer.TakeRequests()));
        sequencer.ReceiveState(ServerState(3));
        var batch = sequencer.TakeBatch()!;
        Assert.Equal((3, 1), (batch.State.Pts, batch.Backfills.Count));
    }

    [Fact]
    public void A_position_that_the_server_does_not_know_is_replaced_by_its_own_and_everything_else_is_asked_after()
    {
        var state = State();
        var sequencer = Ready(_clock, state with { Channels = state.Channels.Add(Group, 4) });
        sequencer.Reconnected();

        sequencer.PositionRefused(Assert.Single(sequencer.TakeRequests()));

        Assert.IsType<StateRequest>(Assert.Single(sequencer.TakeRequests()));
        sequencer.ReceiveState(ServerState(3));
        Assert.Equal([new Backfill(null, 100)], sequencer.TakeBatch()!.Backfills);
        sequencer.Commit();
        Assert.Equal(new ChannelDifferenceRequest(Group, 4, 100), Assert.Single(sequencer.TakeRequests()));
    }
}
