using Integrations.Mtproto;
using Integrations.Mtproto.GapRecovery;
using Integrations.Mtproto.Schema;
using WireKey = Integrations.Mtproto.GapRecovery.PeerKey;

namespace Integrations.Core.Telegram.Clients;

/// <summary>Messages from the library's words into the product's.</summary>
internal static class MtprotoMessages
{
    public static SentText Sent(SentId sent) => new(sent.RandomId, sent.MessageId, sent.Date);

    public static SentText Sent(UpdateMessageID named) => new(named.RandomId, named.Id, null);

    /// <summary>The new message that an update brings; null for edits, deletions, service messages and everything else.</summary>
    public static TelegramMessage? NewIn(UpdateItem item) => item.Update switch
    {
        UpdateNewMessage { Message: Message message } => Of(message),
        UpdateNewChannelMessage { Message: Message message } => Of(message),
        _ => null,
    };

    /// <summary>The message as an update has changed it; null for every other update.</summary>
    public static TelegramMessage? ChangedIn(UpdateItem item) => item.Update switch
    {
        UpdateEditMessage { Message: Message message } => Of(message),
        UpdateEditChannelMessage { Message: Message message } => Of(message),
        _ => null,
    };

    /// <summary>What an update says is gone; null for every other update.</summary>
    public static DeletedMessages? DeletedIn(UpdateItem item) => item.Update switch
    {
        UpdateDeleteMessages deleted => new(null, deleted.Messages),
        UpdateDeleteChannelMessages deleted => new(deleted.ChannelId, deleted.Messages),
        _ => null,
    };

    /// <summary>The messages of a history, as it orders them.</summary>
    public static IEnumerable<TelegramMessage> Of(MessagesMessagesBase history) => (history switch
    {
        MessagesMessages all => all.Messages,
        MessagesMessagesSlice part => part.Messages,
        MessagesChannelMessages channel => channel.Messages,
        _ => [],
    }).OfType<Message>().Select(Of);

    private static TelegramMessage Of(Message message)
    {
        var peer = MtprotoPeers.Key(WireKey.Of(message.PeerId));
        // In a private chat Telegram leaves the author out where it is the other side.
        PeerKey? from = message.FromId is { } author ? MtprotoPeers.Key(WireKey.Of(author)) : message.PeerId is PeerUser && !message.Out ? peer : null;
        return new TelegramMessage(
            peer,
            message.Id,
            from,
            message.Out,
            message.MessageValue is { Length: > 0 } text ? text : MtprotoMedia.WordsOf(message.Media) ?? "",
            DateTimeOffset.FromUnixTimeSeconds(message.Date),
            (message.ReplyTo as MessageReplyHeader)?.ReplyToMsgId)
        {
            Media = MtprotoMedia.FileOf(message.Media),
            AlbumId = message.GroupedId,
            EditedAt = message.EditDate is { } edited && !message.EditHide ? DateTimeOffset.FromUnixTimeSeconds(edited) : null,
        };
    }
}
