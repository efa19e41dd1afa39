using Integrations.Mtproto.Schema;

namespace Integrations.Mtproto.GapRecovery;

internal enum BoxKind
{
    /// <summary>Not ordered by a box of its own, only by the container's sequence.</summary>
    None,
    Common,
    Qts,
    Channel,
}

internal readonly record struct Box(BoxKind Kind, long ChannelId = 0);

/// <summary>Which box an update belongs to and where in it.</summary>
/// <param name="Position">The box's position after the update.</param>
/// <param name="Count">How many events the update stands for.</param>
internal readonly record struct UpdatePlace(Box Box, int Position, int Count)
{
    public static UpdatePlace Of(Update update) => update switch
    {
        UpdateNewMessage u => Common(u.Pts, u.PtsCount),
        UpdateEditMessage u => Common(u.Pts, u.PtsCount),
        UpdateDeleteMessages u => Common(u.Pts, u.PtsCount),
        UpdateReadHistoryInbox u => Common(u.Pts, u.PtsCount),
        UpdateReadHistoryOutbox u => Common(u.Pts, u.PtsCount),
        UpdateReadMessagesContents u => Common(u.Pts, u.PtsCount),
        UpdateWebPage u => Common(u.Pts, u.PtsCount),
        UpdateFolderPeers u => Common(u.Pts, u.PtsCount),
        UpdatePinnedMessages u => Common(u.Pts, u.PtsCount),

        UpdateNewChannelMessage u => Channel(MessagePeers.ChannelOf(u.Message), u.Pts, u.PtsCount),
        UpdateEditChannelMessage u => Channel(MessagePeers.ChannelOf(u.Message), u.Pts, u.PtsCount),
        UpdateDeleteChannelMessages u => Channel(u.ChannelId, u.Pts, u.PtsCount),
        UpdateChannelWebPage u => Channel(u.ChannelId, u.Pts, u.PtsCount),
        UpdatePinnedChannelMessages u => Channel(u.ChannelId, u.Pts, u.PtsCount),

        UpdateNewEncryptedMessage u => Qts(u.Qts),
        UpdateMessagePollVote u => Qts(u.Qts),
        UpdateChatParticipant u => Qts(u.Qts),
        UpdateChannelParticipant u => Qts(u.Qts),
        UpdateBotStopped u => Qts(u.Qts),
        UpdateBotChatInviteRequester u => Qts(u.Qts),
        UpdateBotChatBoost u => Qts(u.Qts),
        UpdateBotMessageReaction u => Qts(u.Qts),
        UpdateBotMessageReactions u => Qts(u.Qts),
        UpdateBotBusinessConnect u => Qts(u.Qts),
        UpdateBotNewBusinessMessage u => Qts(u.Qts),
        UpdateBotEditBusinessMessage u => Qts(u.Qts),
        UpdateBotDeleteBusinessMessage u => Qts(u.Qts),
        UpdateBotPurchasedPaidMedia u => Qts(u.Qts),
        UpdateManagedBot u => Qts(u.Qts),
        UpdateBotGuestChatQuery u => Qts(u.Qts),
        UpdateBotStarsSubscription u => Qts(u.Qts),
        _ => default,
    };

    /// <summary>The message inside, when there is one whose peers the receiver has to know.</summary>
    public static MessageBase? MessageIn(Update update) => update switch
    {
        UpdateNewMessage u => u.Message,
        UpdateEditMessage u => u.Message,
        UpdateNewChannelMessage u => u.Message,
        UpdateEditChannelMessage u => u.Message,
        _ => null,
    };

    private static UpdatePlace Common(int pts, int count) => new(new(BoxKind.Common), pts, count);

    // A message that names no channel cannot be placed; it is handed on as it came.
    private static UpdatePlace Channel(long? channelId, int pts, int count) =>
        channelId is { } id ? new(new(BoxKind.Channel, id), pts, count) : default;

    // Some servers send 0 for "outside of the box": it neither moves it nor shows a gap.
    private static UpdatePlace Qts(int qts) => qts == 0 ? default : new(new(BoxKind.Qts), qts, 1);
}
