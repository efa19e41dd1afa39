namespace Integrations.AppHost.LocalHosting.Running;

/// <summary>How long to wait before a process that ended by itself is started again.</summary>
internal sealed class RestartDelay
{
    /// <summary>A process that ran this long before it ended starts the delays over.</summary>
    public static readonly TimeSpan Stable = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    private int _failures;

    /// <summary>1, 2, 4, 8, 16, 30, 30 … seconds.</summary>
    /// <param name="ran">How long the process ran.</param>
    public TimeSpan Next(TimeSpan ran)
    {
        if (ran >= Stable)
        {
            _failures = 0;
        }

        var delay = TimeSpan.FromSeconds(Math.Min(Math.Pow(2, Math.Min(_failures, 10)), Longest.TotalSeconds));
        _failures++;
        return delay;
    }

    public void Reset() => _failures = 0;
}
