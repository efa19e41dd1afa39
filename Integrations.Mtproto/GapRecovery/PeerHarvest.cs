using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Tl;

namespace Integrations.Mtproto.GapRecovery;

/// <summary>Collects the users and chats of one batch; a full object wins over a min one, a later over an earlier.</summary>
internal sealed class PeerHarvest
{
    private readonly Dictionary<PeerKey, LearntPeer> _peers = [];
    private readonly HashSet<object> _seen = new(ReferenceEqualityComparer.Instance);

    public bool IsEmpty => _peers.Count == 0;

    public IReadOnlyList<LearntPeer> Peers => [.. _peers.Values];

    public bool Has(PeerKey key) => _peers.ContainsKey(key);

    /// <param name="source">The container: several of its updates may bring it here, and it is harvested once.</param>
    public void Add(object source, IReadOnlyList<UserBase> users, IReadOnlyList<ChatBase> chats, IEnumerable<MessageBase> messages)
    {
        if (!_seen.Add(source))
            return;

        var context = new Dictionary<PeerKey, (PeerKey, int)>();
        foreach (var message in messages)
        {
            if (MessagePeers.PlaceOf(message) is not { } place)
                continue;
            foreach (var key in MessagePeers.Of(message))
                context.TryAdd(key, place);
        }

        foreach (var user in users)
            Add(Key(user) is { } key ? new(key, (user as User)?.AccessHash, user is User { Min: true }, user, null) : null, context);
        foreach (var chat in chats)
            Add(Describe(chat), context);
    }

    public static PeerKey? Key(UserBase user) => user switch
    {
        User u => new(PeerKind.User, u.Id),
        UserEmpty u => new(PeerKind.User, u.Id),
        _ => null,
    };

    public static PeerKey? Key(ChatBase chat) => Describe(chat)?.Key;

    private static LearntPeer? Describe(ChatBase chat) => chat switch
    {
        Chat c => Full(PeerKind.Chat, c.Id, null, c),
        ChatForbidden c => Full(PeerKind.Chat, c.Id, null, c),
        ChatEmpty c => Full(PeerKind.Chat, c.Id, null, c),
        Channel c => new(new(PeerKind.Channel, c.Id), c.AccessHash, c.Min, c, null),
        ChannelForbidden c => Full(PeerKind.Channel, c.Id, c.AccessHash, c),
        _ => null,
    };

    private static LearntPeer Full(PeerKind kind, long id, long? accessHash, TlObject value) => new(new(kind, id), accessHash, false, value, null);

    private void Add(LearntPeer? peer, Dictionary<PeerKey, (PeerKey, int)> context)
    {
        if (peer is null || (peer.IsMin && _peers.TryGetValue(peer.Key, out var known) && !known.IsMin))
            return;
        _peers[peer.Key] = peer.IsMin && context.TryGetValue(peer.Key, out var place) ? peer with { SeenIn = place } : peer;
    }
}
