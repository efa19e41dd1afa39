using Integrations.Mtproto.GapRecovery;

namespace Integrations.Mtproto;

/// <summary>Telegram's own id for a message that was sent with <paramref name="RandomId"/>.</summary>
/// <param name="RandomId">As the caller gave it.</param>
/// <param name="MessageId">Unique in the place it was sent to.</param>
/// <param name="Date">Null where Telegram told the id only.</param>
public sealed record SentId(long RandomId, int MessageId, DateTimeOffset? Date);

/// <summary>What is to be stored in one transaction.</summary>
/// <param name="Batch">Updates and the state they lead to; null when only sends have ended.</param>
/// <param name="Sent">Sends of this client that were answered since the delivery before.</param>
/// <param name="CaughtUp">True once: everything that happened before this run has been delivered.</param>
public sealed record UpdateDelivery(UpdateBatch? Batch, IReadOnlyList<SentId> Sent, bool CaughtUp);

/// <summary>Stores a delivery. The client's position moves when it returns; when it throws, the updates end with its exception.</summary>
public delegate ValueTask CommitUpdates(UpdateDelivery delivery, CancellationToken cancellationToken);
