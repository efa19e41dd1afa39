using Integrations.Core.Telegram.Clients;
using Integrations.Core.Tenancy;

namespace Integrations.Workers.Sending;

/// <summary>A message that this host has taken from the queue and answers for until its outcome is stored.</summary>
/// <param name="Attempts">Counts this one.</param>
/// <param name="Peer">Null while nobody has looked up the dialog's username or phone.</param>
/// <param name="AccessHash">Null where this account was never told one.</param>
internal sealed record ClaimedMessage(
    Guid Id,
    TenantId Tenant,
    Guid AccountId,
    Guid DialogId,
    long RandomId,
    string Text,
    int? ReplyToMessageId,
    int Attempts,
    PeerKey? Peer,
    long? AccessHash,
    string? Username,
    string? Phone,
    DateTimeOffset AcceptedAt)
{
    /// <summary>The file that it goes with; its text is the caption then.</summary>
    public ClaimedFile? File { get; init; }

    /// <summary>What goes with it as one album, in order.</summary>
    public IReadOnlyList<ClaimedMessage> Rest { get; init; } = [];

    /// <summary>All that goes in one call.</summary>
    public IReadOnlyList<ClaimedMessage> All => Rest.Count == 0 ? [this] : [this, .. Rest];
}
