namespace Integrations.Api.Redis;

/// <summary>Asks Redis, and while it does not answer whatever this process knows by itself: what is kept there is never the reason of an outage.</summary>
/// <param name="gone">Told once when Redis has stopped answering.</param>
/// <param name="back">Told once when it answers again.</param>
internal sealed class RedisFallback(TimeProvider time, Action<Exception> gone, Action back)
{
    /// <summary>How long a request waits for Redis. Long for a round trip, short for a person.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>How often Redis is asked again while it is away: one request pays for all.</summary>
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    /// <summary>0 while Redis answers, 1 while it does not.</summary>
    private int _away;

    /// <summary>The timestamp of the last question to a Redis that was away.</summary>
    private long _asked;

    public bool IsAway => Volatile.Read(ref _away) == 1;

    public async ValueTask<T> AskAsync<T>(Func<Task<T>> shared, Func<T> own, CancellationToken cancellationToken)
    {
        if (!MayAsk())
            return own();

        try
        {
            var answer = await shared().WaitAsync(Patience, time, cancellationToken);
            if (Interlocked.Exchange(ref _away, 0) == 1)
                back();
            return answer;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            Interlocked.Exchange(ref _asked, time.GetTimestamp());
            if (Interlocked.Exchange(ref _away, 1) == 0)
                gone(e);
            return own();
        }
    }

    private bool MayAsk()
    {
        if (!IsAway)
            return true;

        var asked = Interlocked.Read(ref _asked);
        return time.GetElapsedTime(asked) >= RetryInterval && Interlocked.CompareExchange(ref _asked, time.GetTimestamp(), asked) == asked;
    }
}
