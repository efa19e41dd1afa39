using System.ComponentModel.DataAnnotations;

namespace Integrations.Workers.Media;

/// <summary>How a host fetches the files of what its accounts and bots receive.</summary>
internal sealed class FetchOptions
{
    public const string Section = "Media";

    /// <summary>Files that are fetched at once by this process.</summary>
    [Range(1, 200)]
    public int FetchesAtOnce { get; set; } = 8;

    /// <summary>The same for one account or one bot.</summary>
    [Range(1, 50)]
    public int FetchesOfOne { get; set; } = 2;

    /// <summary>How often a file is tried, over some hours, before it is given up. What Telegram refuses for good is given up at once.</summary>
    [Range(1, 1000)]
    public int Attempts { get; set; } = 20;

    /// <summary>The pause after a file's first failure; each further one doubles it.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "00:10:00")]
    public TimeSpan FirstRetryDelay { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>The longest pause between two tries.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan MaxRetryDelay { get; set; } = TimeSpan.FromMinutes(30);

    /// <summary>How long one try may take.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan FetchTimeout { get; set; } = TimeSpan.FromMinutes(10);
}
