using Integrations.Mtproto.Schema;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Telegram.Server.Methods;

/// <summary>Forum topics: <c>messages.*</c> as our layer has them, <c>channels.*</c> as layers up to 198 have them.</summary>
internal static class TopicMethods
{
    private const int PageMax = 100;

    public static void AddTopics(this RpcDispatcher dispatcher)
    {
        dispatcher.Register<ChannelsToggleForum, UpdatesBase>((call, request) =>
        {
            var channel = call.World.ToggleForum(call.User.Id, Peers.Resolve(call, request.Channel).Id, request.Enabled);
            return new View(call.World, call.User).Mention(channel.Peer).Wrap(call.UnixNow, new UpdateChannel { ChannelId = channel.Id });
        });

        dispatcher.Register<MessagesCreateForumTopic, UpdatesBase>((call, request) =>
            Create(call, Channel(call, request.Peer), request.Title, request.IconColor, request.IconEmojiId, request.RandomId));
        dispatcher.Register<ChannelsCreateForumTopic, UpdatesBase>((call, request) =>
            Create(call, Peers.Resolve(call, request.Channel), request.Title, request.IconColor, request.IconEmojiId, request.RandomId));

        dispatcher.Register<MessagesEditForumTopic, UpdatesBase>((call, request) =>
            Edit(call, Channel(call, request.Peer), request.TopicId, request.Title, request.IconEmojiId, request.Closed, request.Hidden));
        dispatcher.Register<ChannelsEditForumTopic, UpdatesBase>((call, request) =>
            Edit(call, Peers.Resolve(call, request.Channel), request.TopicId, request.Title, request.IconEmojiId, request.Closed, request.Hidden));

        dispatcher.Register<MessagesGetForumTopics, MessagesForumTopics>((call, request) =>
            List(call, Channel(call, request.Peer), request.Q, request.OffsetTopic, request.Limit));
        dispatcher.Register<ChannelsGetForumTopics, MessagesForumTopics>((call, request) =>
            List(call, Peers.Resolve(call, request.Channel), request.Q, request.OffsetTopic, request.Limit));

        dispatcher.Register<MessagesGetForumTopicsByID, MessagesForumTopics>((call, request) => Find(call, Channel(call, request.Peer), request.Topics));
        dispatcher.Register<ChannelsGetForumTopicsByID, MessagesForumTopics>((call, request) =>
            Find(call, Peers.Resolve(call, request.Channel), request.Topics));

        dispatcher.Register<MessagesUpdatePinnedForumTopic, UpdatesBase>((call, request) =>
            Pin(call, Channel(call, request.Peer), request.TopicId, request.Pinned));
        dispatcher.Register<ChannelsUpdatePinnedForumTopic, UpdatesBase>((call, request) =>
            Pin(call, Peers.Resolve(call, request.Channel), request.TopicId, request.Pinned));

        dispatcher.Register<MessagesDeleteTopicHistory, MessagesAffectedHistory>((call, request) =>
            Delete(call, Channel(call, request.Peer), request.TopMsgId));
        dispatcher.Register<ChannelsDeleteTopicHistory, MessagesAffectedHistory>((call, request) =>
            Delete(call, Peers.Resolve(call, request.Channel), request.TopMsgId));

        dispatcher.Register<MessagesReadDiscussion, bool>((call, request) =>
        {
            call.World.ReadTopic(call.User.Id, Channel(call, request.Peer).Id, request.MsgId, request.ReadMaxId);
            return true;
        });
    }

    private static ChannelRoom Channel(RpcCall call, InputPeer peer)
    {
        var found = Peers.Resolve(call, peer);
        return (found.Kind == PeerKind.Channel ? call.World.FindChannel(found.Id) : null) ?? throw TelegramRefusal.BadRequest("CHANNEL_INVALID");
    }

    private static Updates Create(RpcCall call, ChannelRoom channel, string title, int? color, long? emoji, long randomId)
    {
        var sent = call.World.CreateTopic(call.User.Id, channel.Id, title, color, emoji, randomId, call.Origin);
        return MessageMethods.Sent(call, [new Draft { Peer = channel.Peer, Text = title, RandomId = randomId }], [sent]);
    }

    private static Updates Edit(RpcCall call, ChannelRoom channel, int topicId, string? title, long? emoji, bool? closed, bool? hidden) =>
        MessageMethods.Sent(call, [], [call.World.EditTopic(call.User.Id, channel.Id, topicId, title, emoji, closed, hidden, call.Origin)]);

    private static MessagesForumTopics List(RpcCall call, ChannelRoom channel, string? query, int offsetTopic, int limit)
    {
        var all = call.World.Topics(call.User.Id, channel.Id)
            .Where(view => string.IsNullOrEmpty(query) || view.Topic.Title.Contains(query, StringComparison.OrdinalIgnoreCase))
            .ToList();
        var start = offsetTopic == 0 ? 0 : all.FindIndex(view => view.Topic.Id == offsetTopic) + 1;
        return Show(call, channel, all.Count, [.. all.Skip(start).Take(Math.Clamp(limit, 1, PageMax))]);
    }

    private static MessagesForumTopics Find(RpcCall call, ChannelRoom channel, IReadOnlyList<int> ids)
    {
        var found = call.World.Topics(call.User.Id, channel.Id).Where(view => ids.Contains(view.Topic.Id)).ToList();
        var shown = Show(call, channel, ids.Count, found);
        return new MessagesForumTopics
        {
            Count = shown.Count,
            Topics = [.. shown.Topics, .. ids.Except(found.Select(view => view.Topic.Id)).Select(id => new ForumTopicDeleted { Id = id })],
            Messages = shown.Messages,
            Chats = shown.Chats,
            Users = shown.Users,
            Pts = shown.Pts,
        };
    }

    private static MessagesForumTopics Show(RpcCall call, ChannelRoom channel, int count, IReadOnlyList<TopicView> topics)
    {
        var view = new View(call.World, call.User).Mention(channel.Peer);
        ForumTopicBase[] shown = [.. topics.Select(topic => view.Topic(channel, topic))];
        MessageBase[] tops = [.. topics.Select(topic => topic.Top).OfType<StoredMessage>().Select(view.Message)];
        call.Session.KnownPeers.UnionWith(view.Mentioned);
        return new MessagesForumTopics { Count = count, Topics = shown, Messages = tops, Chats = view.Chats, Users = view.Users, Pts = channel.Box.Pts };
    }

    private static Updates Pin(RpcCall call, ChannelRoom channel, int topicId, bool pinned)
    {
        call.World.PinTopic(call.User.Id, channel.Id, topicId, pinned);
        return new View(call.World, call.User).Mention(channel.Peer)
            .Wrap(call.UnixNow, new UpdatePinnedForumTopic { Pinned = pinned, Peer = View.Peer(channel.Peer), TopicId = topicId });
    }

    private static MessagesAffectedHistory Delete(RpcCall call, ChannelRoom channel, int topicId)
    {
        var (pts, ptsCount) = call.World.DeleteTopic(call.User.Id, channel.Id, topicId, call.Origin);
        return new MessagesAffectedHistory { Pts = pts, PtsCount = ptsCount, Offset = 0 };
    }
}
