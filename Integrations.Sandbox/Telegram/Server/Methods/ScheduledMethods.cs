using Integrations.Mtproto.Schema;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Telegram.Server.Methods;

/// <summary>Messages that wait for their time (https://core.telegram.org/api/scheduled-messages).</summary>
internal static class ScheduledMethods
{
    public static void AddScheduled(this RpcDispatcher dispatcher)
    {
        dispatcher.Register<MessagesGetScheduledHistory, MessagesMessagesBase>((call, request) =>
        {
            var peer = Peers.Resolve(call, request.Peer);
            return Page(call, call.World.Scheduled(call.User.Id, peer));
        });
        dispatcher.Register<MessagesGetScheduledMessages, MessagesMessagesBase>((call, request) =>
        {
            var peer = Peers.Resolve(call, request.Peer);
            return Page(call, [.. call.World.Scheduled(call.User.Id, peer).Where(message => request.Id.Contains(message.Id))]);
        });
        dispatcher.Register<MessagesSendScheduledMessages, UpdatesBase>((call, request) =>
        {
            var peer = Peers.Resolve(call, request.Peer);
            var sent = call.World.SendScheduled(call.User.Id, peer, request.Id, call.Origin);
            var updates = MessageMethods.Sent(call, [], sent);
            return new Updates
            {
                UpdatesValue = [new UpdateDeleteScheduledMessages { Peer = View.Peer(peer), Messages = request.Id }, .. updates.UpdatesValue],
                Users = updates.Users,
                Chats = updates.Chats,
                Date = updates.Date,
                Seq = 0,
            };
        });
        dispatcher.Register<MessagesDeleteScheduledMessages, UpdatesBase>((call, request) =>
        {
            var peer = Peers.Resolve(call, request.Peer);
            call.World.DeleteScheduled(call.User.Id, peer, request.Id);
            var view = new View(call.World, call.User).Mention(peer);
            return view.Wrap(call.UnixNow, new UpdateDeleteScheduledMessages { Peer = View.Peer(peer), Messages = request.Id });
        });
    }

    private static MessagesMessages Page(RpcCall call, IReadOnlyList<ScheduledMessage> messages)
    {
        var view = new View(call.World, call.User);
        MessageBase[] shown = [.. messages.Select(view.Scheduled)];
        return new MessagesMessages { Messages = shown, Topics = [], Chats = view.Chats, Users = view.Users };
    }
}
