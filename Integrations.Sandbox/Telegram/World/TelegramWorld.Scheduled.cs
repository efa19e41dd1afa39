namespace Integrations.Sandbox.Telegram.World;

/// <summary>Messages that wait for their time.</summary>
internal sealed partial class TelegramWorld
{
    private const int ScheduledMax = 100;

    public ScheduledMessage Schedule(long fromId, Draft draft, int dueDate)
    {
        lock (_gate)
        {
            var accepted = Accept(PersonOf(fromId), draft, 0, dueDate);
            var waiting = _state.ScheduledOf(fromId);
            if (waiting.Count >= ScheduledMax)
                throw TelegramRefusal.BadRequest("SCHEDULE_TOO_MUCH");
            var id = waiting.Select(message => message.Id).DefaultIfEmpty(0).Max() + 1;
            Commit(new MessageScheduled(new ScheduledMessage(id, fromId, accepted, dueDate)));
            return waiting[^1];
        }
    }

    public IReadOnlyList<ScheduledMessage> Scheduled(long userId, PeerRef peer)
    {
        lock (_gate)
            return [.. _state.ScheduledOf(userId).Where(message => message.Message.Peer == peer).OrderByDescending(message => message.DueDate)];
    }

    public void DeleteScheduled(long userId, PeerRef peer, IReadOnlyList<int> ids)
    {
        lock (_gate)
        {
            int[] gone = [.. Scheduled(userId, peer).Select(message => message.Id).Intersect(ids)];
            if (gone.Length > 0)
                Commit(new ScheduledGone(userId, gone));
        }
    }

    /// <summary>Sends messages before their time.</summary>
    public IReadOnlyList<SentMessage> SendScheduled(long userId, PeerRef peer, IReadOnlyList<int> ids, Origin? origin)
    {
        lock (_gate)
        {
            var chosen = Scheduled(userId, peer).Where(message => ids.Contains(message.Id)).OrderBy(message => message.Id).ToList();
            if (chosen.Count == 0)
                throw TelegramRefusal.BadRequest("MESSAGE_ID_INVALID");
            return [.. chosen.Select(message => SendNow(message, origin))];
        }
    }

    /// <summary>Sends everything whose time has come.</summary>
    public void SendDue()
    {
        lock (_gate)
        {
            var now = UnixNow;
            foreach (var message in _state.Scheduled.Values.SelectMany(waiting => waiting).Where(message => message.DueDate <= now).OrderBy(message => message.DueDate).ToList())
                SendNow(message, null);
        }
    }

    private SentMessage SendNow(ScheduledMessage message, Origin? origin)
    {
        // Its random_id has done its service: the client has long been told what became of it.
        var sent = message.Message with { Uid = _state.LastUid + 1, Date = UnixNow, RandomId = null };
        var box = sent.Peer.Kind == PeerKind.Channel ? _state.Channels[sent.Peer.Id].Box : PersonOf(sent.FromId).Box;
        Commit(new Together([new ScheduledGone(message.UserId, [message.Id]), sent]), origin);
        return new SentMessage(box.Messages[^1], box.Pts);
    }
}
