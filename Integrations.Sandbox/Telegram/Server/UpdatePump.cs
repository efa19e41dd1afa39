using System.Threading.Channels;
using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Tl;
using Integrations.Sandbox.Telegram.Faults;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Telegram.Server;

/// <summary>Turns what happens in the world into updates for the sessions whom it concerns, in the world's order.</summary>
internal sealed partial class UpdatePump(ServerParts parts, ILogger<UpdatePump> logger)
{
    // Unbounded: notices come under the world's lock, where nothing may wait, and each is a few words.
    private readonly Channel<WorldNotice> _notices =
        System.Threading.Channels.Channel.CreateUnbounded<WorldNotice>(new UnboundedChannelOptions { SingleReader = true });

    public void Post(WorldNotice notice) => _notices.Writer.TryWrite(notice);

    public void Complete() => _notices.Writer.TryComplete();

    public async Task RunAsync()
    {
        while (await _notices.Reader.WaitToReadAsync())
        {
            while (_notices.Reader.TryRead(out var notice))
                TellOrLog(notice);
        }
    }

    private void TellOrLog(WorldNotice notice)
    {
        try
        {
            Tell(notice);
        }
        catch (Exception e)
        {
            // One update that cannot be shown must not end all of them: a difference still has it.
            LogFailed(e, notice.GetType().Name);
        }
    }

    private void Tell(WorldNotice notice)
    {
        switch (notice)
        {
            case BoxMoved moved:
                TellBox(moved);
                break;
            case ChannelMoved moved:
                TellChannel(moved);
                break;
            case ChannelRead read:
                PushTo(read.UserId, read.Except, (_, _) => Short(new UpdateReadChannelInbox
                {
                    ChannelId = read.ChannelId,
                    MaxId = read.MaxId,
                    StillUnreadCount = read.StillUnread,
                    Pts = read.Pts,
                }));
                break;
            case MembershipChanged { Peer.Kind: PeerKind.Channel } changed:
                PushTo(changed.UserId, changed.Except, (view, session) =>
                    Shown(view.Mention(changed.Peer), session, new UpdateChannel { ChannelId = changed.Peer.Id }));
                break;
            case QrTokenScanned scanned:
                foreach (var session in parts.SessionsOf(scanned.KeyId))
                    session.Push(_ => Short(new UpdateLoginToken()), evenBeforeLogin: true);
                break;
            case KeySignedOut { Fate: KeyFate.Revoked } ended:
                // The nudge that makes a client ask, and so learn that it is signed out.
                foreach (var session in parts.SessionsOf(ended.KeyId))
                    session.Push(_ => new UpdatesTooLong(), evenBeforeLogin: true);
                break;
            case TypingShown typing:
                TellTyping(typing);
                break;
            default:
                break;
        }
    }

    private void TellBox(BoxMoved moved)
    {
        if (LaneFor(moved.UserId) is not { } lane)
            return;
        var message = moved.Update.Kind is LoggedKind.NewMessage or LoggedKind.Edited
            ? parts.World.MessagesById(moved.UserId, [moved.Update.MessageId])[0]
            : null;
        PushTo(
            moved.UserId,
            moved.Except,
            (view, session) => message is not null && ShortMessage(message, moved.Update, session) is { } brief
                ? brief
                : view.Update(moved.Update, message) is { } update ? Shown(view, session, update) : new UpdatesTooLong(),
            lane);
    }

    private void TellChannel(ChannelMoved moved)
    {
        var peer = PeerRef.Channel(moved.ChannelId);
        foreach (var memberId in parts.World.MembersOf(peer))
        {
            if (LaneFor(memberId) is not { } lane)
                continue;
            if (parts.Faults.Standing(FaultKind.ChannelTooLong, new FaultScope(0, memberId)) is not null)
            {
                PushTo(memberId, moved.Except, (view, session) =>
                    Shown(view.Mention(peer), session, new UpdateChannelTooLong { ChannelId = moved.ChannelId }));
                continue;
            }
            var message = parts.World.ChannelMessagesById(memberId, moved.ChannelId, [moved.Update.MessageId])[0];
            PushTo(
                memberId,
                moved.Except,
                (view, session) => view.Update(moved.Update, message) is { } update ? Shown(view, session, update) : new UpdatesTooLong(),
                lane);
        }
    }

    private void TellTyping(TypingShown typing)
    {
        SendMessageAction action = typing.Stopped ? new SendMessageCancelAction() : new SendMessageTypingAction();
        var from = View.Peer(PeerRef.User(typing.UserId));
        Update update = typing.Peer.Kind switch
        {
            PeerKind.Group => new UpdateChatUserTyping { ChatId = typing.Peer.Id, FromId = from, Action = action },
            PeerKind.Channel => new UpdateChannelUserTyping { ChannelId = typing.Peer.Id, FromId = from, Action = action },
            _ => new UpdateUserTyping { UserId = typing.UserId, Action = action },
        };
        foreach (var memberId in parts.World.MembersOf(typing.Peer))
        {
            if (memberId != typing.UserId)
                PushTo(memberId, null, (_, _) => Short(update));
        }
    }

    /// <summary>The compact form, when the client can know from earlier whom it is about.</summary>
    private static TlObject? ShortMessage(StoredMessage message, LoggedUpdate update, Session session)
    {
        // The compact form has room for text only.
        if (message.Action is not null || message.FileId is not null || message.Forward is not null || message.Keyboard is not null || update.Kind != LoggedKind.NewMessage
            || !session.KnownPeers.Contains(message.Peer) || !session.KnownPeers.Contains(PeerRef.User(message.FromId)))
            return null;
        var reply = View.ReplyHeader(message);
        return message.Peer.Kind switch
        {
            PeerKind.User => new UpdateShortMessage
            {
                Id = message.Id,
                Out = message.Out,
                UserId = message.Peer.Id,
                Message = message.Text,
                Pts = update.Pts,
                PtsCount = update.PtsCount,
                Date = message.Date,
                ReplyTo = reply,
                Entities = View.Entities(message),
            },
            PeerKind.Group => new UpdateShortChatMessage
            {
                Id = message.Id,
                Out = message.Out,
                FromId = message.FromId,
                ChatId = message.Peer.Id,
                Message = message.Text,
                Pts = update.Pts,
                PtsCount = update.PtsCount,
                Date = message.Date,
                ReplyTo = reply,
                Entities = View.Entities(message),
            },
            _ => null,
        };
    }

    private void PushTo(long userId, Origin? except, Func<View, Session, TlObject> make, UpdateLane lane = UpdateLane.Once)
    {
        if (parts.World.FindPerson(userId) is not { } person)
            return;
        foreach (var keyId in parts.World.KeysOf(userId))
        {
            foreach (var session in parts.SessionsOf(keyId))
            {
                if (except != new Origin(keyId, session.Id))
                    session.Push(to => make(new View(parts.World, person), to), lane: lane);
            }
        }
    }

    private UpdateLane? LaneFor(long userId)
    {
        var scope = new FaultScope(0, userId);
        if (parts.Faults.Take(FaultKind.LoseUpdate, scope) is not null)
            return null;
        if (parts.Faults.Take(FaultKind.DuplicateUpdate, scope) is not null)
            return UpdateLane.Twice;
        return parts.Faults.Take(FaultKind.SwapUpdates, scope) is not null ? UpdateLane.Hold : UpdateLane.Once;
    }

    private Updates Shown(View view, Session session, Update update)
    {
        var updates = view.Wrap(UnixNow, update);
        session.KnownPeers.UnionWith(view.Mentioned);
        return updates;
    }

    private UpdateShort Short(Update update) => new() { Update = update, Date = UnixNow };

    private int UnixNow => (int)parts.Clock.GetUtcNow().ToUnixTimeSeconds();

    [LoggerMessage(EventId = 6020, Level = LogLevel.Error, Message = "The update for {Notice} could not be pushed")]
    private partial void LogFailed(Exception exception, string notice);
}
