using Integrations.Mtproto.Schema;

namespace Integrations.Mtproto;

/// <summary>Forums: supergroups whose messages are sorted into topics (core.telegram.org/api/forum).</summary>
public sealed partial class TelegramClient
{
    /// <summary>Makes a supergroup a forum, or a plain supergroup again.</summary>
    /// <exception cref="RpcException"><c>CHAT_ADMIN_REQUIRED</c>, <c>CHAT_NOT_MODIFIED</c>.</exception>
    public async Task ToggleForumAsync(PeerAddress channel, bool enabled, CancellationToken cancellationToken) =>
        await ChangedAsync(
            await InvokeAsync(new ChannelsToggleForum { Channel = Channel(channel), Enabled = enabled, Tabs = false }, cancellationToken), cancellationToken);

    /// <summary>Begins a topic.</summary>
    /// <param name="channel">The forum.</param>
    /// <param name="title">1 to 128 characters.</param>
    /// <param name="iconColor">One of the colours that Telegram offers; null for its first one.</param>
    /// <param name="randomId">As <see cref="SendOptions.RandomId"/>.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The topic's id: that of the message that began it.</returns>
    public async Task<SentId> CreateTopicAsync(PeerAddress channel, string title, int? iconColor, long randomId, CancellationToken cancellationToken)
    {
        var result = await InvokeAsync(
            new MessagesCreateForumTopic { Peer = Input(channel), Title = title, IconColor = iconColor, RandomId = randomId }, cancellationToken);
        return (await SentAsync(result, [randomId], cancellationToken))[0];
    }

    /// <summary>Changes a topic; what is null stays.</summary>
    /// <exception cref="RpcException"><c>TOPIC_NOT_MODIFIED</c>, <c>TOPIC_ID_INVALID</c>, <c>CHAT_ADMIN_REQUIRED</c>.</exception>
    public async Task EditTopicAsync(PeerAddress channel, int topicId, string? title, bool? closed, bool? hidden, CancellationToken cancellationToken) =>
        await ChangedAsync(
            await InvokeAsync(
                new MessagesEditForumTopic { Peer = Input(channel), TopicId = topicId, Title = title, Closed = closed, Hidden = hidden }, cancellationToken),
            cancellationToken);

    /// <summary>The topics of a forum, page by page: the pinned first, then those with the newest messages.</summary>
    /// <param name="query">Only those with this in their title; null for all.</param>
    public async IAsyncEnumerable<MessagesForumTopics> GetTopicsAsync(
        PeerAddress channel, string? query, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var request = new MessagesGetForumTopics { Peer = Input(channel), Q = query, OffsetDate = 0, OffsetId = 0, OffsetTopic = 0, Limit = PageSize };
        var seen = 0;
        while (true)
        {
            var page = await InvokeAsync(request, cancellationToken);
            yield return page;
            seen += page.Topics.Count;
            if (seen >= page.Count || page.Topics.OfType<ForumTopic>().LastOrDefault() is not { } last)
                yield break;
            request = new MessagesGetForumTopics
            {
                Peer = Input(channel),
                Q = query,
                OffsetDate = last.Date,
                OffsetId = last.TopMessage,
                OffsetTopic = last.Id,
                Limit = PageSize,
            };
        }
    }

    /// <summary>Topics by their ids; one that is gone comes as <see cref="ForumTopicDeleted"/>.</summary>
    public Task<MessagesForumTopics> GetTopicsByIdAsync(PeerAddress channel, IReadOnlyList<int> ids, CancellationToken cancellationToken) =>
        InvokeAsync(new MessagesGetForumTopicsByID { Peer = Input(channel), Topics = ids }, cancellationToken);

    public async Task PinTopicAsync(PeerAddress channel, int topicId, bool pinned, CancellationToken cancellationToken) =>
        await ChangedAsync(
            await InvokeAsync(new MessagesUpdatePinnedForumTopic { Peer = Input(channel), TopicId = topicId, Pinned = pinned }, cancellationToken),
            cancellationToken);

    /// <summary>Marks a topic read up to a message.</summary>
    public Task MarkTopicReadAsync(PeerAddress channel, int topicId, int upToId, CancellationToken cancellationToken) =>
        InvokeAsync(new MessagesReadDiscussion { Peer = Input(channel), MsgId = topicId, ReadMaxId = upToId }, cancellationToken);

    /// <summary>Deletes a topic with everything in it.</summary>
    /// <exception cref="RpcException"><c>CHAT_ADMIN_REQUIRED</c>, <c>TOPIC_ID_INVALID</c>.</exception>
    public async Task DeleteTopicAsync(PeerAddress channel, int topicId, CancellationToken cancellationToken)
    {
        MessagesAffectedHistory affected;
        do
        {
            affected = await InvokeAsync(new MessagesDeleteTopicHistory { Peer = Input(channel), TopMsgId = topicId }, cancellationToken);
            await AffectedAsync(affected.Pts, affected.PtsCount, channel.Key.Id, cancellationToken);
        }
        while (affected.Offset > 0);
    }
}
