using Integrations.Mtproto.Schema;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Telegram.Server.Methods;

/// <summary>Invite links (https://core.telegram.org/api/invites).</summary>
internal static class InviteMethods
{
    public static void AddInvites(this RpcDispatcher dispatcher)
    {
        dispatcher.Register<MessagesExportChatInvite, ExportedChatInvite>((call, request) =>
        {
            var invite = call.World.MakeInvite(call.User.Id, Peers.Resolve(call, request.Peer));
            return new ChatInviteExported { Permanent = true, Link = $"https://t.me/+{invite.Hash}", AdminId = invite.CreatorId, Date = invite.Date };
        });
        dispatcher.Register<MessagesDeleteChatUser, UpdatesBase>((call, request) =>
        {
            var userId = Peers.Resolve(call, request.UserId).Id;
            var said = userId == call.User.Id
                ? call.World.LeaveGroup(userId, request.ChatId, call.Origin)
                : call.World.RemoveFromGroup(call.User.Id, request.ChatId, userId, call.Origin);
            return MessageMethods.Sent(call, [], [said]);
        });
        dispatcher.Register<MessagesCheckChatInvite, ChatInviteBase>(Check);
        dispatcher.Register<MessagesImportChatInvite, MessagesChatInviteJoinResult>((call, request) =>
        {
            var peer = call.World.JoinByInvite(call.User.Id, request.Hash, call.Origin);
            var view = new View(call.World, call.User).Mention(peer);
            call.Session.KnownPeers.UnionWith(view.Mentioned);
            return new MessagesChatInviteJoinResultOk { Updates = view.Wrap(call.UnixNow) };
        });
    }

    private static ChatInviteBase Check(RpcCall call, MessagesCheckChatInvite request)
    {
        var peer = call.World.RequireInvite(request.Hash).Peer;
        if (call.World.IsMember(call.User.Id, peer))
        {
            var view = new View(call.World, call.User).Mention(peer);
            call.Session.KnownPeers.UnionWith(view.Mentioned);
            return new ChatInviteAlready { Chat = view.Chats[0] };
        }

        var channel = peer.Kind == PeerKind.Channel ? call.World.FindChannel(peer.Id) : null;
        return new ChatInvite
        {
            Channel = channel is not null,
            Broadcast = channel?.Broadcast == true,
            Megagroup = channel is { Broadcast: false },
            Public = channel?.Username is not null,
            Title = channel?.Title ?? call.World.FindGroup(peer.Id)!.Title,
            About = channel?.About,
            Photo = new PhotoEmpty { Id = 0 },
            ParticipantsCount = call.World.MembersOf(peer).Count,
            Color = 0,
        };
    }
}
