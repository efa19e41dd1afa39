using Microsoft.Extensions.Options;

namespace Integrations.ServiceDefaults.Resilience;

/// <summary>How every <see cref="HttpClient"/> of the factory bears a bad network. Section <c>HttpResilience</c>; a client's own name overrides in code.</summary>
public sealed class HttpResilienceOptions
{
    public const string Section = "HttpResilience";

    /// <summary>Time for one try, up to the response's headers.</summary>
    public TimeSpan AttemptTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Time for all tries and the waits between them.</summary>
    public TimeSpan TotalTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Tries after the first, for idempotent methods only. 0 switches them off.</summary>
    public int MaxRetries { get; set; } = 3;

    /// <summary>Wait before the first retry; it doubles with each and is spread by jitter. A longer <c>Retry-After</c> wins.</summary>
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Share of failed tries, 0–1, at which the breaker of one destination opens.</summary>
    public double BreakerFailureRatio { get; set; } = 0.5;

    /// <summary>Tries within <see cref="BreakerWindow"/> below which the breaker does not judge.</summary>
    public int BreakerMinimumTries { get; set; } = 20;

    /// <summary>The window that the breaker looks at.</summary>
    public TimeSpan BreakerWindow { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long an open breaker refuses at once before it lets one try through.</summary>
    public TimeSpan BreakerPause { get; set; } = TimeSpan.FromSeconds(5);
}

internal sealed class HttpResilienceOptionsValidator : IValidateOptions<HttpResilienceOptions>
{
    /// <summary>The shortest window and pause that Polly's breaker takes.</summary>
    private static readonly TimeSpan ShortestBreaker = TimeSpan.FromMilliseconds(500);

    public ValidateOptionsResult Validate(string? name, HttpResilienceOptions options)
    {
        var errors = new List<string>();
        Require(options.AttemptTimeout > TimeSpan.Zero, nameof(options.AttemptTimeout), options.AttemptTimeout, "above zero");
        Require(options.TotalTimeout >= options.AttemptTimeout, nameof(options.TotalTimeout), options.TotalTimeout,
            $"at least {nameof(options.AttemptTimeout)} ({options.AttemptTimeout})");
        Require(options.MaxRetries is >= 0 and <= 10, nameof(options.MaxRetries), options.MaxRetries, "from 0 to 10");
        Require(options.RetryDelay > TimeSpan.Zero, nameof(options.RetryDelay), options.RetryDelay, "above zero");
        Require(options.BreakerFailureRatio is > 0 and <= 1, nameof(options.BreakerFailureRatio), options.BreakerFailureRatio, "above 0 and at most 1");
        Require(options.BreakerMinimumTries >= 2, nameof(options.BreakerMinimumTries), options.BreakerMinimumTries, "at least 2");
        Require(options.BreakerWindow >= ShortestBreaker, nameof(options.BreakerWindow), options.BreakerWindow, $"at least {ShortestBreaker}");
        Require(options.BreakerPause >= ShortestBreaker, nameof(options.BreakerPause), options.BreakerPause, $"at least {ShortestBreaker}");
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);

        void Require(bool holds, string key, object value, string rule)
        {
            if (!holds)
                errors.Add(FormattableString.Invariant($"{HttpResilienceOptions.Section}:{key} is {value}; it must be {rule}."));
        }
    }
}
