using System.ComponentModel.DataAnnotations;

namespace Integrations.Workers.Sending;

/// <summary>How failed sends are repeated.</summary>
internal sealed class SendingOptions
{
    public const string Section = "Sending";

    /// <summary>The pause after the first failure that may pass by itself; each further one doubles it.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "00:10:00")]
    public TimeSpan FirstRetryDelay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest pause between two tries.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan MaxRetryDelay { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How long after acceptance a message is still tried; then it fails with what stood in its way.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "30.00:00:00")]
    public TimeSpan GiveUpAfter { get; set; } = TimeSpan.FromHours(24);

    /// <summary>Outcomes written in one transaction.</summary>
    [Range(1, 10_000)]
    public int OutcomeBatch { get; set; } = 200;

    /// <summary>Messages with files that one host uploads at once, of all its accounts and bots together; each holds about 2 MiB.</summary>
    [Range(1, 1000)]
    public int UploadsAtOnce { get; set; } = 8;

    /// <summary>Files that one host fetches at once from addresses of callers.</summary>
    [Range(1, 1000)]
    public int FetchesAtOnce { get; set; } = 8;

    /// <summary>How long one file may take to come from its address.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan FetchTimeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How often an address is asked that does not answer; then the message fails.</summary>
    [Range(1, 100)]
    public int FetchAttempts { get; set; } = 5;
}
