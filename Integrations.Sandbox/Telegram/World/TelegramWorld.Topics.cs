namespace Integrations.Sandbox.Telegram.World;

/// <summary>A topic in a list, with what is needed to show it.</summary>
internal sealed record TopicView(ForumTopicState Topic, StoredMessage? Top, int ReadInboxMaxId, int Unread);

/// <summary>Forums: supergroups whose messages are sorted into topics (https://core.telegram.org/api/forum).</summary>
internal sealed partial class TelegramWorld
{
    private const int GeneralColor = 0x6fb9f0;
    private const int TitleLengthMax = 128;

    public ChannelRoom ToggleForum(long userId, long channelId, bool enabled)
    {
        lock (_gate)
        {
            var channel = RequireOwnChannel(userId, channelId);
            if (channel.Broadcast)
                throw TelegramRefusal.BadRequest("CHANNEL_INVALID");
            if (channel.Forum == enabled)
                throw TelegramRefusal.BadRequest("CHAT_NOT_MODIFIED");
            Commit(new ForumToggled(channelId, enabled));
            return channel;
        }
    }

    /// <summary>Begins a topic; the message that says so gives it its number.</summary>
    public SentMessage CreateTopic(long userId, long channelId, string title, int? iconColor, long? iconEmojiId, long? randomId, Origin? origin)
    {
        lock (_gate)
        {
            var channel = RequireForum(userId, channelId);
            RequireTitle(title);
            var sender = PersonOf(userId);
            RequireMayWrite(sender, channel.Peer);
            // Members begin topics unless the room does not let them; a bot has to be told that it may.
            var mayNot = sender.Bot is not null || (channel.DefaultLimits | PlaceOf(userId, channel.Peer).Limits).HasFlag(MemberLimits.ManageTopics);
            if (mayNot && !May(userId, channel.Peer, AdminRights.ManageTopics))
                throw TelegramRefusal.BadRequest("CHAT_ADMIN_REQUIRED");
            if (randomId is { } given && IsRemembered(sender, given))
                throw new TelegramRefusal(500, "RANDOM_ID_DUPLICATE");
            var id = channel.Box.LastMessageId + 1;
            Commit(
                new Together(
                [
                    new TopicChanged(channelId, new ForumTopicState
                    {
                        Id = id, Title = title, IconColor = iconColor ?? GeneralColor, IconEmojiId = iconEmojiId, CreatorId = userId, Date = UnixNow,
                    }),
                    Service(userId, channel, ServiceAction.TopicCreated, title, id) with
                    {
                        RandomId = randomId,
                        Facts = new ServiceFacts { IconColor = iconColor ?? GeneralColor, IconEmojiId = iconEmojiId },
                    },
                ]),
                origin);
            return new SentMessage(channel.Box.Messages[^1], channel.Box.Pts);
        }
    }

    /// <summary>Changes a topic; what is null stays.</summary>
    public SentMessage EditTopic(long userId, long channelId, int topicId, string? title, long? iconEmojiId, bool? closed, bool? hidden, Origin? origin)
    {
        lock (_gate)
        {
            var channel = RequireForum(userId, channelId);
            var topic = RequireTopic(channel, topicId);
            if (topic.CreatorId != userId && !May(userId, channel.Peer, AdminRights.ManageTopics))
                throw TelegramRefusal.BadRequest("CHAT_ADMIN_REQUIRED");
            if (title is not null)
                RequireTitle(title);
            var changed = topic with
            {
                Title = title ?? topic.Title,
                IconEmojiId = iconEmojiId ?? topic.IconEmojiId,
                Closed = closed ?? topic.Closed,
                Hidden = hidden ?? topic.Hidden,
            };
            if (changed == topic)
                throw TelegramRefusal.BadRequest("TOPIC_NOT_MODIFIED");
            var said = Service(userId, channel, ChangeOf(topic, changed), changed.Title == topic.Title ? "" : changed.Title, topicId) with
            {
                Facts = changed.IconEmojiId == topic.IconEmojiId ? null : new ServiceFacts { IconEmojiId = changed.IconEmojiId },
            };
            Commit(new Together([new TopicChanged(channelId, changed), said]), origin);
            return new SentMessage(channel.Box.Messages[^1], channel.Box.Pts);
        }
    }

    public void PinTopic(long userId, long channelId, int topicId, bool pinned)
    {
        lock (_gate)
        {
            RequireRight(userId, PeerRef.Channel(channelId), AdminRights.ManageTopics);
            var topic = RequireTopic(RequireForum(userId, channelId), topicId);
            if (topic.Pinned == pinned)
                throw TelegramRefusal.BadRequest("TOPIC_NOT_MODIFIED");
            Commit(new TopicChanged(channelId, topic with { Pinned = pinned }));
        }
    }

    /// <summary>Deletes a topic with everything in it.</summary>
    public (int Pts, int PtsCount) DeleteTopic(long userId, long channelId, int topicId, Origin? origin)
    {
        lock (_gate)
        {
            var channel = RequireRight(userId, PeerRef.Channel(channelId), AdminRights.DeleteMessages);
            var topic = RequireTopic(RequireForum(userId, channelId), topicId);
            if (topicId == ForumTopicState.General)
                throw TelegramRefusal.BadRequest("TOPIC_ID_INVALID");
            long[] gone = [.. channel.Box.Messages.Where(message => message.TopicId == topicId).Select(message => message.Uid)];
            Commit(
                new Together([new MessagesDeleted(userId, channel.Peer, gone, []), new TopicChanged(channelId, topic with { Deleted = true })]), origin);
            return (channel.Box.Pts, gone.Length);
        }
    }

    public void ReadTopic(long userId, long channelId, int topicId, int maxId)
    {
        lock (_gate)
        {
            var channel = RequireForum(userId, channelId);
            RequireTopic(channel, topicId);
            if (channel.Members.TryGetValue(userId, out var member) && member.TopicsRead.GetValueOrDefault(topicId) < maxId)
                Commit(new TopicRead(channelId, userId, topicId, Math.Min(maxId, channel.Box.LastMessageId)));
        }
    }

    /// <summary>The topics of a forum: the pinned first, then those with the newest messages.</summary>
    public IReadOnlyList<TopicView> Topics(long userId, long channelId)
    {
        lock (_gate)
        {
            var channel = RequireForum(userId, channelId);
            return
            [
                .. channel.Topics.Values.Where(topic => topic.Id != ForumTopicState.General && !topic.Deleted).Prepend(RequireTopic(channel, ForumTopicState.General))
                    .Select(topic => Show(channel, topic, userId))
                    .OrderByDescending(view => view.Topic.Pinned)
                    .ThenByDescending(view => view.Top?.Id ?? 0),
            ];
        }
    }

    private static TopicView Show(ChannelRoom channel, ForumTopicState topic, long userId)
    {
        var messages = channel.Box.Messages.Where(message => !message.Deleted && (message.TopicId ?? ForumTopicState.General) == topic.Id).ToList();
        var read = channel.Members.GetValueOrDefault(userId)?.TopicsRead.GetValueOrDefault(topic.Id) ?? 0;
        return new TopicView(topic, messages.Count == 0 ? null : messages[^1], read, messages.Count(message => message.Id > read && message.FromId != userId));
    }

    /// <summary>Which topic a message goes to: the one that it names, or that of the message that it answers.</summary>
    private int? TopicOf(Person sender, Draft draft)
    {
        if (draft.Peer.Kind != PeerKind.Channel || _state.Channels[draft.Peer.Id] is not { Forum: true } channel)
            return null;
        var target = draft.ReplyTo is { } id ? channel.Box.Find(id) : null;
        var topicId = draft.TopicId ?? target?.TopicId ?? ForumTopicState.General;
        var topic = RequireTopic(channel, topicId);
        if (topic.Closed && topic.CreatorId != sender.Id && !May(sender.Id, channel.Peer, AdminRights.ManageTopics))
            throw TelegramRefusal.BadRequest("TOPIC_CLOSED");
        return topicId == ForumTopicState.General ? null : topicId;
    }

    private static ServiceAction ChangeOf(ForumTopicState before, ForumTopicState after)
    {
        if (before.Closed != after.Closed)
            return after.Closed ? ServiceAction.TopicClosed : ServiceAction.TopicReopened;
        if (before.Hidden != after.Hidden)
            return after.Hidden ? ServiceAction.TopicHidden : ServiceAction.TopicShown;
        return ServiceAction.TopicEdited;
    }

    private MessageSent Service(long userId, ChannelRoom channel, ServiceAction action, string title, int topicId) => new()
    {
        Uid = _state.LastUid + 1,
        FromId = userId,
        Peer = channel.Peer,
        Text = title,
        Action = action,
        TopicId = topicId == ForumTopicState.General ? null : topicId,
        Date = UnixNow,
    };

    private ChannelRoom RequireForum(long userId, long channelId)
    {
        RequirePeer(PersonOf(userId), PeerRef.Channel(channelId));
        return _state.Channels[channelId] is { Forum: true } forum ? forum : throw TelegramRefusal.BadRequest("CHANNEL_FORUM_MISSING");
    }

    private ChannelRoom RequireOwnChannel(long userId, long channelId)
    {
        RequirePeer(PersonOf(userId), PeerRef.Channel(channelId));
        return _state.Channels[channelId] is { } channel && channel.CreatorId == userId ? channel : throw TelegramRefusal.BadRequest("CHAT_ADMIN_REQUIRED");
    }

    private static ForumTopicState RequireTopic(ChannelRoom channel, int topicId)
    {
        if (channel.Topics.TryGetValue(topicId, out var topic) && !topic.Deleted)
            return topic;
        return topicId == ForumTopicState.General
            ? new ForumTopicState { Id = topicId, Title = "General", IconColor = GeneralColor, CreatorId = channel.CreatorId, Date = channel.Date }
            : throw TelegramRefusal.BadRequest("TOPIC_ID_INVALID");
    }

    private static void RequireTitle(string title)
    {
        if (string.IsNullOrWhiteSpace(title) || title.Length > TitleLengthMax)
            throw TelegramRefusal.BadRequest("TOPIC_TITLE_EMPTY");
    }
}
