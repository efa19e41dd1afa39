using Integrations.Mtproto.GapRecovery;
using Integrations.Mtproto.Schema;

namespace Integrations.Mtproto.Tests.GapRecovery;

/// <summary>What Telegram keeps for one account, small: boxes of events, containers that announce them, differences that repeat them.</summary>
/// <param name="random">Draws what happens.</param>
/// <param name="forgetful">It says now and then that a difference is too long to tell.</param>
internal sealed class ModelServer(Random random, bool forgetful = false)
{
    private const long FirstUser = 2;
    private const int People = 5;

    public const int Channels = 3;
    public const int FirstChannel = 500;

    private readonly List<Update> _common = [];
    private readonly Dictionary<long, List<Update>> _channels = Enumerable.Range(FirstChannel, Channels).ToDictionary(i => (long)i, _ => new List<Update>());
    private int _commonPts = 10;
    private readonly Dictionary<long, int> _channelPts = Enumerable.Range(FirstChannel, Channels).ToDictionary(i => (long)i, _ => 1);
    private int _seq = 1;
    private int _lastId = 1000;

    /// <summary>Every message ever sent: its chat and id.</summary>
    public List<(PeerKey Chat, int Id)> Sent { get; } = [];

    public static UpdateState Start() => new()
    {
        Pts = 10,
        Qts = 0,
        Date = 1,
        Seq = 1,
        Channels = Enumerable.Range(FirstChannel, Channels).Aggregate(
            System.Collections.Immutable.ImmutableDictionary<long, int>.Empty, (all, id) => all.Add(id, 1)),
    };

    public (int Pts, int Seq, IReadOnlyDictionary<long, int> Channels) End => (_commonPts, _seq, _channelPts);

    /// <summary>Makes one to four events and the pushes that announce them.</summary>
    public List<UpdatesBase> Happen()
    {
        var events = Enumerable.Range(0, random.Next(1, 5)).Select(_ => Event()).ToList();
        if (events.Count == 1 && random.Next(3) == 0 && Shorten(events[0]) is { } brief)
            return [brief];
        if (events.Count == 1 && random.Next(3) == 0)
            return [new UpdateShort { Update = events[0], Date = 5 }];

        var shuffled = events.OrderBy(_ => random.Next()).ToList();
        if (random.Next(3) == 0)
            shuffled.Add(new UpdateUserTyping { UserId = 2, Action = new SendMessageTypingAction() });
        var seq = random.Next(2) == 0 ? ++_seq : 0;
        return [new Updates { UpdatesValue = shuffled, Users = SomeUsers(), Chats = Chats(), Date = 5, Seq = seq }];
    }

    /// <summary>A message of the account itself, as its call returns it.</summary>
    public (UpdateShortSentMessage Result, SentMessage Sent) Send()
    {
        var sent = NewMessage(new PeerUser { UserId = 2 });
        return (new() { Out = true, Id = ((Message)sent.Message).Id, Pts = sent.Pts, PtsCount = 1, Date = 5 }, new(new PeerUser { UserId = 2 }, "own"));
    }

    /// <summary>The account deletes some of its messages; only the position comes back.</summary>
    public (int Pts, int Count) Delete()
    {
        var count = random.Next(1, 4);
        _commonPts += count;
        _common.Add(new UpdateDeleteMessages { Messages = [1], Pts = _commonPts, PtsCount = count });
        return (_commonPts, count);
    }

    public UpdatesDifferenceBase Answer(DifferenceRequest request)
    {
        var missed = _common.Where(u => UpdatePlace.Of(u).Position > request.Pts).ToList();
        if (missed.Count > 0 && forgetful && random.Next(8) == 0)
            return new UpdatesDifferenceTooLong { Pts = _commonPts };
        var limit = random.Next(2) == 0 ? random.Next(1, 6) : int.MaxValue;
        var told = missed.Take(limit).ToList();
        var others = told.Where(u => u is not UpdateNewMessage).Concat(_channelPts.Select(c => (Update)new UpdateChannelTooLong { ChannelId = c.Key, Pts = c.Value }));
        var messages = told.OfType<UpdateNewMessage>().Select(u => u.Message).ToList();
        if (told.Count < missed.Count)
        {
            return new UpdatesDifferenceSlice
            {
                NewMessages = messages,
                NewEncryptedMessages = [],
                OtherUpdates = [.. others],
                Chats = Chats(),
                Users = Users(),
                IntermediateState = State(UpdatePlace.Of(told[^1]).Position),
            };
        }

        return new UpdatesDifference
        {
            NewMessages = messages,
            NewEncryptedMessages = [],
            OtherUpdates = [.. others],
            Chats = Chats(),
            Users = Users(),
            State = State(_commonPts),
        };
    }

    public UpdatesChannelDifferenceBase Answer(ChannelDifferenceRequest request)
    {
        var missed = _channels[request.ChannelId].Where(u => UpdatePlace.Of(u).Position > request.Pts).ToList();
        if (missed.Count == 0)
            return new UpdatesChannelDifferenceEmpty { Final = true, Pts = _channelPts[request.ChannelId] };
        if (forgetful && random.Next(8) == 0)
            return TooLong(request.ChannelId);
        var told = missed.Take(random.Next(1, 6)).ToList();
        return new UpdatesChannelDifference
        {
            Final = told.Count == missed.Count,
            Pts = UpdatePlace.Of(told[^1]).Position,
            NewMessages = [.. told.OfType<UpdateNewChannelMessage>().Select(u => u.Message)],
            OtherUpdates = [.. told.Where(u => u is not UpdateNewChannelMessage)],
            Chats = Chats(),
            Users = Users(),
        };
    }

    /// <summary>The position of now, and the last few messages.</summary>
    private UpdatesChannelDifferenceTooLong TooLong(long channelId) => new()
    {
        Final = true,
        Dialog = new Dialog
        {
            Peer = new PeerChannel { ChannelId = channelId },
            TopMessage = 1,
            ReadInboxMaxId = 0,
            ReadOutboxMaxId = 0,
            UnreadCount = 0,
            UnreadMentionsCount = 0,
            UnreadReactionsCount = 0,
            UnreadPollVotesCount = 0,
            NotifySettings = new PeerNotifySettings(),
            Pts = _channelPts[channelId],
        },
        Messages = [.. _channels[channelId].OfType<UpdateNewChannelMessage>().TakeLast(2).Select(u => u.Message).Reverse()],
        Chats = Chats(),
        Users = Users(),
    };

    /// <summary>A difference explains everybody that it names.</summary>
    private static IReadOnlyList<UserBase> Users() => [.. Enumerable.Range(0, People).Select(i => Some.User(FirstUser + i))];

    /// <summary>What is pushed brings some in full, some cut down, and leaves some out.</summary>
    private IReadOnlyList<UserBase> SomeUsers() =>
        [.. Users().OfType<User>().Where(_ => random.Next(4) != 0).Select(user => random.Next(3) == 0 ? Some.User(user.Id, min: true) : user)];

    private static IReadOnlyList<ChatBase> Chats() => [.. Enumerable.Range(FirstChannel, Channels).Select(id => Some.Channel(id))];

    private static UpdateShortMessage? Shorten(Update update) => update is UpdateNewMessage { Message: Message { PeerId: PeerUser user } m } u
        ? new UpdateShortMessage { Id = m.Id, UserId = user.UserId, Message = m.MessageValue, Pts = u.Pts, PtsCount = u.PtsCount, Date = 5 }
        : null;

    private UpdatesState State(int pts) => new() { Pts = pts, Qts = 0, Date = 6, Seq = _seq, UnreadCount = 0 };

    private Update Event()
    {
        if (random.Next(2) == 0)
        {
            if (random.Next(6) != 0)
                return NewMessage(random.Next(2) == 0 ? new PeerUser { UserId = FirstUser + random.Next(People) } : new PeerChat { ChatId = 9 });
            var (pts, count) = Delete();
            return _common.Single(u => UpdatePlace.Of(u) is var p && p.Position == pts && p.Count == count);
        }

        long channel = FirstChannel + random.Next(Channels);
        var position = ++_channelPts[channel];
        Update update = random.Next(6) == 0
            ? new UpdateDeleteChannelMessages { ChannelId = channel, Messages = [1], Pts = position, PtsCount = 1 }
            : Some.NewIn(channel, Next(new(PeerKind.Channel, channel)), position, from: FirstUser + random.Next(People));
        _channels[channel].Add(update);
        return update;
    }

    private UpdateNewMessage NewMessage(Peer peer)
    {
        var update = new UpdateNewMessage { Message = Some.Message(Next(PeerKey.Of(peer)), peer), Pts = ++_commonPts, PtsCount = 1 };
        _common.Add(update);
        return update;
    }

    private int Next(PeerKey chat)
    {
        Sent.Add((chat, ++_lastId));
        return _lastId;
    }
}
