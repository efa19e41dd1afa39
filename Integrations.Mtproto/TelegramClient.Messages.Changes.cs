using Integrations.Mtproto.GapRecovery;
using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Text;

namespace Integrations.Mtproto;

/// <summary>What is done to messages that are there: reading, changing, deleting, pinning, and those that wait for their time.</summary>
public sealed partial class TelegramClient
{
    private const int MessagesPerCall = 100;

    /// <summary>Messages by their ids; one that is not there comes as <see cref="MessageEmpty"/>.</summary>
    /// <param name="ids">At most 100.</param>
    public async Task<IReadOnlyList<MessageBase>> GetMessagesAsync(PeerAddress peer, IReadOnlyList<int> ids, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(ids);
        if (ids.Count > MessagesPerCall)
            throw new ArgumentException($"{ids.Count} messages; at most {MessagesPerCall} are asked for at once.", nameof(ids));
        InputMessage[] input = [.. ids.Select(id => new InputMessageID { Id = id })];
        var answer = peer.Key.Kind == PeerKind.Channel
            ? await InvokeAsync(new ChannelsGetMessages { Channel = Channel(peer), Id = input }, cancellationToken)
            : await InvokeAsync(new MessagesGetMessages { Id = input }, cancellationToken);
        return MessagesOf(answer);
    }

    /// <summary>A page of a place's history, newest first.</summary>
    /// <param name="beforeId">Only older ones than this; 0 begins with the newest.</param>
    /// <param name="limit">1 to 100.</param>
    public Task<MessagesMessagesBase> GetHistoryAsync(PeerAddress peer, int beforeId, int limit, CancellationToken cancellationToken) =>
        InvokeAsync(
            new MessagesGetHistory { Peer = Input(peer), OffsetId = beforeId, OffsetDate = 0, AddOffset = 0, Limit = limit, MaxId = 0, MinId = 0, Hash = 0 },
            cancellationToken);

    /// <summary>Changes the text, or the caption, of a message of one's own.</summary>
    /// <exception cref="RpcException"><c>MESSAGE_NOT_MODIFIED</c>: it says so already. <c>MESSAGE_EDIT_TIME_EXPIRED</c>, <c>MESSAGE_AUTHOR_REQUIRED</c>.</exception>
    public async Task EditTextAsync(PeerAddress peer, int messageId, FormattedText text, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(text);
        await ChangedAsync(
            await InvokeAsync(
                new MessagesEditMessage { Peer = Input(peer), Id = messageId, Message = text.Text, Entities = await EntitiesAsync(text, cancellationToken) },
                cancellationToken),
            cancellationToken);
    }

    /// <summary>Deletes messages.</summary>
    /// <param name="peer">Where they stand.</param>
    /// <param name="ids">At most 100.</param>
    /// <param name="forEverybody">Also from the other side's view; in a supergroup or channel it is always so.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="RpcException"><c>MESSAGE_DELETE_FORBIDDEN</c>.</exception>
    public async Task DeleteMessagesAsync(PeerAddress peer, IReadOnlyList<int> ids, bool forEverybody, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(ids);
        long? channelId = peer.Key.Kind == PeerKind.Channel ? peer.Key.Id : null;
        var affected = channelId is null
            ? await InvokeAsync(new MessagesDeleteMessages { Id = ids, Revoke = forEverybody }, cancellationToken)
            : await InvokeAsync(new ChannelsDeleteMessages { Channel = Channel(peer), Id = ids }, cancellationToken);
        await AffectedAsync(affected.Pts, affected.PtsCount, channelId, cancellationToken);
    }

    /// <summary>Marks everything up to a message as read.</summary>
    public async Task MarkReadAsync(PeerAddress peer, int upToId, CancellationToken cancellationToken)
    {
        if (peer.Key.Kind == PeerKind.Channel)
        {
            await InvokeAsync(new ChannelsReadHistory { Channel = Channel(peer), MaxId = upToId }, cancellationToken);
            return;
        }

        var affected = await InvokeAsync(new MessagesReadHistory { Peer = Input(peer), MaxId = upToId }, cancellationToken);
        await AffectedAsync(affected.Pts, affected.PtsCount, null, cancellationToken);
    }

    /// <summary>Shows the other side that something is being written; it goes away by itself after some seconds.</summary>
    /// <param name="action">For example <see cref="SendMessageTypingAction"/>; <see cref="SendMessageCancelAction"/> ends it at once.</param>
    public Task SetTypingAsync(PeerAddress peer, int? topicId, SendMessageAction action, CancellationToken cancellationToken) =>
        InvokeAsync(new MessagesSetTyping { Peer = Input(peer), TopMsgId = topicId, Action = action }, cancellationToken);

    /// <summary>Pins a message, or takes the pin off.</summary>
    /// <param name="silently">Without telling the members.</param>
    /// <exception cref="RpcException"><c>CHAT_ADMIN_REQUIRED</c>.</exception>
    public async Task PinMessageAsync(PeerAddress peer, int messageId, bool pinned, bool silently, CancellationToken cancellationToken) =>
        await ChangedAsync(
            await InvokeAsync(
                new MessagesUpdatePinnedMessage { Peer = Input(peer), Id = messageId, Unpin = !pinned, Silent = silently }, cancellationToken),
            cancellationToken);

    /// <summary>Takes all pins off.</summary>
    /// <param name="topicId">Only those of one topic of a forum.</param>
    public async Task UnpinAllAsync(PeerAddress peer, int? topicId, CancellationToken cancellationToken)
    {
        int left;
        do
        {
            var affected = await InvokeAsync(new MessagesUnpinAllMessages { Peer = Input(peer), TopMsgId = topicId }, cancellationToken);
            await AffectedAsync(affected.Pts, affected.PtsCount, peer.Key.Kind == PeerKind.Channel ? peer.Key.Id : null, cancellationToken);
            // Many are taken off in several goes.
            left = affected.Offset;
        }
        while (left > 0);
    }

    /// <summary>The messages of a place that wait for their time, under numbers of their own.</summary>
    public async Task<IReadOnlyList<MessageBase>> GetScheduledAsync(PeerAddress peer, CancellationToken cancellationToken) =>
        MessagesOf(await InvokeAsync(new MessagesGetScheduledHistory { Peer = Input(peer), Hash = 0 }, cancellationToken));

    /// <summary>Sends scheduled messages before their time.</summary>
    public async Task SendScheduledNowAsync(PeerAddress peer, IReadOnlyList<int> scheduledIds, CancellationToken cancellationToken) =>
        await ChangedAsync(await InvokeAsync(new MessagesSendScheduledMessages { Peer = Input(peer), Id = scheduledIds }, cancellationToken), cancellationToken);

    /// <summary>Takes scheduled messages back.</summary>
    public async Task DeleteScheduledAsync(PeerAddress peer, IReadOnlyList<int> scheduledIds, CancellationToken cancellationToken) =>
        await ChangedAsync(await InvokeAsync(new MessagesDeleteScheduledMessages { Peer = Input(peer), Id = scheduledIds }, cancellationToken), cancellationToken);

    private static IReadOnlyList<MessageBase> MessagesOf(MessagesMessagesBase answer) => answer switch
    {
        MessagesMessages all => all.Messages,
        MessagesMessagesSlice part => part.Messages,
        MessagesChannelMessages channel => channel.Messages,
        _ => [],
    };

    private static InputChannel Channel(PeerAddress peer) => peer.Key.Kind == PeerKind.Channel
        ? new InputChannel { ChannelId = peer.Key.Id, AccessHash = peer.AccessHash ?? 0 }
        : throw new ArgumentException($"{peer.Key.Kind} {peer.Key.Id} is no supergroup or channel.", nameof(peer));
}
