using Integrations.Mtproto.Schema;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Telegram.Server.Methods;

/// <summary><c>messages.*</c> that look back: dialogs, history, search.</summary>
internal static class HistoryMethods
{
    private const int PageLimit = 100;

    public static void AddHistories(this RpcDispatcher dispatcher)
    {
        dispatcher.Register<MessagesGetDialogs, MessagesDialogsBase>(GetDialogs);
        dispatcher.Register<MessagesGetPeerDialogs, MessagesPeerDialogs>(GetPeerDialogs);
        dispatcher.Register<MessagesGetHistory, MessagesMessagesBase>(GetHistory);
        dispatcher.Register<MessagesSearch, MessagesMessagesBase>(Search);
        dispatcher.Register<MessagesGetMessages, MessagesMessagesBase>((call, request) =>
            Page(call, Numbers(request.Id), call.World.MessagesById(call.User.Id, Numbers(request.Id)), null));
    }

    /// <summary>Numbers of messages, without those that point at one in another way.</summary>
    public static int[] Numbers(IEnumerable<InputMessage> messages) => [.. messages.OfType<InputMessageID>().Select(message => message.Id)];

    /// <summary>Messages asked for by number; each missing one says so under its number.</summary>
    public static MessagesMessagesBase Page(RpcCall call, int[] ids, IReadOnlyList<StoredMessage?> found, ChannelRoom? channel)
    {
        var view = new View(call.World, call.User);
        if (channel is not null)
            view.Mention(channel.Peer);
        var messages = found.Select((message, i) => message is null ? new MessageEmpty { Id = ids[i] } : view.Message(message)).ToArray();
        call.Session.KnownPeers.UnionWith(view.Mentioned);
        if (channel is null)
            return new MessagesMessages { Messages = messages, Topics = [], Chats = view.Chats, Users = view.Users };
        return new MessagesChannelMessages
        {
            Pts = channel.Box.Pts,
            Count = messages.Length,
            Messages = messages,
            Topics = [],
            Chats = view.Chats,
            Users = view.Users,
        };
    }

    private static MessagesDialogsBase GetDialogs(RpcCall call, MessagesGetDialogs request)
    {
        var all = call.World.Dialogs(call.User.Id);
        var start = Start(call, request, all);
        var page = all.Skip(start).Take(Math.Clamp(request.Limit, 1, PageLimit)).ToList();
        var view = new View(call.World, call.User);
        var dialogs = page.Select(view.Dialog).ToArray();
        var tops = page.Select(dialog => dialog.Top).OfType<StoredMessage>().Select(view.Message).ToArray();
        call.Session.KnownPeers.UnionWith(view.Mentioned);
        if (start == 0 && page.Count == all.Count)
            return new MessagesDialogs { Dialogs = dialogs, Messages = tops, Chats = view.Chats, Users = view.Users };
        return new MessagesDialogsSlice { Count = all.Count, Dialogs = dialogs, Messages = tops, Chats = view.Chats, Users = view.Users };
    }

    private static int Start(RpcCall call, MessagesGetDialogs request, IReadOnlyList<DialogView> all)
    {
        // Everything is in the main folder; the archive is empty.
        if (request.FolderId is > 0)
            return all.Count;
        if (request.OffsetDate == 0 && request.OffsetId == 0)
            return 0;
        if (request.OffsetPeer is not InputPeerEmpty)
        {
            var last = Peers.Resolve(call, request.OffsetPeer);
            for (var i = 0; i < all.Count; i++)
            {
                if (all[i].Peer == last)
                    return i + 1;
            }
        }
        return all.TakeWhile(dialog => dialog.Top is null || dialog.Top.Date >= request.OffsetDate).Count();
    }

    private static MessagesPeerDialogs GetPeerDialogs(RpcCall call, MessagesGetPeerDialogs request)
    {
        var view = new View(call.World, call.User);
        var found = request.Peers.OfType<InputDialogPeer>()
            .Select(peer => call.World.DialogWith(call.User.Id, Peers.Resolve(call, peer.Peer)))
            .ToList();
        var dialogs = found.Select(view.Dialog).ToArray();
        var tops = found.Select(dialog => dialog.Top).OfType<StoredMessage>().Select(view.Message).ToArray();
        call.Session.KnownPeers.UnionWith(view.Mentioned);
        return new MessagesPeerDialogs
        {
            Dialogs = dialogs,
            Messages = tops,
            Chats = view.Chats,
            Users = view.Users,
            State = UpdateMethods.State(call, call.World.Position(call.User.Id).Pts),
        };
    }

    private static MessagesMessagesBase GetHistory(RpcCall call, MessagesGetHistory request)
    {
        bool Wanted(StoredMessage message) =>
            (request.MaxId <= 0 || message.Id < request.MaxId)
            && message.Id > request.MinId
            && (request.OffsetDate <= 0 || message.Date < request.OffsetDate);

        var peer = Peers.Resolve(call, request.Peer);
        return Page(call, peer, call.World.History(
            call.User.Id, peer, Wanted, request.OffsetId, request.AddOffset, Math.Clamp(request.Limit, 0, PageLimit)));
    }

    private static MessagesMessagesBase Search(RpcCall call, MessagesSearch request)
    {
        var peer = Peers.Resolve(call, request.Peer);
        var from = request.FromId is { } sender ? Peers.Resolve(call, sender) : (PeerRef?)null;

        bool Wanted(StoredMessage message) =>
            request.Filter is InputMessagesFilterEmpty
            && message.Text.Contains(request.Q, StringComparison.CurrentCultureIgnoreCase)
            && (from is null || from == PeerRef.User(message.FromId))
            && (request.MinDate <= 0 || message.Date >= request.MinDate)
            && (request.MaxDate <= 0 || message.Date < request.MaxDate)
            && (request.MaxId <= 0 || message.Id < request.MaxId)
            && message.Id > request.MinId;

        return Page(call, peer, call.World.History(
            call.User.Id, peer, Wanted, request.OffsetId, request.AddOffset, Math.Clamp(request.Limit, 0, PageLimit)));
    }

    private static MessagesMessagesBase Page(RpcCall call, PeerRef peer, HistoryView history)
    {
        var view = new View(call.World, call.User).Mention(peer);
        var messages = history.Messages.Select(view.Message).ToArray();
        call.Session.KnownPeers.UnionWith(view.Mentioned);
        if (history.ChannelPts is { } pts)
        {
            return new MessagesChannelMessages
            {
                Pts = pts,
                Count = history.Total,
                Messages = messages,
                Topics = [],
                Chats = view.Chats,
                Users = view.Users,
            };
        }
        if (messages.Length == history.Total)
            return new MessagesMessages { Messages = messages, Topics = [], Chats = view.Chats, Users = view.Users };
        return new MessagesMessagesSlice { Count = history.Total, Messages = messages, Topics = [], Chats = view.Chats, Users = view.Users };
    }
}
