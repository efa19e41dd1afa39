using System.Diagnostics;
using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Tl;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Telegram.Server;

/// <summary>The world as one person's client is shown it. Collects the people and rooms that an answer mentions, since each must come along.</summary>
internal sealed class View(TelegramWorld world, Person viewer)
{
    private readonly SortedSet<long> _people = [];
    private readonly SortedSet<long> _groups = [];
    private readonly SortedSet<long> _channels = [];

    /// <summary>Everybody mentioned so far.</summary>
    public UserBase[] Users => [.. _people.Select(world.FindPerson).OfType<Person>().Select(User)];

    /// <summary>Every room mentioned so far.</summary>
    public ChatBase[] Chats =>
    [
        .. _groups.Select(world.FindGroup).OfType<BasicGroup>().Select(Chat),
        .. _channels.Select(world.FindChannel).OfType<ChannelRoom>().Select(Channel),
    ];

    /// <summary>What was mentioned, in the world's own terms.</summary>
    public IEnumerable<PeerRef> Mentioned => _people.Select(PeerRef.User).Concat(_groups.Select(PeerRef.Group)).Concat(_channels.Select(PeerRef.Channel));

    /// <summary>Seen or sent, a peer goes with the answer in full.</summary>
    public View Mention(PeerRef peer)
    {
        _ = peer.Kind switch
        {
            PeerKind.User => _people.Add(peer.Id),
            PeerKind.Group => _groups.Add(peer.Id),
            PeerKind.Channel => _channels.Add(peer.Id),
            _ => throw new UnreachableException(),
        };
        return this;
    }

    public static Peer Peer(PeerRef peer) => peer.Kind switch
    {
        PeerKind.User => new PeerUser { UserId = peer.Id },
        PeerKind.Group => new PeerChat { ChatId = peer.Id },
        PeerKind.Channel => new PeerChannel { ChannelId = peer.Id },
        _ => throw new UnreachableException(),
    };

    public UserBase User(Person person)
    {
        var isSelf = person.Id == viewer.Id;
        var isContact = world.IsContact(viewer.Id, person.Id);
        return new User
        {
            Id = person.Id,
            AccessHash = world.AccessHash(viewer.Id, PeerRef.User(person.Id)),
            Self = isSelf,
            Contact = isContact,
            MutualContact = isContact && world.IsContact(person.Id, viewer.Id),
            FirstName = person.FirstName,
            LastName = person.LastName,
            Username = person.Username,
            Phone = isSelf || isContact ? person.Phone : null,
            Status = new UserStatusRecently(),
        };
    }

    public ChatBase Chat(BasicGroup group) => new Chat
    {
        Id = group.Id,
        Title = group.Title,
        Creator = group.CreatorId == viewer.Id,
        Left = !group.Members.Contains(viewer.Id),
        Photo = new ChatPhotoEmpty(),
        ParticipantsCount = group.Members.Count,
        Date = group.Date,
        Version = 1,
    };

    public ChatBase Channel(ChannelRoom channel)
    {
        var isCreator = channel.CreatorId == viewer.Id;
        var joined = world.MembershipIn(viewer.Id, channel.Id);
        return new Channel
        {
            Id = channel.Id,
            AccessHash = world.AccessHash(viewer.Id, channel.Peer),
            Title = channel.Title,
            Username = channel.Username,
            Broadcast = channel.Broadcast,
            Megagroup = !channel.Broadcast,
            Creator = isCreator,
            Left = joined is null,
            SlowmodeEnabled = channel.SlowModeSeconds > 0,
            Photo = new ChatPhotoEmpty(),
            Date = joined ?? channel.Date,
            AdminRights = isCreator ? CreatorRights() : null,
        };
    }

    /// <summary>A message, with everybody it mentions.</summary>
    public MessageBase Message(StoredMessage message)
    {
        var from = PeerRef.User(message.FromId);
        Mention(message.Peer).Mention(from);
        var channel = message.Peer.Kind == PeerKind.Channel ? world.FindChannel(message.Peer.Id) : null;
        var isPost = channel?.Broadcast == true;
        var isOut = channel is null ? message.Out : message.FromId == viewer.Id;
        // Telegram leaves the sender out where it follows: posts are the channel's, and an incoming private message is the other side's.
        var names = isPost || (message.Peer.Kind == PeerKind.User && !isOut) ? null : Peer(from);
        var reply = message.ReplyTo is { } replyTo ? new MessageReplyHeader { ReplyToMsgId = replyTo } : null;
        if (message.Action is { } action)
        {
            return new MessageService
            {
                Id = message.Id,
                Out = isOut,
                Post = isPost,
                FromId = names,
                PeerId = Peer(message.Peer),
                Date = message.Date,
                Action = Action(action, message),
                ReplyTo = reply,
            };
        }
        return new Message
        {
            Id = message.Id,
            Out = isOut,
            Post = isPost,
            Views = isPost ? 1 : null,
            Forwards = isPost ? 0 : null,
            FromId = names,
            PeerId = Peer(message.Peer),
            Date = message.Date,
            MessageValue = message.Text,
            ReplyTo = reply,
            Entities = Entities(message),
        };
    }

    public static MessageEntity[]? Entities(StoredMessage message)
    {
        if (message.Entities is not { } bytes)
            return null;
        var reader = new TlReader(bytes);
        return reader.ReadVector<MessageEntity>();
    }

    public DialogBase Dialog(DialogView dialog)
    {
        Mention(dialog.Peer);
        return new Dialog
        {
            Peer = Peer(dialog.Peer),
            TopMessage = dialog.Top?.Id ?? 0,
            ReadInboxMaxId = dialog.ReadInboxMaxId,
            ReadOutboxMaxId = dialog.ReadOutboxMaxId,
            UnreadCount = dialog.Unread,
            UnreadMentionsCount = 0,
            UnreadReactionsCount = 0,
            UnreadPollVotesCount = 0,
            NotifySettings = new PeerNotifySettings(),
            Pts = dialog.ChannelPts,
        };
    }

    /// <summary>A step of a box as an update; null for what only a new message can tell.</summary>
    public Update? Update(LoggedUpdate update, StoredMessage? message)
    {
        var isChannel = update.Peer.Kind == PeerKind.Channel;
        Mention(update.Peer);
        return update.Kind switch
        {
            LoggedKind.NewMessage when message is null => null,
            LoggedKind.NewMessage when isChannel =>
                new UpdateNewChannelMessage { Message = Message(message!), Pts = update.Pts, PtsCount = update.PtsCount },
            LoggedKind.NewMessage => new UpdateNewMessage { Message = Message(message!), Pts = update.Pts, PtsCount = update.PtsCount },
            LoggedKind.ReadInbox => new UpdateReadHistoryInbox
            {
                Peer = Peer(update.Peer),
                MaxId = update.MessageId,
                StillUnreadCount = update.StillUnread,
                Pts = update.Pts,
                PtsCount = update.PtsCount,
            },
            LoggedKind.ReadOutbox => new UpdateReadHistoryOutbox
            {
                Peer = Peer(update.Peer),
                MaxId = update.MessageId,
                Pts = update.Pts,
                PtsCount = update.PtsCount,
            },
            _ => throw new UnreachableException(),
        };
    }

    /// <summary>Updates with everybody they mention.</summary>
    public Updates Wrap(int date, params Update[] updates) => new() { UpdatesValue = updates, Users = Users, Chats = Chats, Date = date, Seq = 0 };

    private MessageAction Action(ServiceAction action, StoredMessage message) => action switch
    {
        ServiceAction.GroupCreated when world.FindGroup(message.Peer.Id) is { } group =>
            new MessageActionChatCreate { Title = group.Title, Users = [.. group.Members] },
        ServiceAction.ChannelCreated when world.FindChannel(message.Peer.Id) is { } channel =>
            new MessageActionChannelCreate { Title = channel.Title },
        ServiceAction.Joined => new MessageActionChatAddUser { Users = [message.FromId] },
        _ => new MessageActionEmpty(),
    };

    private static ChatAdminRights CreatorRights() => new()
    {
        ChangeInfo = true,
        PostMessages = true,
        EditMessages = true,
        DeleteMessages = true,
        BanUsers = true,
        InviteUsers = true,
        PinMessages = true,
        AddAdmins = true,
        Other = true,
    };
}
