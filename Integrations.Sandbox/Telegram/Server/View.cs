using System.Diagnostics;
using System.Text;
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
            Deleted = person.IsDeleted,
            Status = person.Bot is null ? new UserStatusRecently() : null,
        };
    }

    public ChatBase Chat(BasicGroup group) => new Chat
    {
        Id = group.Id,
        Title = group.Title,
        Creator = group.CreatorId == viewer.Id,
        Left = !group.Members.Contains(viewer.Id),
        Deactivated = group.MigratedTo is not null,
        MigratedTo = group.MigratedTo is { } room ? new InputChannel { ChannelId = room, AccessHash = world.AccessHash(viewer.Id, PeerRef.Channel(room)) } : null,
        Photo = new ChatPhotoEmpty(),
        ParticipantsCount = group.Members.Count,
        Date = group.Date,
        Version = 1,
    };

    public ChatBase Channel(ChannelRoom channel)
    {
        var isCreator = channel.CreatorId == viewer.Id;
        var joined = world.MembershipIn(viewer.Id, channel.Id);
        var place = world.PlaceOf(viewer.Id, channel.Peer);
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
            AdminRights = place.Rank is MemberRank.Creator or MemberRank.Administrator ? Rights(place.Rights) : null,
            BannedRights = place.Rank is MemberRank.Restricted or MemberRank.Kicked ? Limits(place) : null,
            DefaultBannedRights = channel.Broadcast ? null : Limits(new Membership(MemberRank.Member, AdminRights.None, channel.DefaultLimits, 0, null)),
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
            ReplyMarkup = message.Keyboard is { } keyboard ? Keyboard(keyboard) : null,
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

    /// <summary>Rights as the protocol has them.</summary>
    public static ChatAdminRights Rights(AdminRights rights) => new()
    {
        ChangeInfo = rights.HasFlag(AdminRights.ChangeInfo),
        PostMessages = rights.HasFlag(AdminRights.PostMessages),
        EditMessages = rights.HasFlag(AdminRights.EditMessages),
        DeleteMessages = rights.HasFlag(AdminRights.DeleteMessages),
        BanUsers = rights.HasFlag(AdminRights.BanUsers),
        InviteUsers = rights.HasFlag(AdminRights.InviteUsers),
        PinMessages = rights.HasFlag(AdminRights.PinMessages),
        AddAdmins = rights.HasFlag(AdminRights.AddAdmins),
        Anonymous = rights.HasFlag(AdminRights.Anonymous),
        ManageCall = rights.HasFlag(AdminRights.ManageVideoChats),
        ManageTopics = rights.HasFlag(AdminRights.ManageTopics),
        PostStories = rights.HasFlag(AdminRights.PostStories),
        EditStories = rights.HasFlag(AdminRights.EditStories),
        DeleteStories = rights.HasFlag(AdminRights.DeleteStories),
        Other = rights.HasFlag(AdminRights.Other),
    };

    /// <summary>What somebody may not do, as the protocol has it.</summary>
    public static ChatBannedRights Limits(Membership place)
    {
        var limits = place.Limits;
        var isOut = place.Rank is MemberRank.Kicked;
        return new ChatBannedRights
        {
            ViewMessages = isOut,
            SendMessages = isOut || limits.HasFlag(MemberLimits.SendMessages),
            SendPlain = isOut || limits.HasFlag(MemberLimits.SendMessages),
            SendAudios = isOut || limits.HasFlag(MemberLimits.SendAudios),
            SendDocs = isOut || limits.HasFlag(MemberLimits.SendDocuments),
            SendPhotos = isOut || limits.HasFlag(MemberLimits.SendPhotos),
            SendVideos = isOut || limits.HasFlag(MemberLimits.SendVideos),
            SendRoundvideos = isOut || limits.HasFlag(MemberLimits.SendVideoNotes),
            SendVoices = isOut || limits.HasFlag(MemberLimits.SendVoiceNotes),
            SendPolls = isOut || limits.HasFlag(MemberLimits.SendPolls),
            SendStickers = isOut || limits.HasFlag(MemberLimits.SendOther),
            SendGifs = isOut || limits.HasFlag(MemberLimits.SendOther),
            EmbedLinks = isOut || limits.HasFlag(MemberLimits.AddPreviews),
            ChangeInfo = isOut || limits.HasFlag(MemberLimits.ChangeInfo),
            InviteUsers = isOut || limits.HasFlag(MemberLimits.InviteUsers),
            PinMessages = isOut || limits.HasFlag(MemberLimits.PinMessages),
            ManageTopics = isOut || limits.HasFlag(MemberLimits.ManageTopics),
            UntilDate = place.UntilDate,
        };
    }

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
        ServiceAction.Left => new MessageActionChatDeleteUser { UserId = message.Facts?.UserId ?? message.FromId },
        ServiceAction.TopicCreated => new MessageActionTopicCreate
        {
            Title = message.Text,
            IconColor = message.Facts?.IconColor ?? TopicOf(message)?.IconColor ?? 0,
            IconEmojiId = message.Facts?.IconEmojiId,
        },
        ServiceAction.TopicEdited => new MessageActionTopicEdit
        {
            Title = message.Text.Length > 0 ? message.Text : null,
            IconEmojiId = message.Facts?.IconEmojiId,
        },
        ServiceAction.TopicClosed or ServiceAction.TopicReopened => new MessageActionTopicEdit { Closed = action is ServiceAction.TopicClosed },
        ServiceAction.TopicHidden or ServiceAction.TopicShown => new MessageActionTopicEdit { Hidden = action is ServiceAction.TopicHidden },
        ServiceAction.Pinned => new MessageActionPinMessage(),
        ServiceAction.MigratedTo => new MessageActionChatMigrateTo { ChannelId = message.Facts?.RoomId ?? 0 },
        ServiceAction.MigratedFrom => new MessageActionChannelMigrateFrom { Title = message.Text, ChatId = message.Facts?.RoomId ?? 0 },
        ServiceAction.Joined => new MessageActionChatAddUser { Users = [message.Facts?.UserId ?? message.FromId] },
        _ => new MessageActionEmpty(),
    };

    private ForumTopicState? TopicOf(StoredMessage message) =>
        world.FindChannel(message.Peer.Id)?.Topics.GetValueOrDefault(message.TopicId ?? ForumTopicState.General);

    private static ReplyInlineMarkup Keyboard(InlineKeyboard keyboard) => new()
    {
        Rows = [.. keyboard.Rows.Select(row => new KeyboardButtonRow { Buttons = [.. row.Select(Button)] })],
    };

    private static KeyboardButtonBase Button(InlineButton button) => button switch
    {
        { Url: { } url } => new KeyboardButtonUrl { Text = button.Text, Url = url },
        { Copies: { } text } => new KeyboardButtonCopy { Text = button.Text, CopyText = text },
        _ => new KeyboardButtonCallback { Text = button.Text, Data = Encoding.UTF8.GetBytes(button.Data ?? "") },
    };
}
