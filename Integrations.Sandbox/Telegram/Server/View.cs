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
            Phone = person.Bot is null && (isSelf || isContact) ? person.Phone : null,
            Bot = person.Bot is not null,
            BotInfoVersion = person.Bot is null ? null : 1,
            BotChatHistory = person.Bot?.ReadsAllGroupMessages ?? false,
            Status = person.Bot is null ? new UserStatusRecently() : null,
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
            Forum = channel.Forum,
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
        var reply = ReplyHeader(message);
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
            Media = message.FileId is { } fileId && world.FindFile(fileId) is { } file ? Media.Show(world, viewer.Id, file) : null,
            GroupedId = message.GroupedId,
            FwdFrom = Forward(message),
            EditDate = message.EditDate,
            Pinned = message.Pinned,
        };
    }

    /// <summary>What a message answers; in a forum also which topic it belongs to.</summary>
    public static MessageReplyHeader? ReplyHeader(StoredMessage message)
    {
        if (message.TopicId is not { } topic || message.Id == topic)
            return message.ReplyTo is { } replyTo ? new MessageReplyHeader { ReplyToMsgId = replyTo } : null;
        return message.ReplyTo is { } answered && answered != topic
            ? new MessageReplyHeader { ForumTopic = true, ReplyToMsgId = answered, ReplyToTopId = topic }
            : new MessageReplyHeader { ForumTopic = true, ReplyToMsgId = topic };
    }

    public static ChatAdminRights RightsOf(ChannelRoom channel, long userId) =>
        channel.CreatorId == userId ? CreatorRights() : new ChatAdminRights();

    private MessageFwdHeader? Forward(StoredMessage message)
    {
        if (message.Forward is not { } forward)
            return null;
        var from = forward.Channel is { } channel ? PeerRef.Channel(channel) : forward.FromId is { } person ? PeerRef.User(person) : (PeerRef?)null;
        if (from is { } mentioned)
            Mention(mentioned);
        return new MessageFwdHeader { FromId = from is { } origin ? Peer(origin) : null, ChannelPost = forward.Post, Date = forward.Date };
    }

    /// <summary>A message that waits for its time, under its own number.</summary>
    public Message Scheduled(ScheduledMessage scheduled)
    {
        Mention(scheduled.Message.Peer).Mention(PeerRef.User(scheduled.UserId));
        return new Message
        {
            Id = scheduled.Id,
            Out = true,
            FromScheduled = true,
            FromId = Peer(PeerRef.User(scheduled.UserId)),
            PeerId = Peer(scheduled.Message.Peer),
            Date = scheduled.DueDate,
            MessageValue = scheduled.Message.Text,
            Entities = Entities(scheduled.Message.Entities),
            Media = scheduled.Message.FileId is { } fileId && world.FindFile(fileId) is { } file ? Media.Show(world, viewer.Id, file) : null,
        };
    }

    public ForumTopicBase Topic(ChannelRoom channel, TopicView view)
    {
        Mention(PeerRef.User(view.Topic.CreatorId));
        return new ForumTopic
        {
            Id = view.Topic.Id,
            My = view.Topic.CreatorId == viewer.Id,
            Closed = view.Topic.Closed,
            Pinned = view.Topic.Pinned,
            Hidden = view.Topic.Hidden,
            Date = view.Topic.Date,
            Peer = Peer(channel.Peer),
            Title = view.Topic.Title,
            IconColor = view.Topic.IconColor,
            IconEmojiId = view.Topic.IconEmojiId,
            TopMessage = view.Top?.Id ?? view.Topic.Id,
            ReadInboxMaxId = view.ReadInboxMaxId,
            ReadOutboxMaxId = view.Top?.Id ?? view.Topic.Id,
            UnreadCount = view.Unread,
            UnreadMentionsCount = 0,
            UnreadReactionsCount = 0,
            UnreadPollVotesCount = 0,
            FromId = Peer(PeerRef.User(view.Topic.CreatorId)),
            NotifySettings = new PeerNotifySettings(),
        };
    }

    public static MessageEntity[]? Entities(StoredMessage message) => Entities(message.Entities);

    private static MessageEntity[]? Entities(byte[]? stored)
    {
        if (stored is not { } bytes)
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
            LoggedKind.Edited when message is null => null,
            LoggedKind.Edited when isChannel =>
                new UpdateEditChannelMessage { Message = Message(message!), Pts = update.Pts, PtsCount = update.PtsCount },
            LoggedKind.Edited => new UpdateEditMessage { Message = Message(message!), Pts = update.Pts, PtsCount = update.PtsCount },
            LoggedKind.Deleted when isChannel => new UpdateDeleteChannelMessages
            {
                ChannelId = update.Peer.Id,
                Messages = update.MessageIds ?? [],
                Pts = update.Pts,
                PtsCount = update.PtsCount,
            },
            LoggedKind.Deleted => new UpdateDeleteMessages { Messages = update.MessageIds ?? [], Pts = update.Pts, PtsCount = update.PtsCount },
            LoggedKind.Pinned or LoggedKind.Unpinned when isChannel => new UpdatePinnedChannelMessages
            {
                Pinned = update.Kind == LoggedKind.Pinned,
                ChannelId = update.Peer.Id,
                Messages = update.MessageIds ?? [],
                Pts = update.Pts,
                PtsCount = update.PtsCount,
            },
            LoggedKind.Pinned or LoggedKind.Unpinned => new UpdatePinnedMessages
            {
                Pinned = update.Kind == LoggedKind.Pinned,
                Peer = Peer(update.Peer),
                Messages = update.MessageIds ?? [],
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
        ServiceAction.Left => new MessageActionChatDeleteUser { UserId = message.FromId },
        ServiceAction.TopicCreated => new MessageActionTopicCreate { Title = message.Text, IconColor = TopicOf(message)?.IconColor ?? 0 },
        ServiceAction.TopicEdited => new MessageActionTopicEdit { Title = message.Text, Closed = TopicOf(message)?.Closed },
        ServiceAction.Joined => new MessageActionChatAddUser { Users = [message.FromId] },
        _ => new MessageActionEmpty(),
    };

    private ForumTopicState? TopicOf(StoredMessage message) =>
        world.FindChannel(message.Peer.Id)?.Topics.GetValueOrDefault(message.TopicId ?? ForumTopicState.General);

    private static ChatAdminRights CreatorRights() => new()
    {
        ManageTopics = true,
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
