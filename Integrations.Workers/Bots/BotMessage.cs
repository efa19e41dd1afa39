using Integrations.Core.Telegram.Clients;
using Integrations.Core.Telegram.Messages;
using Integrations.Core.Tenancy;
using Integrations.Workers.Sending;

namespace Integrations.Workers.Bots;

/// <summary>A message of a bot that this host has taken from the queue and answers for until its outcome is stored.</summary>
/// <param name="Attempts">Counts this one.</param>
/// <param name="TokenSealed">Null where the bot was deleted.</param>
internal sealed record BotMessage(
    Guid Id, TenantId Tenant, Guid BotId, Guid DialogId, string Text, int? ReplyToMessageId, int Attempts, PeerKey Chat, DateTimeOffset AcceptedAt, byte[]? TokenSealed)
{
    /// <summary>The file that it goes with; its text is the caption then.</summary>
    public ClaimedFile? File { get; init; }

    /// <summary>What goes with it as one album, in order.</summary>
    public IReadOnlyList<BotMessage> Rest { get; init; } = [];

    /// <summary>All that goes in one call.</summary>
    public IReadOnlyList<BotMessage> All => Rest.Count == 0 ? [this] : [this, .. Rest];
}

/// <summary>How one send ended.</summary>
internal sealed record BotOutcome(MessageStatus Status)
{
    public int? TelegramId { get; init; }
    public DateTimeOffset? TelegramDate { get; init; }

    /// <summary>When a pending one may be tried again.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>Why; a pending one without a reason was not tried at all.</summary>
    public string? Code { get; init; }
    public string? Detail { get; init; }

    /// <summary>The other side takes nothing from the bot any more.</summary>
    public bool Blocked { get; init; }

    /// <summary>Telegram takes the bot's token no more.</summary>
    public bool TokenInvalid { get; init; }

    /// <summary>The group is another chat now; the message goes there.</summary>
    public PeerKey? MovedTo { get; init; }

    public static BotOutcome Failed(string code, string detail) => new(MessageStatus.Failed) { Code = code, Detail = detail };

    public static BotOutcome Again(DateTimeOffset notBefore, string? code = null, string? detail = null) =>
        new(MessageStatus.Pending) { NotBefore = notBefore, Code = code, Detail = detail };
}
