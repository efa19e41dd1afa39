using Integrations.Core.Telegram.Media;

namespace Integrations.Core.Telegram.Clients;

/// <summary>Where an account stands in Telegram's common update box.</summary>
public sealed record UpdatePosition(int Pts, int Qts, int Date, int Seq);

/// <summary>Where an account stands in the box of one channel or supergroup.</summary>
public sealed record ChannelPosition(long ChannelId, int Pts);

/// <summary>One new message, in or out.</summary>
/// <param name="Peer">The place it stands in.</param>
/// <param name="MessageId">Unique within the place, for this account.</param>
/// <param name="From">The author; null for anonymous posts of a channel.</param>
/// <param name="Outgoing">Written by the account itself, on this or another device.</param>
/// <param name="Text">Empty for a file without caption; what is neither text nor file is told in words.</param>
/// <param name="Date">When Telegram took it.</param>
/// <param name="ReplyToMessageId">The message it answers, in the same place.</param>
public sealed record TelegramMessage(
    PeerKey Peer, int MessageId, PeerKey? From, bool Outgoing, string Text, DateTimeOffset Date, int? ReplyToMessageId)
{
    /// <summary>Its file.</summary>
    public TelegramMedia? Media { get; init; }

    /// <summary>Messages that were sent together share it.</summary>
    public long? AlbumId { get; init; }

    /// <summary>When it was changed last; null for never. Reactions and the like may set it too.</summary>
    public DateTimeOffset? EditedAt { get; init; }
}

/// <summary>A file that Telegram has.</summary>
/// <param name="RemoteKey">Tells one file from another; opens nothing.</param>
public sealed record TelegramMedia(string RemoteKey, MediaTraits Traits);

/// <summary>Messages that are gone at Telegram.</summary>
/// <param name="ChannelId">The channel or supergroup; null for private chats and basic groups, whose messages share one count, so that Telegram names none.</param>
public sealed record DeletedMessages(long? ChannelId, IReadOnlyList<int> MessageIds);

/// <summary>Telegram's own id for a message that this account sent with <paramref name="RandomId"/>.</summary>
/// <param name="Date">Null where Telegram told only the id.</param>
public sealed record SentText(long RandomId, int MessageId, DateTimeOffset? Date);

/// <summary>What Telegram told, in order, and the position that holds once it is stored.</summary>
/// <remarks>
/// Store everything and the positions in one transaction, then call <see cref="Confirm"/>: the client's own position moves only then,
/// so that a failed transaction is followed by the same batch again.
/// </remarks>
public sealed class UpdateBatch(Action confirm)
{
    public IReadOnlyList<TelegramMessage> Messages { get; init; } = [];

    /// <summary>Messages as they are after a change. They may be of places that nothing is stored of.</summary>
    public IReadOnlyList<TelegramMessage> Edited { get; init; } = [];

    /// <summary>After the messages and the edits.</summary>
    public IReadOnlyList<DeletedMessages> Deleted { get; init; } = [];

    /// <summary>Ids of messages sent by this account: from a call's own result, or from an update.</summary>
    public IReadOnlyList<SentText> Sent { get; init; } = [];

    /// <summary>Peers that are new or have changed.</summary>
    public IReadOnlyList<KnownPeer> Peers { get; init; } = [];

    /// <summary>Null where the common box has not moved.</summary>
    public UpdatePosition? Position { get; init; }

    public IReadOnlyList<ChannelPosition> Channels { get; init; } = [];

    /// <summary>Channels that the account has left or may not see any more.</summary>
    public IReadOnlyList<long> ClosedChannels { get; init; } = [];

    /// <summary>True once the account has caught up with what happened before it connected.</summary>
    public bool CaughtUp { get; init; }

    public void Confirm() => confirm();
}
