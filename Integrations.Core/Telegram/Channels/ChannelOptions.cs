using System.ComponentModel.DataAnnotations;

namespace Integrations.Core.Telegram.Channels;

/// <summary>How channels are looked after.</summary>
public sealed class ChannelOptions
{
    public const string Section = "Channels";

    /// <summary>How often the rights in a channel are looked at anew; each look is put off by up to a tenth at random, so that not all come at once.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan CheckInterval { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How long somebody who asks about a channel waits for Telegram's answer through the account's owner.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:01:00")]
    public TimeSpan AnswerPatience { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>How often a worker looks for what is due when nothing rings.</summary>
    [Range(typeof(TimeSpan), "00:00:00.05", "00:01:00")]
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Changes of messages and looks at channels that one worker has under way at once.</summary>
    [Range(1, 1000)]
    public int AtOnce { get; set; } = 32;

    /// <summary>The pause after a change's first failure that may pass; each further one doubles it.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "00:10:00")]
    public TimeSpan FirstRetryDelay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest pause between two tries.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan MaxRetryDelay { get; set; } = TimeSpan.FromMinutes(1);

    public DateTimeOffset NextCheck(DateTimeOffset now, double chance = 0) => now + CheckInterval + (CheckInterval / 10 * chance);
}
