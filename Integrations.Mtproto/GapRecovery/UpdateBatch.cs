using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Tl;

namespace Integrations.Mtproto.GapRecovery;

/// <summary>What to save in one transaction, followed by <see cref="UpdateSequencer.Confirm"/>.</summary>
public sealed class UpdateBatch
{
    internal UpdateBatch()
    {
    }

    /// <summary>In the order in which they happened, per chat. A message from a difference comes as an update with pts 0.</summary>
    public required IReadOnlyList<UpdateItem> Items { get; init; }

    /// <summary>Users and chats seen, to be saved before the items. See <see cref="LearntPeer.IsMin"/>.</summary>
    public required IReadOnlyList<LearntPeer> Peers { get; init; }

    /// <summary>The whole state after this batch.</summary>
    public required UpdateState State { get; init; }

    /// <summary>The channels of <see cref="State"/> that this batch moved.</summary>
    public required IReadOnlyCollection<long> ChangedChannels { get; init; }

    /// <summary>Channels that the account has left or lost: their positions are to be deleted.</summary>
    public required IReadOnlyCollection<long> ForgottenChannels { get; init; }

    /// <summary>Boxes whose difference was too long to be told: messages are missing and have to be fetched from the history.</summary>
    public required IReadOnlyList<Backfill> Backfills { get; init; }
}

/// <param name="Update">Null when only the position moved, as after the caller's own deletion or reading.</param>
/// <param name="Origin">What the caller gave with its own result; null for what the server pushed or a difference brought.</param>
public sealed record UpdateItem(Update? Update, object? Origin = null);

/// <param name="ChannelId">Null for the common box: any private chat or basic group may have holes.</param>
/// <param name="Since">When the position that was lost still held, in unix seconds of the server.</param>
public sealed record Backfill(long? ChannelId, int Since)
{
    /// <summary>The channel with its access hash, where that came with the news and is stored only with this batch.</summary>
    internal Schema.InputChannel? Channel { get; init; }
}

public enum PeerKind
{
    User,
    Chat,
    Channel,
}

/// <summary>A peer's name within one account; ids of different kinds overlap.</summary>
public readonly record struct PeerKey(PeerKind Kind, long Id)
{
    public static PeerKey Of(Peer peer) => peer switch
    {
        PeerUser user => new(PeerKind.User, user.UserId),
        PeerChat chat => new(PeerKind.Chat, chat.ChatId),
        PeerChannel channel => new(PeerKind.Channel, channel.ChannelId),
        _ => throw new ArgumentOutOfRangeException(nameof(peer), peer.TlName),
    };
}

/// <summary>A user or chat that came with the updates.</summary>
/// <param name="AccessHash">Null when it came without one.</param>
/// <param name="IsMin">
/// A cut-down object: it never overwrites a full one nor its access hash; until a full one is known, the peer is addressed through the
/// message in <paramref name="SeenIn"/>. https://core.telegram.org/api/min.
/// </param>
/// <param name="Object">The <see cref="UserBase"/> or <see cref="ChatBase"/>.</param>
/// <param name="SeenIn">The chat and message that mention a min peer; null when no message does.</param>
public sealed record LearntPeer(PeerKey Key, long? AccessHash, bool IsMin, TlObject Object, (PeerKey Chat, int MessageId)? SeenIn);
