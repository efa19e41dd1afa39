using System.ComponentModel.DataAnnotations;

namespace Integrations.Api.Events;

/// <summary>How event streams are kept.</summary>
internal sealed class EventStreamOptions : IValidatableObject
{
    public const string Section = "EventStream";

    /// <summary>How often a quiet stream says that it lives: below the idle limits that proxies commonly have.</summary>
    public TimeSpan Heartbeat { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How often a stream asks whether its user may still listen. A sign-out ends the stream within this time.</summary>
    public TimeSpan RightCheck { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>The pause between two reads of a busy stream; it bounds what streams cost the database.</summary>
    public TimeSpan ReadPause { get; set; } = TimeSpan.FromMilliseconds(25);

    /// <summary>Events read at a time, and so the most that one stream holds in memory.</summary>
    [Range(1, 1000)]
    public int PageSize { get; set; } = 100;

    /// <summary>How long one write may take. A reader that is slower is dropped; it can resume from its position.</summary>
    public TimeSpan SlowReader { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a dropped reader has to take what was written before, and the reason after it; then the connection is cut.</summary>
    public TimeSpan LastWords { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>Streams of one user in this process.</summary>
    [Range(1, 10_000)]
    public int MaxPerUser { get; set; } = 20;

    /// <summary>Streams of this process.</summary>
    [Range(1, 100_000)]
    public int MaxTotal { get; set; } = 2000;

    /// <summary>How long a ticket may wait for its use.</summary>
    public TimeSpan TicketLifetime { get; set; } = TimeSpan.FromSeconds(30);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Heartbeat <= TimeSpan.Zero || RightCheck <= TimeSpan.Zero || SlowReader <= TimeSpan.Zero || LastWords < TimeSpan.Zero || TicketLifetime < TimeSpan.FromSeconds(1))
            yield return new($"{Section}: all times must be positive, and TicketLifetime a second or more.");
        if (MaxPerUser > MaxTotal)
            yield return new($"{Section}:{nameof(MaxPerUser)} ({MaxPerUser}) must not exceed {nameof(MaxTotal)} ({MaxTotal}).");
    }
}
