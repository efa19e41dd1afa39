using System.ComponentModel.DataAnnotations;

namespace Integrations.Workers.Bots;

/// <summary>How a host processes what comes for bots, and sends for them.</summary>
internal sealed class BotOptions
{
    public const string Section = "Bots";

    /// <summary>Updates of one shard that are processed together; of one bot at most its share of them.</summary>
    [Range(1, 5000)]
    public int UpdateBatch { get; set; } = 500;

    /// <summary>Shards whose updates are processed at the same time, on one host.</summary>
    [Range(1, 64)]
    public int ShardsAtOnce { get; set; } = Math.Max(1, Environment.ProcessorCount / 2);

    /// <summary>How often a shard is looked at when nothing rings.</summary>
    [Range(typeof(TimeSpan), "00:00:00.05", "00:01:00")]
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How often an update is tried that cannot be processed. Meanwhile it holds back its chat; afterwards it is given up.</summary>
    [Range(1, 100)]
    public int UpdateAttempts { get; set; } = 5;

    /// <summary>The pause after an update's first failure; each further one doubles it.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "00:10:00")]
    public TimeSpan FirstRetryDelay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest pause between two tries.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan MaxRetryDelay { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Sends of one shard's bots under way at once, each to another dialog.</summary>
    [Range(1, 1000)]
    public int SendsAtOnce { get; set; } = 64;

    /// <summary>The same of one bot.</summary>
    [Range(1, 1000)]
    public int SendsOfOneBot { get; set; } = 8;

    /// <summary>Sends with files, or albums, of one shard's bots under way at once, beside the texts.</summary>
    [Range(1, 100)]
    public int FileSendsAtOnce { get; set; } = 8;

    /// <summary>The same of one bot.</summary>
    [Range(1, 100)]
    public int FileSendsOfOneBot { get; set; } = 2;
}
