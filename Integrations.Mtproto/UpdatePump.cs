using System.Runtime.ExceptionServices;
using System.Threading.Channels;
using Integrations.Mtproto.GapRecovery;
using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Session;

namespace Integrations.Mtproto;

/// <summary>
/// Drives <see cref="UpdateSequencer"/>: one loop takes what the server pushed and what calls returned, has batches stored, and asks
/// for what is missing.
/// </summary>
/// <remarks>
/// The sequencer is touched by the loop alone; everything else posts into the inbox. The inbox is bounded: while a commit is slow the
/// connection is read no further, and the server keeps the rest.
/// </remarks>
internal sealed class UpdatePump(UpdateSequencer sequencer, TelegramClient client, CommitUpdates commit, MissedHistory missed, TimeProvider time)
{
    private const int InboxSize = 1_000;
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    /// <summary>The wait doubles so often with each refusal in a row.</summary>
    private const int MaxDoublings = 5;
    private readonly Channel<Action<UpdateSequencer>> _inbox = System.Threading.Channels.Channel.CreateBounded<Action<UpdateSequencer>>(InboxSize);
    private readonly List<SentId> _sent = [];
    private bool _caughtUp;
    private int _refusals;

    /// <summary>Of a new account the state brings them, of one that has any they are saved; else they are asked for once it has caught up.</summary>
    private bool _knowsChannels = sequencer.State is not { Channels.Count: 0 };

    /// <summary>Updates waiting in memory.</summary>
    public int Queued => sequencer.Queued + _inbox.Reader.Count;

    public ValueTask PushAsync(UpdatesBase updates, CancellationToken cancellationToken) =>
        _inbox.Writer.WriteAsync(s => s.Receive(updates), cancellationToken);

    public ValueTask ReconnectedAsync(CancellationToken cancellationToken) => _inbox.Writer.WriteAsync(s => s.Reconnected(), cancellationToken);

    /// <summary>Posts the result of a send; it is stored together with the position that it moved, or earlier, never later.</summary>
    public ValueTask SentAsync(SentId sent, SentMessage message, UpdatesBase result, CancellationToken cancellationToken) =>
        _inbox.Writer.WriteAsync(
            s =>
            {
                _sent.Add(sent);
                if (result is UpdateShortSentMessage shortForm)
                    s.ReceiveSent(shortForm, message, sent);
                else
                    s.Receive(result, sent);
            },
            cancellationToken);

    /// <summary>Posts the result of a call that sent several messages, or changed something.</summary>
    public ValueTask ResultAsync(IReadOnlyList<SentId> sent, UpdatesBase result, CancellationToken cancellationToken) =>
        _inbox.Writer.WriteAsync(
            s =>
            {
                _sent.AddRange(sent);
                s.Receive(result);
            },
            cancellationToken);

    /// <summary>Posts that a deletion or a reading of ours moved a box.</summary>
    public ValueTask AffectedAsync(int pts, int ptsCount, long? channelId, CancellationToken cancellationToken) =>
        _inbox.Writer.WriteAsync(s => s.ReceiveAffected(pts, ptsCount, channelId), cancellationToken);

    /// <summary>Runs until cancelled, until a commit fails, or until the session is refused: then the exception is the caller's to judge.</summary>
    /// <exception cref="RpcException">401, or the key was duplicated: the session is gone.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        List<Task> asking = [];
        try
        {
            while (true)
            {
                while (_inbox.Reader.TryRead(out var input))
                    input(sequencer);
                if (sequencer.TakeBatch() is { } batch)
                {
                    foreach (var backfill in batch.Backfills)
                        await BackfillAsync(backfill, cancellationToken);
                    await DeliverAsync(batch, cancellationToken);
                    sequencer.Confirm(batch);
                    continue;
                }

                if (_sent.Count > 0 || (!_caughtUp && sequencer.IsCaughtUp))
                {
                    await DeliverAsync(null, cancellationToken);
                    continue;
                }

                asking.RemoveAll(task => task.IsCompleted);
                if (_caughtUp && !_knowsChannels)
                {
                    _knowsChannels = true;
                    asking.Add(LearnChannelsAsync(stop.Token));
                }

                foreach (var request in sequencer.TakeRequests())
                    asking.Add(AskAsync(request, stop.Token));
                await WaitAsync(cancellationToken);
            }
        }
        finally
        {
            stop.Cancel();
            await Task.WhenAll(asking);
        }
    }

    private async ValueTask DeliverAsync(UpdateBatch? batch, CancellationToken cancellationToken)
    {
        SentId[] sent = [.. _sent];
        var caughtUp = !_caughtUp && batch is null && sequencer.IsCaughtUp;
        await commit(new UpdateDelivery(batch, sent, caughtUp), cancellationToken);
        _caughtUp |= caughtUp;
        _sent.RemoveRange(0, sent.Length);
    }

    /// <summary>
    /// Delivers what the difference did not tell before the position passes over it: whoever is stopped in between begins with it again.
    /// </summary>
    private async Task BackfillAsync(Backfill backfill, CancellationToken cancellationToken)
    {
        await foreach (var found in missed.FetchAsync(backfill, cancellationToken))
        {
            // The outcomes of sends must not wait for a long history.
            while (_inbox.Reader.TryRead(out var input))
                input(sequencer);
            await DeliverAsync(found.ToBatch(sequencer.State!), cancellationToken);
        }
    }

    private async Task WaitAsync(CancellationToken cancellationToken)
    {
        if (sequencer.WakeAt is not { } wakeAt)
        {
            await _inbox.Reader.WaitToReadAsync(cancellationToken);
            return;
        }

        var delay = wakeAt - time.GetUtcNow();
        if (delay <= TimeSpan.Zero)
            return;
        using var timer = new CancellationTokenSource(delay, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        try
        {
            await _inbox.Reader.WaitToReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The sequencer asked to be called again by now.
        }
    }

    /// <summary>A channel that did not move while the account was away is told of by no difference, and the first update of it may be lost.</summary>
    private async Task LearnChannelsAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (await missed.FindChannelsAsync(cancellationToken) is { } channels)
                await _inbox.Writer.WriteAsync(s => s.LearnChannels(channels), cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The pump is stopping; the next one asks again.
        }
        catch (Exception e) when (e is RpcException or SessionClosedException or MessageRejectedException)
        {
            // Whatever is wrong with the session is told by the next difference. The next run asks again.
        }
    }

    /// <summary>Makes one request of the sequencer and posts its answer; a refusal that waiting does not cure ends a channel's box.</summary>
    private async Task AskAsync(UpdateRequest request, CancellationToken cancellationToken)
    {
        try
        {
            await _inbox.Writer.WriteAsync(await AnswerAsync(request, cancellationToken), cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The pump is stopping; the request is made again by the next one.
        }
    }

    private async Task<Action<UpdateSequencer>> AnswerAsync(UpdateRequest request, CancellationToken cancellationToken)
    {
        try
        {
            switch (request)
            {
                case StateRequest:
                    // Read before the first wait, while the loop stands still.
                    var isFirst = sequencer.State is null;
                    var now = await client.InvokeAsync(new UpdatesGetState(), cancellationToken);
                    var channels = isFirst ? await missed.FindChannelsAsync(cancellationToken) : null;
                    _refusals = 0;
                    return s => s.ReceiveState(now, channels);
                case DifferenceRequest common:
                    var difference = await client.InvokeAsync(common.ToCall(), cancellationToken);
                    _refusals = 0;
                    return s => s.ReceiveDifference(difference);
                case ChannelDifferenceRequest channel:
                    if (await client.FindChannelAsync(channel.ChannelId, cancellationToken) is not { } input)
                        return s => s.ForgetChannel(channel.ChannelId);
                    var part = await client.InvokeAsync(channel.ToCall(input), cancellationToken);
                    return s => s.ReceiveChannelDifference(channel.ChannelId, part);
                default:
                    throw new InvalidOperationException($"{request.GetType().Name} is no request.");
            }
        }
        catch (RpcException e) when (e.Code == 401 || e.IsSessionLost)
        {
            // Asking again does not bring a session back: whoever runs the updates decides what becomes of it.
            return _ => ExceptionDispatchInfo.Throw(e);
        }
        catch (RpcException e) when (e.Code == 400 && e.Type.StartsWith("PERSISTENT_TIMESTAMP_", StringComparison.Ordinal) && !IsAtBeginning(request))
        {
            return s => s.PositionRefused(request);
        }
        catch (RpcException e) when (request is ChannelDifferenceRequest && e.Code is 400 or 403 or 406)
        {
            return s => s.ForgetChannel(((ChannelDifferenceRequest)request).ChannelId);
        }
        catch (RpcException e)
        {
            var retryIn = e.RetryAfter ?? RetryDelay * (1 << Math.Min(Interlocked.Increment(ref _refusals) - 1, MaxDoublings));
            return s => s.RequestFailed(request, retryIn);
        }
        catch (Exception e) when (e is SessionClosedException or MessageRejectedException)
        {
            return s => s.RequestFailed(request, RetryDelay);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // An answer that cannot be read, or an owner that could not say an access hash: unseen, the box would wait for ever.
            return _ => ExceptionDispatchInfo.Throw(e);
        }
    }

    private static bool IsAtBeginning(UpdateRequest request) => request is StateRequest or ChannelDifferenceRequest { Pts: ChannelDifferenceRequest.Beginning };
}
