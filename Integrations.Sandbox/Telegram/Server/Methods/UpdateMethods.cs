using Integrations.Mtproto.Schema;
using Integrations.Sandbox.Telegram.Faults;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Telegram.Server.Methods;

/// <summary><c>updates.*</c>: where a box stands and what was missed (https://core.telegram.org/api/updates).</summary>
internal static class UpdateMethods
{
    private const int ChannelLimit = 100;

    /// <summary>The hint, in seconds, when to ask for a channel's difference again.</summary>
    private const int ChannelTimeout = 30;

    public static void AddUpdates(this RpcDispatcher dispatcher)
    {
        dispatcher.Register<UpdatesGetState, UpdatesState>((call, _) => State(call, call.World.Position(call.User.Id).Pts));
        dispatcher.Register<UpdatesGetDifference, UpdatesDifferenceBase>(GetDifference);
        dispatcher.Register<UpdatesGetChannelDifference, UpdatesChannelDifferenceBase>(GetChannelDifference);
    }

    public static UpdatesState State(RpcCall call, int pts)
    {
        var position = call.World.Position(call.User.Id);
        return new UpdatesState { Pts = pts, Qts = 0, Date = call.UnixNow, Seq = 0, UnreadCount = position.Unread };
    }

    private static UpdatesDifferenceBase GetDifference(RpcCall call, UpdatesGetDifference request)
    {
        var scope = new FaultScope(call.DcId, call.User.Id);
        if (call.Parts.Faults.Take(FaultKind.DifferenceTooLong, scope) is not null)
            return new UpdatesDifferenceTooLong { Pts = call.World.Position(call.User.Id).Pts };
        var slice = call.Parts.Faults.Standing(FaultKind.DifferenceSlices, scope)?.Count ?? call.Parts.Options.DifferenceSlice;
        if (request.PtsLimit is > 0 and var limit)
            slice = Math.Min(slice, limit);
        var difference = call.World.Difference(call.User.Id, request.Pts, slice, request.PtsTotalLimit);
        if (difference.TooLong)
            return new UpdatesDifferenceTooLong { Pts = difference.Pts };
        var view = new View(call.World, call.User);
        var channels = difference.IsFinal ? MovedChannels(call, view, request.Date) : [];
        if (difference.Updates.Count == 0 && channels.Length == 0)
            return new UpdatesDifferenceEmpty { Date = call.UnixNow, Seq = 0 };

        var (messages, inBox) = Split(view, difference);
        Update[] others = [.. inBox, .. channels];
        call.Session.KnownPeers.UnionWith(view.Mentioned);
        if (difference.IsFinal)
        {
            return new UpdatesDifference
            {
                NewMessages = messages,
                NewEncryptedMessages = [],
                OtherUpdates = others,
                Chats = view.Chats,
                Users = view.Users,
                State = State(call, difference.Pts),
            };
        }
        return new UpdatesDifferenceSlice
        {
            NewMessages = messages,
            NewEncryptedMessages = [],
            OtherUpdates = others,
            Chats = view.Chats,
            Users = view.Users,
            IntermediateState = State(call, difference.Pts),
        };
    }

    /// <summary>
    /// Channels and supergroups have boxes of their own; that something happened in one is all that the common difference says of it.
    /// </summary>
    private static UpdateChannelTooLong[] MovedChannels(RpcCall call, View view, int since)
    {
        var moved = call.World.Dialogs(call.User.Id)
            .Where(dialog => dialog.Peer.Kind == PeerKind.Channel && dialog.Top is { } top && top.Date >= since)
            .Select(dialog => call.World.FindChannel(dialog.Peer.Id))
            .OfType<ChannelRoom>()
            .ToArray();
        foreach (var channel in moved)
            view.Mention(channel.Peer);
        return [.. moved.Select(channel => new UpdateChannelTooLong { ChannelId = channel.Id, Pts = channel.Box.Pts })];
    }

    private static UpdatesChannelDifferenceBase GetChannelDifference(RpcCall call, UpdatesGetChannelDifference request)
    {
        var channel = Peers.Resolve(call, request.Channel);
        var scope = new FaultScope(call.DcId, call.User.Id);
        var limit = Math.Clamp(request.Limit, 1, ChannelLimit);
        if (call.Parts.Faults.Standing(FaultKind.DifferenceSlices, scope) is { Count: { } slice })
            limit = Math.Min(limit, slice);
        var isTooLong = call.Parts.Faults.Take(FaultKind.ChannelTooLong, scope) is not null;
        var difference = isTooLong ? null : call.World.ChannelDifference(call.User.Id, channel.Id, request.Pts, limit);
        var view = new View(call.World, call.User).Mention(channel.Peer);
        if (difference is null || difference.TooLong)
            return TooLong(call, channel, view, limit);
        if (difference.Updates.Count == 0)
            return new UpdatesChannelDifferenceEmpty { Final = true, Pts = difference.Pts, Timeout = ChannelTimeout };
        var (messages, others) = Split(view, difference);
        call.Session.KnownPeers.UnionWith(view.Mentioned);
        return new UpdatesChannelDifference
        {
            Final = difference.IsFinal,
            Pts = difference.Pts,
            Timeout = ChannelTimeout,
            NewMessages = messages,
            OtherUpdates = others,
            Chats = view.Chats,
            Users = view.Users,
        };
    }

    private static UpdatesChannelDifferenceTooLong TooLong(RpcCall call, ChannelRoom channel, View view, int limit)
    {
        var history = call.World.History(call.User.Id, channel.Peer, _ => true, 0, 0, limit);
        var messages = history.Messages.Select(view.Message).ToArray();
        return new UpdatesChannelDifferenceTooLong
        {
            Final = true,
            Timeout = ChannelTimeout,
            Dialog = view.Dialog(call.World.DialogWith(call.User.Id, channel.Peer)),
            Messages = messages,
            Chats = view.Chats,
            Users = view.Users,
        };
    }

    /// <summary>New messages go in a list of their own; own ones are preceded by the number under which their client sent them.</summary>
    private static (MessageBase[] Messages, Update[] Others) Split(View view, BoxDifference difference)
    {
        var messages = new List<MessageBase>();
        var others = new List<Update>();
        foreach (var (update, message) in difference.Updates)
        {
            if (update.Kind == LoggedKind.NewMessage)
            {
                if (message is null)
                    continue;
                messages.Add(view.Message(message));
                if (message is { Out: true, RandomId: { } randomId })
                    others.Add(new UpdateMessageID { Id = message.Id, RandomId = randomId });
            }
            else if (view.Update(update, message) is { } other)
            {
                others.Add(other);
            }
        }
        return ([.. messages], [.. others]);
    }
}
