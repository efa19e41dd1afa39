using System.ComponentModel.DataAnnotations;

namespace Integrations.Core.Telegram.Sending;

/// <summary>What the acceptance of messages promises.</summary>
public sealed class SendOptions
{
    public const string Section = "Sending";

    /// <summary>Messages that may wait for one account. Past it the service cannot promise a delivery in reasonable time, and says so instead of accepting.</summary>
    [Range(1, 1_000_000)]
    public int MaxBacklogPerAccount { get; set; } = 1000;

    /// <summary>How long an Idempotency-Key is remembered.</summary>
    public TimeSpan IdempotencyLifetime { get; set; } = TimeSpan.FromHours(24);
}
