using Integrations.Mtproto.Schema;

namespace Integrations.Mtproto.GapRecovery;

/// <summary>Differences: they are the truth about their boxes and pass by the gap check.</summary>
public sealed partial class UpdateSequencer
{
    private UpdateBatch? BatchOf(object answer)
    {
        switch (answer)
        {
            case StateAnswer state:
                return BatchOf(state);
            case UpdatesDifferenceBase difference:
                return BatchOf(difference);
            case ChannelAnswer channel:
                return BatchOf(channel.ChannelId, channel.Difference);
            case ChannelLearnt learnt:
                if (_state is null || _state.Channels.ContainsKey(learnt.ChannelId))
                    return null;
                var start = new BatchBuilder(_state);
                start.Move(new(BoxKind.Channel, learnt.ChannelId), learnt.Pts);
                return Finish(start);
            case ChannelPositions channels:
                if (_state is null)
                    return null;
                var learning = new BatchBuilder(_state);
                Learn(learning, channels);
                return Finish(learning);
            case ChannelForgotten forgotten:
                Drop(forgotten.ChannelId);
                if (_state is null)
                    return null;
                var rest = new BatchBuilder(_state);
                rest.Forget(forgotten.ChannelId);
                return Finish(rest);
            case ChannelRefused refused:
                if (!_channels.TryGetValue(refused.ChannelId, out var again))
                    return null;
                again.End(more: true);
                var anew = new BatchBuilder(_state!);
                MoveIfNew(anew, new(BoxKind.Channel, refused.ChannelId), ChannelDifferenceRequest.Beginning);
                return Finish(anew);
            default:
                throw new InvalidOperationException($"{answer.GetType().Name} is no answer.");
        }
    }

    private UpdateBatch? BatchOf(StateAnswer answer)
    {
        _stateFetch.End(more: false);
        var batch = new BatchBuilder(_state ?? UpdateState.From(answer.State));
        if (_state is null)
        {
            _completeAt = answer.State.Date;
        }
        else
        {
            // updatePtsChanged: the old position means nothing any more, so what lies between cannot be asked for.
            batch.Add(new Backfill(ChannelId: null, _state.Date));
            batch.State = _state.With(answer.State);
        }

        if (answer.Channels is { } channels)
            Learn(batch, channels);

        DrainCommon(batch);
        return Finish(batch, isFirst: _state is null);
    }

    private UpdateBatch? BatchOf(UpdatesDifferenceBase difference)
    {
        var batch = new BatchBuilder(_state!);
        _isSliced = difference is UpdatesDifferenceSlice or UpdatesDifferenceTooLong;
        switch (difference)
        {
            case UpdatesDifferenceEmpty empty:
                _common.End(more: false);
                if (empty.Date != batch.State.Date || empty.Seq != batch.State.Seq)
                    batch.State = batch.State with { Date = empty.Date, Seq = empty.Seq };
                break;
            case UpdatesDifference whole:
                _common.End(more: false);
                Take(batch, whole, whole.NewMessages, whole.NewEncryptedMessages, whole.OtherUpdates, whole.Users, whole.Chats, whole.State);
                break;
            case UpdatesDifferenceSlice slice:
                _common.End(more: true);
                Take(batch, slice, slice.NewMessages, slice.NewEncryptedMessages, slice.OtherUpdates, slice.Users, slice.Chats, slice.IntermediateState);
                break;
            case UpdatesDifferenceTooLong tooLong:
                // The rest is asked for from the position that the server still remembers.
                _common.End(more: true);
                batch.Add(new Backfill(ChannelId: null, batch.State.Date));
                batch.State = batch.State with { Pts = tooLong.Pts };
                break;
            default:
                throw new InvalidOperationException($"{difference.TlName} is no difference.");
        }

        DrainCommon(batch);
        return Finish(batch);
    }

    private void Take(
        BatchBuilder batch,
        object source,
        IReadOnlyList<MessageBase> messages,
        IReadOnlyList<EncryptedMessageBase> encrypted,
        IReadOnlyList<Update> others,
        IReadOnlyList<UserBase> users,
        IReadOnlyList<ChatBase> chats,
        UpdatesState state)
    {
        batch.Peers.Add(source, users, chats, messages.Concat(others.Select(UpdatePlace.MessageIn).OfType<MessageBase>()));
        foreach (var message in messages)
            batch.Add(new UpdateItem(NewMessage(message)));
        foreach (var message in encrypted)
            batch.Add(new UpdateItem(new UpdateNewEncryptedMessage { Message = message, Qts = 0 }));
        batch.State = batch.State.With(state);

        var carrier = new Inbound { Parts = [] };
        foreach (var update in others)
        {
            var part = InboundPart.Of(update);
            if (update is UpdateChannelTooLong tooLong)
            {
                if (tooLong.Pts is not { } pts || batch.Position(new(BoxKind.Channel, tooLong.ChannelId)) is not { } position || position < pts)
                    WantChannel(tooLong.ChannelId);
            }
            else if (part.Place.Box.Kind is BoxKind.Channel)
            {
                // The common difference is no truth about a channel's box.
                Place(batch, part, carrier);
            }
            else
            {
                batch.Add(new UpdateItem(update));
            }
        }
    }

    private UpdateBatch? BatchOf(long channelId, UpdatesChannelDifferenceBase difference)
    {
        // Left while the answer was on its way.
        if (!_channels.TryGetValue(channelId, out var fetch) || !fetch.Running)
            return null;

        var box = new Box(BoxKind.Channel, channelId);
        var batch = new BatchBuilder(_state!);
        bool isFinal;
        switch (difference)
        {
            case UpdatesChannelDifferenceEmpty empty:
                isFinal = empty.Final;
                MoveIfNew(batch, box, empty.Pts);
                break;
            case UpdatesChannelDifference part:
                isFinal = part.Final;
                batch.Peers.Add(part, part.Users, part.Chats, part.NewMessages.Concat(part.OtherUpdates.Select(UpdatePlace.MessageIn).OfType<MessageBase>()));
                foreach (var message in part.NewMessages)
                    batch.Add(new UpdateItem(NewMessage(message)));
                foreach (var update in part.OtherUpdates.Where(u => u is not UpdateChannelTooLong))
                    batch.Add(new UpdateItem(update));
                MoveIfNew(batch, box, part.Pts);
                break;
            case UpdatesChannelDifferenceTooLong tooLong:
                isFinal = tooLong.Final;
                batch.Peers.Add(tooLong, tooLong.Users, tooLong.Chats, tooLong.Messages);
                batch.Add(new Backfill(channelId, _completeAt));
                foreach (var message in tooLong.Messages.OrderBy(m => MessagePeers.PlaceOf(m)?.Id))
                    batch.Add(new UpdateItem(NewMessage(message)));
                if (tooLong.Dialog is Dialog { Pts: { } pts })
                    MoveIfNew(batch, box, pts);
                else
                    isFinal = true; // without a position the next answer would be the same
                break;
            default:
                throw new InvalidOperationException($"{difference.TlName} is no difference of a channel.");
        }

        fetch.End(more: !isFinal);
        if (!fetch.Active)
            _channels.Remove(channelId);
        Drain(batch, box, fetch.Round);
        return Finish(batch);
    }

    private void Learn(BatchBuilder batch, ChannelPositions channels)
    {
        batch.Peers.Add(channels, channels.Users, channels.Chats, []);
        foreach (var (channelId, (pts, date)) in channels.Positions)
        {
            var box = new Box(BoxKind.Channel, channelId);
            if (batch.Position(box) is not null)
                continue;
            batch.Move(box, pts);
            // What was said since the position that everything is known up to lies below this one, and no update of it will be taken any more.
            if (date >= _completeAt)
                batch.Add(new Backfill(channelId, _completeAt) { Channel = InputOf(channelId, channels.Chats) });
        }
    }

    private static InputChannel? InputOf(long channelId, IReadOnlyList<ChatBase> chats) =>
        chats.OfType<Channel>().FirstOrDefault(chat => chat.Id == channelId) is { AccessHash: { } hash } ? new InputChannel { ChannelId = channelId, AccessHash = hash } : null;

    private static void MoveIfNew(BatchBuilder batch, Box box, int pts)
    {
        if (batch.Position(box) != pts)
            batch.Move(box, pts);
    }

    /// <summary>A message that a difference or a history tells, as the update that it stands for.</summary>
    internal static Update NewMessage(MessageBase message) => MessagePeers.ChannelOf(message) is null
        ? new UpdateNewMessage { Message = message, Pts = 0, PtsCount = 0 }
        : new UpdateNewChannelMessage { Message = message, Pts = 0, PtsCount = 0 };

    private void DrainCommon(BatchBuilder batch)
    {
        if (_common.Active)
            return;
        Drain(batch, new(BoxKind.Common), _common.Round);
        Drain(batch, new(BoxKind.Qts), _common.Round);
        DrainSequence(batch, _common.Round);
        _heldSeqSince = _time.GetUtcNow();
    }

    private UpdateBatch? Finish(BatchBuilder batch, bool isFirst = false)
    {
        foreach (var channelId in batch.LostChannels)
        {
            Drop(channelId);
            batch.Forget(channelId);
        }

        return batch.Build(isFirst);
    }

    private void Drop(long channelId)
    {
        _channels.Remove(channelId);
        if (_held.Remove(new(BoxKind.Channel, channelId), out var held))
            _queued -= held.Count;
    }
}
