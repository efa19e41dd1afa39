using Integrations.Mtproto.GapRecovery;
using Integrations.Mtproto.Schema;

namespace Integrations.Mtproto.Tests.GapRecovery;

/// <summary>Short ways to say what a server sends.</summary>
internal static class Some
{
    public const long Self = 1;
    public const long Friend = 2;
    public const long Group = 70;

    public static UpdateState State(int pts = 10, int qts = 1, int seq = 5) => new() { Pts = pts, Qts = qts, Date = 100, Seq = seq };

    public static Message Message(int id, Peer? peer = null, long from = Friend) => new()
    {
        Id = id,
        PeerId = peer ?? new PeerUser { UserId = Friend },
        FromId = new PeerUser { UserId = from },
        Date = 100,
        MessageValue = $"text {id}",
    };

    public static UpdateNewMessage New(int id, int pts, int count = 1) => new() { Message = Message(id), Pts = pts, PtsCount = count };

    public static UpdateNewChannelMessage NewIn(long channel, int id, int pts, long from = Friend) =>
        new() { Message = Message(id, new PeerChannel { ChannelId = channel }, from), Pts = pts, PtsCount = 1 };

    public static User User(long id, bool min = false) => new() { Id = id, AccessHash = id * 11, FirstName = "N", Min = min };

    public static Channel Channel(long id, bool left = false, bool min = false) =>
        new() { Id = id, AccessHash = id * 13, Title = "C", Photo = new ChatPhotoEmpty(), Date = 1, Left = left, Min = min };

    public static Updates Container(int seq, params Update[] updates) =>
        new() { UpdatesValue = updates, Users = [User(Friend)], Chats = [Channel(Group)], Date = 200, Seq = seq };

    public static UpdateShort Short(Update update) => new() { Update = update, Date = 200 };

    public static UpdatesState ServerState(int pts, int qts = 1, int seq = 5) => new() { Pts = pts, Qts = qts, Date = 300, Seq = seq, UnreadCount = 0 };

    public static UpdatesDifference Difference(UpdatesState state, params MessageBase[] messages) => new()
    {
        NewMessages = messages,
        NewEncryptedMessages = [],
        OtherUpdates = [],
        Chats = [],
        Users = [User(Friend)],
        State = state,
    };

    public static UpdatesChannelDifference ChannelDifference(int pts, bool final, params MessageBase[] messages) => new()
    {
        Final = final,
        Pts = pts,
        NewMessages = messages,
        OtherUpdates = [],
        Chats = [],
        Users = [],
    };

    /// <summary>A sequencer that has asked after its start and heard that nothing was missed.</summary>
    public static UpdateSequencer Ready(TestClock clock, UpdateState? state = null, Func<PeerKey, bool>? isKnown = null, UpdateSequencerOptions? options = null)
    {
        state ??= State();
        var sequencer = new UpdateSequencer(state, Self, isKnown ?? (_ => true), clock, options);
        Assert.IsType<DifferenceRequest>(Assert.Single(sequencer.TakeRequests()));
        sequencer.ReceiveDifference(new UpdatesDifferenceEmpty { Date = state.Date, Seq = state.Seq });
        Assert.Null(sequencer.TakeBatch());
        return sequencer;
    }

    /// <summary>Takes and confirms everything that is there; the ids of its new messages.</summary>
    public static List<int> Commit(this UpdateSequencer sequencer)
    {
        var ids = new List<int>();
        while (sequencer.TakeBatch() is { } batch)
        {
            ids.AddRange(batch.Items.Select(i => i.Update is null ? null : MessageOf(i.Update)).OfType<Message>().Select(m => m.Id));
            sequencer.Confirm(batch);
        }

        return ids;
    }

    public static MessageBase? MessageOf(Update update) => update switch
    {
        UpdateNewMessage u => u.Message,
        UpdateNewChannelMessage u => u.Message,
        _ => null,
    };
}
