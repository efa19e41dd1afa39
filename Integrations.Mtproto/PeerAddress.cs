using Integrations.Mtproto.GapRecovery;

namespace Integrations.Mtproto;

/// <summary>A person, group or channel as a call has to name it.</summary>
/// <param name="Key">Which.</param>
/// <param name="AccessHash">The number that Telegram gave this account with the peer; null for the account itself and for basic groups, which have none.</param>
public readonly record struct PeerAddress(PeerKey Key, long? AccessHash);

/// <summary>How a message is sent, beside its contents.</summary>
public sealed record SendOptions
{
    /// <summary>Telegram takes a number once per account, so that a repeated call sends nothing twice. Not zero.</summary>
    public required long RandomId { get; init; }

    /// <summary>The message that this one answers.</summary>
    public int? ReplyTo { get; init; }

    /// <summary>The topic of a forum that it goes to; null for the general one.</summary>
    public int? TopicId { get; init; }

    /// <summary>Not before this; null for at once.</summary>
    public DateTimeOffset? ScheduledFor { get; init; }

    /// <summary>Without a sound at the receiver.</summary>
    public bool Silent { get; init; }

    /// <summary>Without a preview of the first address in it.</summary>
    public bool NoPreview { get; init; }
}
