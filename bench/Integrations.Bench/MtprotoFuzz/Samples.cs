using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Tl;

namespace Integrations.Bench.MtprotoFuzz;

/// <summary>Good messages, of the kinds that a server sends most.</summary>
internal static class Samples
{
    public static IReadOnlyList<byte[]> All { get; } = [.. Objects().Select(value => value.ToBytes())];

    private static IEnumerable<TlObject> Objects()
    {
        var message = new Message
        {
            Id = 7,
            PeerId = new PeerChannel { ChannelId = 70 },
            FromId = new PeerUser { UserId = 2 },
            Date = 1_700_000_000,
            MessageValue = "a text that is longer than it has to be",
            Entities = [new MessageEntityBold { Offset = 0, Length = 1 }, new MessageEntityMentionName { Offset = 2, Length = 4, UserId = 5 }],
            ReplyTo = new MessageReplyHeader { ReplyToMsgId = 6 },
            FwdFrom = new MessageFwdHeader { Date = 5, FromId = new PeerUser { UserId = 3 } },
            Media = new MessageMediaContact { PhoneNumber = "1", FirstName = "a", LastName = "b", Vcard = "", UserId = 4 },
        };
        User[] users = [new() { Id = 2, AccessHash = 22, FirstName = "N", Status = new UserStatusRecently() }, new() { Id = 3, Min = true }];
        Channel[] chats = [new() { Id = 70, AccessHash = 9, Title = "C", Photo = new ChatPhotoEmpty(), Date = 1 }];
        Update[] updates =
        [
            new UpdateNewChannelMessage { Message = message, Pts = 5, PtsCount = 1 },
            new UpdateDeleteMessages { Messages = [1, 2, 3], Pts = 6, PtsCount = 3 },
            new UpdateReadHistoryInbox { Peer = new PeerUser { UserId = 2 }, MaxId = 4, StillUnreadCount = 0, Pts = 7, PtsCount = 1 },
        ];
        var state = new UpdatesState { Pts = 9, Qts = 1, Date = 2, Seq = 3, UnreadCount = 0 };
        yield return new Updates { UpdatesValue = updates, Users = users, Chats = chats, Date = 1, Seq = 2 };
        yield return new UpdateShortMessage { Id = 1, UserId = 2, Message = "short", Pts = 3, PtsCount = 1, Date = 4 };
        yield return new UpdateShort { Update = updates[0], Date = 1 };
        yield return new UpdatesDifference { NewMessages = [message, message], NewEncryptedMessages = [], OtherUpdates = updates, Chats = chats, Users = users, State = state };
        yield return new UpdatesChannelDifference { Final = true, Pts = 4, Timeout = 30, NewMessages = [message], OtherUpdates = updates, Chats = chats, Users = users };
        yield return new MessagesMessages { Messages = [message, message, message], Topics = [], Chats = chats, Users = users };
        yield return new RpcError { ErrorCode = 420, ErrorMessage = "FLOOD_WAIT_3" };
        yield return new RpcResult { ReqMsgId = 4, Result = state.ToBytes() };
        yield return new RpcResult { ReqMsgId = 8, Result = GzipPacked.Of(message.ToBytes()).ToBytes() };
        yield return new NewSessionCreated { FirstMsgId = 4, UniqueId = 5, ServerSalt = 6 };
        yield return new BadServerSalt { BadMsgId = 4, BadMsgSeqno = 1, ErrorCode = 48, NewServerSalt = 9 };
        yield return new BadMsgNotification { BadMsgId = 4, BadMsgSeqno = 1, ErrorCode = 17 };
        yield return new MsgsAck { MsgIds = [1, 2, 3, 4] };
        yield return new MsgsStateInfo { ReqMsgId = 4, Info = [1, 4, 12] };
        yield return new MsgDetailedInfo { MsgId = 4, AnswerMsgId = 9, Bytes = 100, Status = 0 };
        yield return new FutureSalts { ReqMsgId = 4, Now = 5, Salts = [new() { ValidSince = 1, ValidUntil = 2, Salt = 3 }] };
        yield return new Pong { MsgId = 4, PingId = 5 };
        yield return new MsgContainer { Messages = [new ContainedMessage(5, 1, state.ToBytes()), new ContainedMessage(9, 3, message.ToBytes())] };
        yield return new MsgCopy { OrigMessage = new ContainedMessage(5, 1, state.ToBytes()) };
        yield return GzipPacked.Of(message.ToBytes());
    }
}
