using System.Collections.Immutable;
using Integrations.Mtproto;
using Integrations.Mtproto.GapRecovery;
using Integrations.Mtproto.Schema;

namespace Integrations.Core.Telegram.Clients;

/// <summary>The updates: from the library's deliveries to batches that wait for their confirmation.</summary>
public sealed partial class MtprotoTelegramClient
{
    private readonly PeerMemory _peers = new();
    private Task _receiving = Task.CompletedTask;
    private UpdatePosition? _position;

    /// <inheritdoc/>
    public Task<UpdatePosition> CurrentPositionAsync(CancellationToken cancellationToken) =>
        CallAsync(async ct => Position(await _client.GetStateAsync(ct)), cancellationToken);

    /// <inheritdoc/>
    public async Task StartReceivingAsync(UpdatePosition position, IReadOnlyList<ChannelPosition> channels, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(position);
        ArgumentNullException.ThrowIfNull(channels);
        _position = position;
        var state = new UpdateState
        {
            Pts = position.Pts,
            Qts = position.Qts,
            Date = position.Date,
            Seq = position.Seq,
            Channels = channels.ToImmutableDictionary(channel => channel.ChannelId, channel => channel.Pts),
        };
        // Sends may begin as soon as this returns, so the run must have begun by then.
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _receiving = ReceiveAsync(state, started);
        await started.Task.WaitAsync(cancellationToken);
    }

    private static UpdatePosition Position(UpdateState state) => new(state.Pts, state.Qts, state.Date, state.Seq);

    private async Task ReceiveAsync(UpdateState state, TaskCompletionSource started)
    {
        try
        {
            await _client.RunUpdatesAsync(state, DeliverAsync, started.SetResult, _closed.Token);
            _batches.Writer.TryComplete();
        }
        catch (OperationCanceledException) when (_closed.IsCancellationRequested)
        {
            _batches.Writer.TryComplete();
        }
        catch (Exception e)
        {
            // The reader of the batches is the owner of this client: it gets the reason, and starts afresh.
            var reason = e is RpcException refusal ? new TelegramRefusedException(refusal.Code, refusal.Type, refusal.Argument, refusal) : e;
            started.TrySetException(reason);
            _batches.Writer.TryComplete(reason);
        }
    }

    private async ValueTask DeliverAsync(UpdateDelivery delivery, CancellationToken cancellationToken)
    {
        var stored = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var batch = delivery.Batch;
        // What the result of an own send brings is the accepted row itself; its id comes with the sends.
        var pushed = (batch?.Items ?? []).Where(item => item.Origin is not SentId).ToArray();
        var peers = _peers.News((batch?.Peers ?? []).Where(peer => !peer.IsMin).Select(MtprotoPeers.Known).OfType<KnownPeer>());
        var position = batch is null ? _position : Position(batch.State);
        await _batches.Writer.WriteAsync(
            new UpdateBatch(() => stored.TrySetResult())
            {
                Messages = [.. pushed.Select(MtprotoMessages.NewIn).OfType<TelegramMessage>()],
                Edited = [.. pushed.Select(MtprotoMessages.ChangedIn).OfType<TelegramMessage>()],
                Deleted = [.. pushed.Select(MtprotoMessages.DeletedIn).OfType<DeletedMessages>()],
                Sent = [.. delivery.Sent.Select(MtprotoMessages.Sent), .. pushed.Select(item => item.Update).OfType<UpdateMessageID>().Select(MtprotoMessages.Sent)],
                Peers = peers,
                Position = position == _position ? null : position,
                Channels = [.. (batch?.ChangedChannels ?? []).Select(id => new ChannelPosition(id, batch!.State.Channels[id]))],
                ClosedChannels = [.. batch?.ForgottenChannels ?? []],
                CaughtUp = delivery.CaughtUp,
            },
            cancellationToken);
        await stored.Task.WaitAsync(cancellationToken);
        _peers.Remember(peers);
        _position = position;
    }

    /// <summary>What was stored of peers lately, so that the same peer is not stored with every message. Bounded: it starts over when full.</summary>
    private sealed class PeerMemory
    {
        private const int Limit = 2_000;
        private readonly Dictionary<PeerKey, KnownPeer> _known = [];

        public int Count => _known.Count;

        public IReadOnlyList<KnownPeer> News(IEnumerable<KnownPeer> peers) => [.. peers.Where(peer => _known.GetValueOrDefault(peer.Key) != peer)];

        public void Remember(IReadOnlyList<KnownPeer> peers)
        {
            if (_known.Count + peers.Count > Limit)
                _known.Clear();
            foreach (var peer in peers)
                _known[peer.Key] = peer;
        }
    }
}
