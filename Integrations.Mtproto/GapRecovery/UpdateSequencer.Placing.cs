using Integrations.Mtproto.Schema;

namespace Integrations.Mtproto.GapRecovery;

/// <summary>Live updates: what fits is delivered, what came before is dropped, what came too early is held.</summary>
public sealed partial class UpdateSequencer
{
    private void Place(BatchBuilder batch, Inbound inbound)
    {
        var loose = new List<InboundPart>();
        var boxed = new List<InboundPart>();
        var refetchCommon = false;
        foreach (var part in inbound.Parts)
        {
            switch (part.Update)
            {
                case UpdateChannelTooLong u:
                    if (u.Pts is not { } pts || batch.Position(new(BoxKind.Channel, u.ChannelId)) is not { } position || position < pts)
                    {
                        inbound.HarvestInto(batch.Peers);
                        WantChannel(u.ChannelId);
                    }

                    break;
                case UpdatePtsChanged:
                    _stateFetch.Want();
                    break;
                case { } u when UpdatePlace.MessageIn(u) is { } message && NamesUnknown(batch, inbound, message):
                    refetchCommon |= RefetchFor(batch, inbound, part);
                    break;
                default:
                    (part.Place.Box.Kind is BoxKind.None ? loose : boxed).Add(part);
                    break;
            }
        }

        // Loose ones first: updateMessageID has to precede the message that it names.
        PlaceInSequence(batch, inbound, loose);
        boxed.Sort(HeldBox.Order);
        foreach (var part in boxed.Where(p => !refetchCommon || p.Place.Box.Kind is BoxKind.Channel))
            Place(batch, part, inbound);
    }

    private void Place(BatchBuilder batch, InboundPart part, Inbound source)
    {
        var box = part.Place.Box;
        if (IsFetching(box))
        {
            Hold(part, source);
            return;
        }

        if (batch.Position(box) is not { } position)
        {
            // The first that we hear of a channel has to be right, for there is nothing to compare it with.
            position = part.Place.Position - part.Place.Count;
        }

        switch ((position + part.Place.Count).CompareTo(part.Place.Position))
        {
            case 0:
                Deliver(batch, part, source);
                Drain(batch, box);
                break;
            case < 0:
                Hold(part, source);
                break;
            default:
                break; // had already
        }
    }

    private void Hold(InboundPart part, Inbound source)
    {
        var box = part.Place.Box;
        if (!_held.TryGetValue(box, out var held))
            _held[box] = held = new() { Since = _time.GetUtcNow() };
        held.Add(new(part, source, _round));
        _queued++;
    }

    /// <summary>Delivers what has been waiting for the box to come this far.</summary>
    /// <param name="batch">Where to.</param>
    /// <param name="box">The box that moved.</param>
    /// <param name="settled">
    /// The request whose answer moved the box, or 0. What came before that request is part of the answer; if it still does not fit, the
    /// server contradicts itself, and asking again would never end: it is taken as it is.
    /// </param>
    private void Drain(BatchBuilder batch, Box box, int settled = 0)
    {
        if (IsFetching(box) || !_held.TryGetValue(box, out var held))
            return;
        while (held.Count > 0)
        {
            var (part, source, round) = held.First;
            var position = batch.Position(box) ?? part.Place.Position - part.Place.Count;
            var order = (position + part.Place.Count).CompareTo(part.Place.Position);
            if (order < 0 && round >= settled)
                break;
            if (order <= 0)
                Deliver(batch, part, source);
            held.RemoveFirst();
            _queued--;
        }

        // What is left waits for another one than before.
        held.Since = _time.GetUtcNow();
        if (held.Count == 0)
            _held.Remove(box);
    }

    private static void Deliver(BatchBuilder batch, InboundPart part, Inbound source)
    {
        source.HarvestInto(batch.Peers);
        batch.Add(new UpdateItem(part.Update, source.Origin));
        if (part.Place.Box.Kind is not BoxKind.None)
            batch.Move(part.Place.Box, part.Place.Position);
    }

    /// <summary>The rest of a container goes by the sequence of containers, when it takes part in it.</summary>
    private void PlaceInSequence(BatchBuilder batch, Inbound inbound, List<InboundPart> loose)
    {
        if (inbound.SeqStart == 0)
        {
            DeliverAll(batch, inbound, loose);
            return;
        }

        if (inbound.SeqStart > batch.State.Seq + 1)
        {
            if (_heldSeq.Count == 0)
                _heldSeqSince = _time.GetUtcNow();

            // The boxed parts go their own way now; only the loose ones and the number wait.
            var rest = new Inbound
            {
                Parts = loose,
                Users = inbound.Users,
                Chats = inbound.Chats,
                Date = inbound.Date,
                SeqStart = inbound.SeqStart,
                Seq = inbound.Seq,
                Origin = inbound.Origin,
                Round = _round,
            };
            var at = _heldSeq.FindIndex(h => h.SeqStart > rest.SeqStart);
            _heldSeq.Insert(at < 0 ? _heldSeq.Count : at, rest);
            _queued += SizeOf(rest);
            return;
        }

        DeliverInSequence(batch, inbound, loose);
        DrainSequence(batch);
    }

    private void DrainSequence(BatchBuilder batch, int settled = 0)
    {
        var progressed = false;
        while (_heldSeq.Count > 0 && (_heldSeq[0].SeqStart <= batch.State.Seq + 1 || _heldSeq[0].Round < settled))
        {
            var next = _heldSeq[0];
            _heldSeq.RemoveAt(0);
            _queued -= SizeOf(next);
            DeliverInSequence(batch, next, next.Parts);
            progressed = true;
        }

        if (progressed)
            _heldSeqSince = _time.GetUtcNow();
    }

    private static void DeliverInSequence(BatchBuilder batch, Inbound inbound, IReadOnlyList<InboundPart> loose)
    {
        if (inbound.SeqStart <= batch.State.Seq)
            return; // had already
        DeliverAll(batch, inbound, loose);
        batch.State = batch.State with { Seq = inbound.Seq, Date = Math.Max(batch.State.Date, inbound.Date) };
    }

    private static void DeliverAll(BatchBuilder batch, Inbound inbound, IReadOnlyList<InboundPart> loose)
    {
        foreach (var part in loose)
            Deliver(batch, part, inbound);
    }

    // An empty one counts too: a flood of them would otherwise be free.
    private static int SizeOf(Inbound held) => Math.Max(1, held.Parts.Count);

    private bool NamesUnknown(BatchBuilder batch, Inbound inbound, MessageBase message)
    {
        foreach (var key in MessagePeers.Of(message))
        {
            if (IsKnown(batch, inbound, key))
                continue;

            // Asked for once already: the server itself does not tell more, and asking at every message would be a flood.
            if (_askedFor.Count >= 1000)
                _askedFor.Clear();
            if (_askedFor.Add(key))
                return true;
        }

        return false;
    }

    private bool IsKnown(BatchBuilder batch, Inbound inbound, PeerKey key) =>
        key == new PeerKey(PeerKind.User, _selfId) || inbound.Brings(key) || batch.Peers.Has(key) || _isKnown(key);

    /// <summary>
    /// A message that names an unknown peer is not taken: the difference brings it once more, with the peer. Returns whether the common
    /// box is what is asked.
    /// </summary>
    private bool RefetchFor(BatchBuilder batch, Inbound inbound, InboundPart part)
    {
        var box = part.Place.Box;
        if (box.Kind is not BoxKind.Channel)
        {
            _common.Want();
            return true;
        }

        if (batch.Position(box) is null)
            batch.Move(box, part.Place.Position - part.Place.Count);
        WantChannel(box.ChannelId);

        // Without the channel's own access hash it cannot be asked; the common difference brings that.
        if (!IsKnown(batch, inbound, new(PeerKind.Channel, box.ChannelId)))
            _common.Want();
        return false;
    }
}
