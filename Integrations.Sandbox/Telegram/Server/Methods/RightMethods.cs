using System.Text;
using Integrations.Mtproto.Schema;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Telegram.Server.Methods;

/// <summary>Bringing people in, promoting, restricting and removing them; making a supergroup of a group; blocking; pressing a bot's buttons.</summary>
internal static class RightMethods
{
    public static void AddRights(this RpcDispatcher dispatcher)
    {
        dispatcher.Register<ChannelsInviteToChannel, MessagesInvitedUsers>((call, request) =>
        {
            var channel = Peers.Resolve(call, request.Channel);
            foreach (var user in request.Users)
                call.World.Invite(call.User.Id, channel.Id, Peers.Resolve(call, user).Id);
            return Invited(Changed(call, channel.Peer));
        });
        dispatcher.Register<MessagesAddChatUser, MessagesInvitedUsers>((call, request) =>
        {
            call.World.InviteToGroup(call.User.Id, request.ChatId, Peers.Resolve(call, request.UserId).Id, null);
            return Invited(Changed(call, PeerRef.Group(request.ChatId)));
        });
        dispatcher.Register<ChannelsEditAdmin, UpdatesBase>((call, request) =>
        {
            var channel = Peers.Resolve(call, request.Channel);
            call.World.Promote(call.User.Id, channel.Peer, Peers.Resolve(call, request.UserId).Id, Rights(request.AdminRights), request.Rank, null);
            return Changed(call, channel.Peer);
        });
        dispatcher.Register<ChannelsEditBanned, UpdatesBase>((call, request) =>
        {
            var channel = Peers.Resolve(call, request.Channel);
            var user = Peers.Resolve(call, request.Participant);
            var rights = request.BannedRights;
            if (rights.ViewMessages)
                call.World.Ban(call.User.Id, channel.Peer, user.Id, rights.UntilDate, null);
            else if (call.World.PlaceOf(user.Id, channel.Peer).Rank is MemberRank.Kicked)
                call.World.Unban(call.User.Id, channel.Peer, user.Id, null);
            else
                call.World.Restrict(call.User.Id, channel.Peer, user.Id, Limits(rights), rights.UntilDate, null);
            return Changed(call, channel.Peer);
        });
        dispatcher.Register<MessagesMigrateChat, UpdatesBase>((call, request) =>
        {
            var room = call.World.Migrate(call.User.Id, request.ChatId);
            var view = new View(call.World, call.User).Mention(PeerRef.Group(request.ChatId)).Mention(room.Peer);
            call.Session.KnownPeers.UnionWith(view.Mentioned);
            return view.Wrap(call.UnixNow, new UpdateChannel { ChannelId = room.Id });
        });
        dispatcher.Register<ContactsBlock, bool>((call, request) => Block(call, request.Id, blocked: true));
        dispatcher.Register<ContactsUnblock, bool>((call, request) => Block(call, request.Id, blocked: false));
        dispatcher.RegisterLater<MessagesGetBotCallbackAnswer, MessagesBotCallbackAnswer>(PressAsync);
    }

    private static bool Block(RpcCall call, InputPeer peer, bool blocked)
    {
        call.World.Block(call.User.Id, Peers.Resolve(call, peer).Id, blocked);
        return true;
    }

    private static async Task<MessagesBotCallbackAnswer> PressAsync(RpcCall call, MessagesGetBotCallbackAnswer request)
    {
        var press = call.World.Press(call.User.Id, Peers.Resolve(call, request.Peer), request.MsgId, Encoding.UTF8.GetString(request.Data ?? []));
        // A little later than the bot may answer, so that no clock is asked whether the time is quite over.
        call.Parts.Delays.After(TelegramWorld.ButtonPatience + TimeSpan.FromSeconds(1), call.World.EndLatePresses);
        var answer = await press.Answer ?? throw TelegramRefusal.BadRequest("BOT_RESPONSE_TIMEOUT");
        return new MessagesBotCallbackAnswer
        {
            Alert = answer.ShowAlert,
            HasUrl = answer.Url is not null,
            Message = answer.Text,
            Url = answer.Url,
            CacheTime = answer.CacheTime,
        };
    }

    private static MessagesInvitedUsers Invited(UpdatesBase updates) => new() { Updates = updates, MissingInvitees = [] };

    private static Updates Changed(RpcCall call, PeerRef room)
    {
        var view = new View(call.World, call.User).Mention(room);
        call.Session.KnownPeers.UnionWith(view.Mentioned);
        return room.Kind is PeerKind.Channel ? view.Wrap(call.UnixNow, new UpdateChannel { ChannelId = room.Id }) : view.Wrap(call.UnixNow);
    }

    private static AdminRights Rights(ChatAdminRights rights) =>
        (rights.ChangeInfo ? AdminRights.ChangeInfo : AdminRights.None)
        | (rights.PostMessages ? AdminRights.PostMessages : AdminRights.None)
        | (rights.EditMessages ? AdminRights.EditMessages : AdminRights.None)
        | (rights.DeleteMessages ? AdminRights.DeleteMessages : AdminRights.None)
        | (rights.BanUsers ? AdminRights.BanUsers : AdminRights.None)
        | (rights.InviteUsers ? AdminRights.InviteUsers : AdminRights.None)
        | (rights.PinMessages ? AdminRights.PinMessages : AdminRights.None)
        | (rights.AddAdmins ? AdminRights.AddAdmins : AdminRights.None)
        | (rights.Anonymous ? AdminRights.Anonymous : AdminRights.None)
        | (rights.ManageCall ? AdminRights.ManageVideoChats : AdminRights.None)
        | (rights.ManageTopics ? AdminRights.ManageTopics : AdminRights.None)
        | (rights.PostStories ? AdminRights.PostStories : AdminRights.None)
        | (rights.EditStories ? AdminRights.EditStories : AdminRights.None)
        | (rights.DeleteStories ? AdminRights.DeleteStories : AdminRights.None)
        | (rights.Other ? AdminRights.Other : AdminRights.None);

    private static MemberLimits Limits(ChatBannedRights rights) =>
        (rights.SendMessages || rights.SendPlain ? MemberLimits.SendMessages : MemberLimits.None)
        | (rights.SendMedia || rights.SendAudios ? MemberLimits.SendAudios : MemberLimits.None)
        | (rights.SendMedia || rights.SendDocs ? MemberLimits.SendDocuments : MemberLimits.None)
        | (rights.SendMedia || rights.SendPhotos ? MemberLimits.SendPhotos : MemberLimits.None)
        | (rights.SendMedia || rights.SendVideos ? MemberLimits.SendVideos : MemberLimits.None)
        | (rights.SendMedia || rights.SendRoundvideos ? MemberLimits.SendVideoNotes : MemberLimits.None)
        | (rights.SendMedia || rights.SendVoices ? MemberLimits.SendVoiceNotes : MemberLimits.None)
        | (rights.SendPolls ? MemberLimits.SendPolls : MemberLimits.None)
        | (rights.SendStickers || rights.SendGifs ? MemberLimits.SendOther : MemberLimits.None)
        | (rights.EmbedLinks ? MemberLimits.AddPreviews : MemberLimits.None)
        | (rights.ChangeInfo ? MemberLimits.ChangeInfo : MemberLimits.None)
        | (rights.InviteUsers ? MemberLimits.InviteUsers : MemberLimits.None)
        | (rights.PinMessages ? MemberLimits.PinMessages : MemberLimits.None)
        | (rights.ManageTopics ? MemberLimits.ManageTopics : MemberLimits.None);
}
