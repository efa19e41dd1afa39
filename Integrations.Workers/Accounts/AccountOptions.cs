using System.ComponentModel.DataAnnotations;

namespace Integrations.Workers.Accounts;

/// <summary>How a host runs its accounts.</summary>
internal sealed class AccountOptions
{
    public const string Section = "Accounts";

    /// <summary>How often the accounts of a shard are compared with the database when nothing rings.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00")]
    public TimeSpan ReconcileInterval { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How often a shard's queue is looked at when nothing rings.</summary>
    [Range(typeof(TimeSpan), "00:00:00.05", "00:01:00")]
    public TimeSpan ClaimInterval { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Messages claimed at once. Bounds what has to be given back when a host stops.</summary>
    [Range(1, 1000)]
    public int ClaimBatch { get; set; } = 32;

    /// <summary>Messages that may wait in one account's mailbox; an account without room for a whole batch is not claimed for.</summary>
    [Range(1, 10_000)]
    public int MailboxCapacity { get; set; } = 64;

    /// <summary>Sends of one account under way at once, each to another dialog.</summary>
    [Range(1, 64)]
    public int SendsAtOnce { get; set; } = 4;

    /// <summary>Messages with files, or albums, of one account under way at once, beside its texts.</summary>
    [Range(1, 16)]
    public int FileSendsAtOnce { get; set; } = 2;

    /// <summary>How long one call to Telegram may go without an answer.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan CallTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long sends under way are waited for when an account is handed over; afterwards they are given back.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan HandOverGrace { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>The pause after an account's first failure; each further one doubles it.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "00:10:00")]
    public TimeSpan FirstRestartDelay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest pause between two starts of a failing account.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan MaxRestartDelay { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>An account that keeps a connection this long is healthy again: its next failure counts as the first.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan HealthyAfter { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>A connection that comes back sooner, and a wait that Telegram asks for that is shorter, is not worth a line of the timeline.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan TroubleToldAfter { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Bytes one account may hold by estimate; above, that account alone is restarted. The requirement's limit is 50 MB.</summary>
    [Range(1_000_000, 1_000_000_000)]
    public long MemoryLimitBytes { get; set; } = 50_000_000;

    /// <summary>How often the memory estimate is looked at.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00")]
    public TimeSpan MemoryCheckInterval { get; set; } = TimeSpan.FromSeconds(30);
}
