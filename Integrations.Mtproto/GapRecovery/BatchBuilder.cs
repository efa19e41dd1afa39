using Integrations.Mtproto.Schema;

namespace Integrations.Mtproto.GapRecovery;

/// <summary>One batch in the making, over a copy of the state: nothing of it counts until the caller has committed.</summary>
internal sealed class BatchBuilder(UpdateState state)
{
    private readonly UpdateState _before = state;
    private readonly HashSet<long> _changed = [];
    private readonly HashSet<long> _forgotten = [];
    private readonly List<UpdateItem> _items = [];
    private readonly List<Backfill> _backfills = [];

    public UpdateState State { get; set; } = state;

    public PeerHarvest Peers { get; } = new();

    public int ItemCount => _items.Count;

    /// <summary>Where the box stands; null for a channel that has none yet.</summary>
    public int? Position(Box box) => box.Kind switch
    {
        BoxKind.Common => State.Pts,
        BoxKind.Qts => State.Qts,
        _ => State.Channels.TryGetValue(box.ChannelId, out var pts) ? pts : null,
    };

    public void Move(Box box, int position)
    {
        State = box.Kind switch
        {
            BoxKind.Common => State with { Pts = position },
            BoxKind.Qts => State with { Qts = position },
            _ => State with { Channels = State.Channels.SetItem(box.ChannelId, position) },
        };
        if (box.Kind is BoxKind.Channel)
            _changed.Add(box.ChannelId);
    }

    public void Add(UpdateItem item) => _items.Add(item);

    public void Add(Backfill backfill) => _backfills.Add(backfill);

    public void Forget(long channelId)
    {
        if (!State.Channels.ContainsKey(channelId))
            return;
        State = State with { Channels = State.Channels.Remove(channelId) };
        _changed.Remove(channelId);
        _forgotten.Add(channelId);
    }

    /// <summary>Channels that a full object says the account has left or lost.</summary>
    public IEnumerable<long> LostChannels => Peers.Peers
        .Where(p => p.Object is ChannelForbidden or Channel { Left: true, Min: false })
        .Select(p => p.Key.Id);

    /// <summary>Null when nothing happened.</summary>
    public UpdateBatch? Build(bool isFirst = false)
    {
        if (!isFirst && _items.Count == 0 && _backfills.Count == 0 && Peers.IsEmpty && ReferenceEquals(State, _before))
            return null;
        return new()
        {
            Items = _items,
            Peers = Peers.Peers,
            State = State,
            ChangedChannels = _changed,
            ForgottenChannels = _forgotten,
            Backfills = _backfills,
        };
    }
}
