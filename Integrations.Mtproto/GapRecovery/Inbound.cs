using Integrations.Mtproto.Schema;

namespace Integrations.Mtproto.GapRecovery;

/// <summary>One container, as it waits to be placed. Boxes hold parts of it, so it lives until its last part is delivered.</summary>
internal sealed class Inbound
{
    public required IReadOnlyList<InboundPart> Parts { get; init; }

    public IReadOnlyList<UserBase> Users { get; init; } = [];

    public IReadOnlyList<ChatBase> Chats { get; init; } = [];

    public int Date { get; init; }

    /// <summary>0 when the container is outside of the sequence.</summary>
    public int SeqStart { get; init; }

    public int Seq { get; init; }

    public object? Origin { get; init; }

    /// <summary>As <see cref="HeldPart.Round"/>, when the container itself is held for its sequence number.</summary>
    public int Round { get; init; }

    public static Inbound Of(Update update, int date, object? origin) => new() { Parts = [InboundPart.Of(update)], Date = date, Origin = origin };

    public static Inbound Of(Updates u, object? origin) => new()
    {
        Parts = [.. u.UpdatesValue.Select(InboundPart.Of)],
        Users = u.Users,
        Chats = u.Chats,
        Date = u.Date,
        SeqStart = u.Seq,
        Seq = u.Seq,
        Origin = origin,
    };

    public static Inbound Of(UpdatesCombined u, object? origin) => new()
    {
        Parts = [.. u.Updates.Select(InboundPart.Of)],
        Users = u.Users,
        Chats = u.Chats,
        Date = u.Date,
        SeqStart = u.SeqStart,
        Seq = u.Seq,
        Origin = origin,
    };

    public bool Brings(PeerKey key) => Users.Any(u => PeerHarvest.Key(u) == key) || Chats.Any(c => PeerHarvest.Key(c) == key);

    public void HarvestInto(PeerHarvest peers) =>
        peers.Add(this, Users, Chats, Parts.Select(p => p.Update is { } u ? UpdatePlace.MessageIn(u) : null).OfType<MessageBase>());
}

/// <param name="Update">Null for the caller's own deletion or reading, of which only the position counts.</param>
internal readonly record struct InboundPart(Update? Update, UpdatePlace Place)
{
    public static InboundPart Of(Update update) => new(update, UpdatePlace.Of(update));
}

/// <summary>What came too early for its box, in the order in which it will fit.</summary>
internal sealed class HeldBox
{
    private readonly List<HeldPart> _parts = [];

    /// <summary>Since when the first of them waits for the one before it.</summary>
    public DateTimeOffset Since { get; set; }

    public int Count => _parts.Count;

    public HeldPart First => _parts[0];

    public void Add(HeldPart held)
    {
        var at = _parts.FindIndex(p => Order(held.Part, p.Part) < 0);
        _parts.Insert(at < 0 ? _parts.Count : at, held);
    }

    public void RemoveFirst() => _parts.RemoveAt(0);

    /// <summary>By position; of two that end at the same one, that which moves the box comes first.</summary>
    public static int Order(InboundPart a, InboundPart b) =>
        a.Place.Position != b.Place.Position ? a.Place.Position.CompareTo(b.Place.Position) : b.Place.Count.CompareTo(a.Place.Count);
}

/// <param name="Round">How many requests had been made when it came.</param>
internal readonly record struct HeldPart(InboundPart Part, Inbound Source, int Round);

/// <summary>The state of one kind of difference.</summary>
internal sealed class Fetch
{
    private bool _again;

    public bool Due { get; private set; }

    public bool Running { get; private set; }

    public DateTimeOffset NotBefore { get; private set; }

    /// <summary>Which request the running one is, counted over all kinds.</summary>
    public int Round { get; private set; }

    public bool Active => Due || Running;

    /// <summary>A running one may have been answered before the reason arose, so it is followed by another.</summary>
    public void Want()
    {
        if (Running)
            _again = true;
        else
            Due = true;
    }

    public void Start(int round) => (Due, Running, Round) = (false, true, round);

    public void End(bool more) => (Due, Running, _again) = (more || _again, false, false);

    public void Fail(DateTimeOffset retryAt) => (Due, Running, _again, NotBefore) = (true, false, false, retryAt);
}
