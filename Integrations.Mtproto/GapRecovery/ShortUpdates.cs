using Integrations.Mtproto.Schema;

namespace Integrations.Mtproto.GapRecovery;

/// <summary>Writes the short forms out as the messages that they stand for.</summary>
internal static class ShortUpdates
{
    public static UpdateNewMessage Expand(UpdateShortMessage u, long selfId) => New(u.Pts, u.PtsCount, new Message
    {
        Out = u.Out,
        Mentioned = u.Mentioned,
        MediaUnread = u.MediaUnread,
        Silent = u.Silent,
        Id = u.Id,
        FromId = new PeerUser { UserId = u.Out ? selfId : u.UserId },
        PeerId = new PeerUser { UserId = u.UserId },
        FwdFrom = u.FwdFrom,
        ViaBotId = u.ViaBotId,
        ReplyTo = u.ReplyTo,
        Date = u.Date,
        MessageValue = u.Message,
        Entities = u.Entities,
        TtlPeriod = u.TtlPeriod,
    });

    public static UpdateNewMessage Expand(UpdateShortChatMessage u) => New(u.Pts, u.PtsCount, new Message
    {
        Out = u.Out,
        Mentioned = u.Mentioned,
        MediaUnread = u.MediaUnread,
        Silent = u.Silent,
        Id = u.Id,
        FromId = new PeerUser { UserId = u.FromId },
        PeerId = new PeerChat { ChatId = u.ChatId },
        FwdFrom = u.FwdFrom,
        ViaBotId = u.ViaBotId,
        ReplyTo = u.ReplyTo,
        Date = u.Date,
        MessageValue = u.Message,
        Entities = u.Entities,
        TtlPeriod = u.TtlPeriod,
    });

    public static UpdateNewMessage Expand(UpdateShortSentMessage u, SentMessage sent, long selfId) => New(u.Pts, u.PtsCount, new Message
    {
        Out = true,
        Id = u.Id,
        FromId = new PeerUser { UserId = selfId },
        PeerId = sent.Peer,
        ReplyTo = sent.ReplyToMessageId is { } id ? new MessageReplyHeader { ReplyToMsgId = id } : null,
        Date = u.Date,
        MessageValue = sent.Text,
        Media = u.Media,
        Entities = u.Entities,
        TtlPeriod = u.TtlPeriod,
    });

    private static UpdateNewMessage New(int pts, int count, Message message) => new() { Message = message, Pts = pts, PtsCount = count };
}

/// <summary>What the server leaves out of <c>updateShortSentMessage</c>, because the sender knows it.</summary>
public sealed record SentMessage(Peer Peer, string Text, int? ReplyToMessageId = null);
