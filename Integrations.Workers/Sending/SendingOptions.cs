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
}
