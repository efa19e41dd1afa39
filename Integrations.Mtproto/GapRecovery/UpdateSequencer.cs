using Integrations.Mtproto.Schema;

namespace Integrations.Mtproto.GapRecovery;

/// <summary>
/// Puts an account's updates in order, each once, and notices what is missing. Pure and single-threaded: it does no I/O, and the
/// owner calls it from one place at a time.
/// </summary>
/// <remarks>
/// <para>After every <c>Receive…</c>, and at <see cref="WakeAt"/>, the owner takes the batch, commits it together with
/// <see cref="UpdateBatch.State"/>, and calls <see cref="Confirm"/>; and it takes the requests and reports their answers.</para>
/// <para>The position moves only with <see cref="Confirm"/>. Until then the same batch is handed out again, so a failed commit is
/// simply tried once more; after a crash the server tells the rest as a difference.</para>
/// <para>https://core.telegram.org/api/updates.</para>
/// </remarks>
public sealed partial class UpdateSequencer
{
    private readonly TimeProvider _time;
    private readonly UpdateSequencerOptions _options;
    private readonly long _selfId;
    private readonly Func<PeerKey, bool> _isKnown;

    private readonly Queue<Inbound> _inbox = [];
    private readonly Queue<object> _answers = [];
    private readonly Dictionary<Box, HeldBox> _held = [];
    private readonly List<Inbound> _heldSeq = [];
    private readonly Fetch _stateFetch = new();
    private readonly Fetch _common = new();
    private readonly Dictionary<long, Fetch> _channels = [];
    private readonly HashSet<PeerKey> _askedFor = [];

    private UpdateState? _state;
    private UpdateBatch? _outstanding;
    private DateTimeOffset _heldSeqSince;
    private DateTimeOffset _lastHeard;
    private int _queued;
    private int _round;

    /// <summary>The last date at which every channel's box was known to be complete.</summary>
    private int _completeAt;

    /// <summary>A difference of the common box has been told in part.</summary>
    private bool _isSliced;

    /// <param name="state">What was saved last; null for an account that has just logged in.</param>
    /// <param name="selfId">The account's own user id.</param>
    /// <param name="isKnown">Whether the owner has saved this peer, fully or by the message it was seen in.</param>
    /// <param name="time">The clock.</param>
    /// <param name="options">Limits and times.</param>
    public UpdateSequencer(UpdateState? state, long selfId, Func<PeerKey, bool> isKnown, TimeProvider time, UpdateSequencerOptions? options = null)
    {
        _state = state;
        _selfId = selfId;
        _isKnown = isKnown;
        _time = time;
        _options = options ?? new();
        _lastHeard = time.GetUtcNow();
        _completeAt = state?.Date ?? 0;
        if (state is null)
            _stateFetch.Want();
        else
            _common.Want();
    }

    /// <summary>The last confirmed state; null until the first one is.</summary>
    public UpdateState? State => _state;

    /// <summary>Updates held in memory.</summary>
    public int Queued => _queued;

    /// <summary>Nothing is being asked for: what happened before the last <see cref="Reconnected"/> has been handed out and confirmed.</summary>
    public bool IsCaughtUp =>
        _state is not null && _outstanding is null && _answers.Count == 0 && !_common.Active && !_stateFetch.Active && _channels.Values.All(f => !f.Active);

    /// <summary>When to call again although nothing was received; null while only an answer or a confirmation can help.</summary>
    public DateTimeOffset? WakeAt
    {
        get
        {
            if (_outstanding is not null)
                return null;
            var at = DateTimeOffset.MaxValue;
            foreach (var (box, held) in _held)
            {
                if (!IsFetching(box))
                    at = Earlier(at, held.Since + _options.GapWait);
            }

            if (_heldSeq.Count > 0 && !_common.Active)
                at = Earlier(at, _heldSeqSince + _options.GapWait);
            if (_state is not null && !_common.Active)
                at = Earlier(at, _lastHeard + _options.Silence);
            foreach (var fetch in Startable())
                at = Earlier(at, fetch.NotBefore);
            return at == DateTimeOffset.MaxValue ? null : at;
        }
    }

    /// <summary>
    /// The connection is new, or the server says that the session is: it may have forgotten us, so it is asked what was missed. Without
    /// this call it would push nothing.
    /// </summary>
    public void Reconnected()
    {
        if (_state is not null)
            _common.Want();
    }

    /// <summary>Takes what the server pushed, or the <c>Updates</c> that a call of ours returned.</summary>
    /// <param name="updates">Any form of it.</param>
    /// <param name="origin">
    /// Comes back with the items that this call's result brought. They do not come back when a difference was quicker, or when the
    /// queue overflowed: the result itself is the caller's to keep.
    /// </param>
    public void Receive(UpdatesBase updates, object? origin = null)
    {
        _lastHeard = _time.GetUtcNow();
        switch (updates)
        {
            case UpdateShort u:
                Enqueue(Inbound.Of(u.Update, u.Date, origin));
                break;
            case UpdateShortMessage u:
                Enqueue(Inbound.Of(ShortUpdates.Expand(u, _selfId), u.Date, origin));
                break;
            case UpdateShortChatMessage u:
                Enqueue(Inbound.Of(ShortUpdates.Expand(u), u.Date, origin));
                break;
            case Updates u:
                Enqueue(Inbound.Of(u, origin));
                break;
            case UpdatesCombined u:
                Enqueue(Inbound.Of(u, origin));
                break;
            default:
                // updatesTooLong; and updateShortSentMessage, which says nothing without the call that it answers.
                Reconnected();
                break;
        }
    }

    /// <summary>Takes the answer to a message of ours that came in the short form.</summary>
    /// <inheritdoc cref="Receive" path="/param[@name='origin']"/>
    public void ReceiveSent(UpdateShortSentMessage result, SentMessage sent, object? origin = null)
    {
        _lastHeard = _time.GetUtcNow();
        Enqueue(Inbound.Of(ShortUpdates.Expand(result, sent, _selfId), result.Date, origin));
    }

    /// <summary>Takes <c>messages.affectedMessages</c> or <c>messages.affectedHistory</c>: our own deletion or reading moved the box.</summary>
    /// <param name="pts">The position after it.</param>
    /// <param name="ptsCount">The events that it stands for.</param>
    /// <param name="channelId">Null for the common box.</param>
    /// <param name="origin">Comes back with the item, whose update is null.</param>
    public void ReceiveAffected(int pts, int ptsCount, long? channelId = null, object? origin = null)
    {
        var box = channelId is { } id ? new Box(BoxKind.Channel, id) : new Box(BoxKind.Common);
        Enqueue(new() { Parts = [new(null, new(box, pts, ptsCount))], Origin = origin });
    }

    /// <summary>Starts the box of a channel at a position learnt otherwise, as from <c>messages.getDialogs</c>. One that has a position keeps it.</summary>
    public void LearnChannel(long channelId, int pts) => _answers.Enqueue(new ChannelLearnt(channelId, pts));

    /// <summary>As <see cref="LearnChannel"/>, of several, with who they are.</summary>
    internal void LearnChannels(ChannelPositions channels) => _answers.Enqueue(channels);

    /// <summary>Stops the box of a channel that cannot be asked: <c>CHANNEL_PRIVATE</c>, <c>CHANNEL_INVALID</c>, or no access hash.</summary>
    public void ForgetChannel(long channelId) => _answers.Enqueue(new ChannelForgotten(channelId));

    /// <summary>The answer to <see cref="StateRequest"/>.</summary>
    public void ReceiveState(UpdatesState state) => Answer(_stateFetch, new StateAnswer(state, null));

    /// <summary>The first answer to <see cref="StateRequest"/>, with what else is to be known from the beginning.</summary>
    internal void ReceiveState(UpdatesState state, ChannelPositions? channels) => Answer(_stateFetch, new StateAnswer(state, channels));

    /// <summary>The answer to <see cref="DifferenceRequest"/>.</summary>
    public void ReceiveDifference(UpdatesDifferenceBase difference) => Answer(_common, difference);

    /// <summary>The answer to <see cref="ChannelDifferenceRequest"/>.</summary>
    public void ReceiveChannelDifference(long channelId, UpdatesChannelDifferenceBase difference)
    {
        if (_channels.TryGetValue(channelId, out var fetch))
            Answer(fetch, new ChannelAnswer(channelId, difference));
    }

    /// <summary>The request failed and is to be made again later.</summary>
    /// <param name="request">As it was handed out.</param>
    /// <param name="retryIn">For example what FLOOD_WAIT says.</param>
    public void RequestFailed(UpdateRequest request, TimeSpan retryIn)
    {
        var fetch = request switch
        {
            StateRequest => _stateFetch,
            DifferenceRequest => _common,
            ChannelDifferenceRequest channel => _channels.GetValueOrDefault(channel.ChannelId),
            _ => null,
        };
        if (fetch is { Running: true })
            fetch.Fail(_time.GetUtcNow() + retryIn);
    }

    /// <summary>
    /// The server does not know the position that was asked from (<c>PERSISTENT_TIMESTAMP_INVALID</c> and its kind). The common box begins
    /// anew where it stands now, a channel's at its beginning; what lies between is told as <see cref="UpdateBatch.Backfills"/>.
    /// </summary>
    /// <param name="request">As it was handed out.</param>
    public void PositionRefused(UpdateRequest request)
    {
        if (request is ChannelDifferenceRequest { ChannelId: var channelId })
        {
            if (_channels.GetValueOrDefault(channelId) is { Running: true } fetch)
                Answer(fetch, new ChannelRefused(channelId));
        }
        else if (_common.Running)
        {
            _common.End(more: false);
            _stateFetch.Want();

            // What the difference would have said of them is not said now.
            foreach (var id in _state!.Channels.Keys)
                WantChannel(id);
        }
    }

    /// <summary>The requests that are due now. Each counts as in flight from here on.</summary>
    public IReadOnlyList<UpdateRequest> TakeRequests()
    {
        // They start from a confirmed position, so what is being saved goes first.
        if (_outstanding is not null || _answers.Count > 0)
            return [];

        var now = _time.GetUtcNow();
        NoticeTime(now);
        var requests = new List<UpdateRequest>();
        foreach (var fetch in Startable().Where(f => f.NotBefore <= now).ToList())
        {
            // Starting one may be what the others have to wait for.
            if (!Startable().Contains(fetch))
                continue;
            if (fetch == _common && !_isSliced && _channels.Count == 0)
                _completeAt = _state?.Date ?? 0;
            fetch.Start(++_round);
            requests.Add(RequestOf(fetch));
        }

        return requests;
    }

    /// <summary>What is to be saved now, or null. The same batch again until it is confirmed.</summary>
    public UpdateBatch? TakeBatch()
    {
        if (_outstanding is not null)
            return _outstanding;
        while (_answers.TryDequeue(out var answer))
        {
            if ((_outstanding = BatchOf(answer)) is not null)
                return _outstanding;
        }

        NoticeTime(_time.GetUtcNow());
        if (_state is null || _common.Active || _stateFetch.Active)
            return null;
        var batch = new BatchBuilder(_state);
        while (!_common.Active && batch.ItemCount < _options.MaxBatch && _inbox.TryDequeue(out var inbound))
        {
            _queued -= inbound.Parts.Count;
            Place(batch, inbound);
        }

        return _outstanding = Finish(batch);
    }

    /// <summary>The batch is committed: the position moves.</summary>
    public void Confirm(UpdateBatch batch)
    {
        if (!ReferenceEquals(batch, _outstanding))
            throw new InvalidOperationException("Only the batch that was taken last can be confirmed, once.");
        _state = batch.State;
        _outstanding = null;
    }

    private static DateTimeOffset Earlier(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;

    /// <summary>The requests that are due and may go out beside those in flight.</summary>
    private IEnumerable<Fetch> Startable()
    {
        if (_stateFetch.Active || _state is null)
            return _stateFetch.Running ? [] : [_stateFetch];

        // The common difference brings the access hashes that the channels' differences need.
        if (_common.Active)
            return _common.Running ? [] : [_common];
        return _channels.Values.Count(f => f.Running) < _options.MaxChannelRequests ? _channels.Values.Where(f => f.Due && !f.Running) : [];
    }

    private UpdateRequest RequestOf(Fetch fetch)
    {
        if (fetch == _stateFetch)
            return new StateRequest();
        if (fetch == _common)
            return new DifferenceRequest(_state!.Pts, _state.Qts, _state.Date);

        // A channel heard of for the first time is asked from its beginning: the answer is "too long" with its last messages.
        var channelId = _channels.First(c => c.Value == fetch).Key;
        return new ChannelDifferenceRequest(channelId, _state!.Channels.GetValueOrDefault(channelId, ChannelDifferenceRequest.Beginning), _options.ChannelLimit);
    }

    // An answer that nobody waits for any more, as after a channel was left meanwhile, is dropped.
    private void Answer(Fetch fetch, object answer)
    {
        _lastHeard = _time.GetUtcNow();
        if (fetch.Running)
            _answers.Enqueue(answer);
    }

    private void Enqueue(Inbound inbound)
    {
        _inbox.Enqueue(inbound);
        _queued += inbound.Parts.Count;
        if (_queued > _options.MaxQueued)
            DropQueue();
    }

    /// <summary>Too much waits: everything is dropped unseen and asked for again, which costs the server's memory instead of ours.</summary>
    private void DropQueue()
    {
        var boxes = _inbox.SelectMany(i => i.Parts).Select(p => p.Place.Box).Concat(_held.Keys).ToHashSet();
        var tooLong = _inbox.SelectMany(i => i.Parts).Select(p => p.Update).OfType<UpdateChannelTooLong>().Select(u => u.ChannelId);
        foreach (var channelId in boxes.Where(b => b.Kind is BoxKind.Channel).Select(b => b.ChannelId).Concat(tooLong))
            WantChannel(channelId);
        _inbox.Clear();
        _held.Clear();
        _heldSeq.Clear();
        _queued = 0;
        Reconnected();
    }

    private void NoticeTime(DateTimeOffset now)
    {
        foreach (var (box, held) in _held)
        {
            if (held.Since + _options.GapWait > now || IsFetching(box))
                continue;
            if (box.Kind is BoxKind.Channel)
                WantChannel(box.ChannelId);
            else
                _common.Want();
        }

        var seqIsLate = _heldSeq.Count > 0 && _heldSeqSince + _options.GapWait <= now;
        var isSilent = _state is not null && _lastHeard + _options.Silence <= now;
        if (isSilent)
            _lastHeard = now;
        if ((seqIsLate || isSilent) && !_common.Active)
            _common.Want();
    }

    private bool IsFetching(Box box) => box.Kind is BoxKind.Channel
        ? _channels.TryGetValue(box.ChannelId, out var fetch) && fetch.Active
        : _common.Active;

    private void WantChannel(long channelId)
    {
        if (!_channels.TryGetValue(channelId, out var fetch))
            _channels[channelId] = fetch = new();
        fetch.Want();
    }

    private sealed record StateAnswer(UpdatesState State, ChannelPositions? Channels);

    private sealed record ChannelAnswer(long ChannelId, UpdatesChannelDifferenceBase Difference);

    private sealed record ChannelLearnt(long ChannelId, int Pts);

    private sealed record ChannelForgotten(long ChannelId);

    private sealed record ChannelRefused(long ChannelId);
}
