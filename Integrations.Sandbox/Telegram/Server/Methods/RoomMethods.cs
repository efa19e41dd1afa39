using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Tl;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Telegram.Server.Methods;

/// <summary><c>channels.*</c> and the calls about basic groups.</summary>
internal static class RoomMethods
{
    public static void AddRooms(this RpcDispatcher dispatcher)
    {
        dispatcher.Register<MessagesGetChats, MessagesChatsBase>(GetChats);
        dispatcher.Register<MessagesGetFullChat, MessagesChatFull>(GetFullChat);
        dispatcher.Register<ChannelsGetChannels, MessagesChatsBase>((call, request) =>
        {
            var view = new View(call.World, call.User);
            foreach (var channel in request.Id.Select(channel => Peers.Resolve(call, channel)))
                view.Mention(channel.Peer);
            call.Session.KnownPeers.UnionWith(view.Mentioned);
            return new MessagesChats { Chats = view.Chats };
        });
        dispatcher.Register<ChannelsGetFullChannel, MessagesChatFull>(GetFullChannel);
        dispatcher.Register<ChannelsGetMessages, MessagesMessagesBase>((call, request) =>
        {
            var channel = Peers.Resolve(call, request.Channel);
            var ids = HistoryMethods.Numbers(request.Id);
            return HistoryMethods.Page(call, ids, call.World.ChannelMessagesById(call.User.Id, channel.Id, ids), channel);
        });
        dispatcher.Register<ChannelsReadHistory, bool>((call, request) =>
        {
            call.World.Read(call.User.Id, Peers.Resolve(call, request.Channel).Peer, request.MaxId, call.Origin);
            return true;
        });
        dispatcher.Register<ChannelsJoinChannel, MessagesChatInviteJoinResult>((call, request) =>
            new MessagesChatInviteJoinResultOk { Updates = Join(call, request.Channel) });
        dispatcher.RegisterOlder<OlderJoinChannel, UpdatesBase>(
            OlderJoinChannel.Id, OlderJoinChannel.ReadBody, (call, request) => Join(call, request.Channel));
        dispatcher.Register<ChannelsLeaveChannel, UpdatesBase>((call, request) =>
            Changed(call, call.World.Leave(call.User.Id, Peers.Resolve(call, request.Channel).Id, call.Origin)));
        dispatcher.Register<ChannelsDeleteMessages, MessagesAffectedMessages>((call, request) =>
        {
            var (pts, ptsCount) = call.World.DeleteInChannel(call.User.Id, Peers.Resolve(call, request.Channel).Id, request.Id, call.Origin);
            return new MessagesAffectedMessages { Pts = pts, PtsCount = ptsCount };
        });
        dispatcher.Register<ChannelsGetParticipant, ChannelsChannelParticipant>(GetParticipant);
        dispatcher.Register<ChannelsGetParticipants, ChannelsChannelParticipantsBase>(GetParticipants);
    }

    private static Updates Join(RpcCall call, InputChannelBase channel) =>
        Changed(call, call.World.Join(call.User.Id, Peers.Resolve(call, channel).Id, call.Origin));

    private static Updates Changed(RpcCall call, ChannelRoom channel)
    {
        var view = new View(call.World, call.User).Mention(channel.Peer);
        call.Session.KnownPeers.UnionWith(view.Mentioned);
        return view.Wrap(call.UnixNow, new UpdateChannel { ChannelId = channel.Id });
    }

    private static MessagesChatsBase GetChats(RpcCall call, MessagesGetChats request)
    {
        var view = new View(call.World, call.User);
        foreach (var id in request.Id)
        {
            call.World.RequirePeer(call.User, PeerRef.Group(id));
            view.Mention(PeerRef.Group(id));
        }
        return new MessagesChats { Chats = view.Chats };
    }

    private static MessagesChatFull GetFullChat(RpcCall call, MessagesGetFullChat request)
    {
        call.World.RequirePeer(call.User, PeerRef.Group(request.ChatId));
        var group = call.World.FindGroup(request.ChatId) ?? throw TelegramRefusal.BadRequest("CHAT_ID_INVALID");
        var view = new View(call.World, call.User).Mention(PeerRef.Group(group.Id));
        foreach (var member in group.Members)
            view.Mention(PeerRef.User(member));
        return new MessagesChatFull
        {
            FullChat = new ChatFull
            {
                Id = group.Id,
                About = "",
                Participants = new ChatParticipants
                {
                    ChatId = group.Id,
                    Participants = [.. group.Members.Select(member => Member(group, member))],
                    Version = 1,
                },
                NotifySettings = new PeerNotifySettings(),
            },
            Chats = view.Chats,
            Users = view.Users,
        };
    }

    private static ChatParticipantBase Member(BasicGroup group, long userId) => userId == group.CreatorId
        ? new ChatParticipantCreator { UserId = userId }
        : new ChatParticipant { UserId = userId, InviterId = group.CreatorId, Date = group.Date };

    private static MessagesChatFull GetFullChannel(RpcCall call, ChannelsGetFullChannel request)
    {
        var channel = Peers.Resolve(call, request.Channel);
        var dialog = call.World.DialogWith(call.User.Id, channel.Peer);
        var view = new View(call.World, call.User).Mention(channel.Peer);
        return new MessagesChatFull
        {
            FullChat = new ChannelFull
            {
                Id = channel.Id,
                About = channel.About,
                ParticipantsCount = call.World.MembersOf(channel.Peer).Count,
                ReadInboxMaxId = dialog.ReadInboxMaxId,
                ReadOutboxMaxId = dialog.ReadOutboxMaxId,
                UnreadCount = dialog.Unread,
                ChatPhoto = new PhotoEmpty { Id = 0 },
                NotifySettings = new PeerNotifySettings(),
                BotInfo = [],
                PinnedMsgId = call.World.Pinned(call.User.Id, channel.Peer) is [var latest, ..] ? latest.Id : null,
                HasScheduled = call.World.Scheduled(call.User.Id, channel.Peer).Count > 0,
                SlowmodeSeconds = channel.SlowModeSeconds > 0 ? channel.SlowModeSeconds : null,
                Pts = dialog.ChannelPts ?? channel.Box.Pts,
            },
            Chats = view.Chats,
            Users = view.Users,
        };
    }

    private static ChannelsChannelParticipant GetParticipant(RpcCall call, ChannelsGetParticipant request)
    {
        var channel = Peers.Resolve(call, request.Channel);
        var user = Peers.Resolve(call, request.Participant);
        var view = new View(call.World, call.User).Mention(channel.Peer).Mention(user);
        return new ChannelsChannelParticipant
        {
            Participant = call.World.MembershipIn(user.Id, channel.Id) is { } joined
                ? Participant(call, channel, user.Id, joined)
                : throw TelegramRefusal.BadRequest("USER_NOT_PARTICIPANT"),
            Chats = view.Chats,
            Users = view.Users,
        };
    }

    private static ChannelsChannelParticipantsBase GetParticipants(RpcCall call, ChannelsGetParticipants request)
    {
        var channel = Peers.Resolve(call, request.Channel);
        if (channel.Broadcast && !call.World.May(call.User.Id, channel.Peer, AdminRights.Other))
            throw TelegramRefusal.BadRequest("CHAT_ADMIN_REQUIRED");
        var members = call.World.MembersOf(channel.Peer).Order().ToList();
        var view = new View(call.World, call.User).Mention(channel.Peer);
        var page = members.Skip(Math.Max(0, request.Offset)).Take(Math.Clamp(request.Limit, 0, 200)).ToList();
        foreach (var member in page)
            view.Mention(PeerRef.User(member));
        return new ChannelsChannelParticipants
        {
            Count = members.Count,
            Participants = [.. page.Select(id => Participant(call, channel, id, call.World.MembershipIn(id, channel.Id) ?? channel.Date))],
            Chats = view.Chats,
            Users = view.Users,
        };
    }

    private static ChannelParticipantBase Participant(RpcCall call, ChannelRoom channel, long userId, int joined)
    {
        var place = call.World.PlaceOf(userId, channel.Peer);
        if (place.Rank is MemberRank.Creator)
            return new ChannelParticipantCreator { UserId = userId, AdminRights = View.Rights(place.Rights) };
        if (place.Rank is MemberRank.Administrator)
        {
            return new ChannelParticipantAdmin
            {
                Self = userId == call.User.Id,
                UserId = userId,
                InviterId = userId == call.User.Id ? channel.CreatorId : null,
                PromotedBy = channel.CreatorId,
                Date = joined,
                AdminRights = View.Rights(place.Rights),
                Rank = place.Title,
            };
        }

        if (place.Rank is MemberRank.Restricted)
        {
            return new ChannelParticipantBanned
            {
                Peer = View.Peer(PeerRef.User(userId)),
                KickedBy = channel.CreatorId,
                Date = joined,
                BannedRights = View.Limits(place),
            };
        }

        if (userId == call.User.Id)
            return new ChannelParticipantSelf { UserId = userId, InviterId = channel.CreatorId, Date = joined };
        return new ChannelParticipant { UserId = userId, Date = joined };
    }

    /// <summary><c>channels.joinChannel#24b524c5 channel:InputChannel = Updates;</c>, which layers 144 and 198 call.</summary>
    private sealed class OlderJoinChannel : TlRequest<UpdatesBase>
    {
        public const uint Id = 0x24b524c5;

        public override uint ConstructorId => Id;

        public override string TlName => "channels.joinChannel";

        public required InputChannelBase Channel { get; init; }

        public static OlderJoinChannel ReadBody(ref TlReader reader) => new() { Channel = reader.ReadObject<InputChannelBase>() };

        public override void Write(TlWriter writer)
        {
            writer.WriteUInt32(Id);
            Channel.Write(writer);
        }

        public override UpdatesBase ReadResult(ref TlReader reader) => reader.ReadObject<UpdatesBase>();

        public override void WriteResult(TlWriter writer, UpdatesBase result) => result.Write(writer);
    }
}
