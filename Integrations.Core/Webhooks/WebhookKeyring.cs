namespace Integrations.Core.Webhooks;

/// <summary>A key that was replaced and signs on until its receivers have the new one.</summary>
public sealed record ReplacedWebhookKey(WebhookKey Key, DateTimeOffset Until);

/// <summary>The keys of one endpoint: the one in force, and those that sign beside it for a while, so that a receiver changes over when it likes.</summary>
public sealed class WebhookKeyring
{
    /// <summary>Replaced keys at a time. Each adds a signature to every delivery.</summary>
    public const int MaxReplaced = 10;

    public static readonly TimeSpan DefaultOverlap = TimeSpan.FromHours(24);
    public static readonly TimeSpan MaxOverlap = TimeSpan.FromDays(7);

    public WebhookKeyring(WebhookKey current, params IReadOnlyList<ReplacedWebhookKey> replaced)
    {
        ArgumentNullException.ThrowIfNull(current);
        ArgumentNullException.ThrowIfNull(replaced);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(replaced.Count, MaxReplaced);
        (Current, Replaced) = (current, replaced);
    }

    public WebhookKey Current { get; }

    /// <summary>The latest first; some may be over.</summary>
    public IReadOnlyList<ReplacedWebhookKey> Replaced { get; }

    /// <summary>The keys that sign at this time, the one in force first.</summary>
    public WebhookSigner SignerAt(DateTimeOffset now) => new([Current, .. Replaced.Where(replaced => replaced.Until > now).Select(replaced => replaced.Key)]);

    /// <summary>Puts another key in force.</summary>
    /// <param name="overlap">How long the present one signs on, up to <see cref="MaxOverlap"/>. Nothing ends all earlier keys at once: for one that has become known.</param>
    /// <returns>Null while as many as may are still signing.</returns>
    public WebhookKeyring? Replace(WebhookKey next, TimeSpan overlap, DateTimeOffset now)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(overlap, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(overlap, MaxOverlap);
        if (overlap == TimeSpan.Zero)
            return new WebhookKeyring(next);

        ReplacedWebhookKey[] replaced = [new(Current, now + overlap), .. Replaced.Where(replaced => replaced.Until > now)];
        return replaced.Length <= MaxReplaced ? new WebhookKeyring(next, replaced) : null;
    }
}
