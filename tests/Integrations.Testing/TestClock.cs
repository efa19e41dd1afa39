namespace Integrations.Testing;

/// <summary>
/// Time that moves only when the test says so. Timers, and with them <c>Task.Delay</c>, <c>CancelAfter</c> and <c>PeriodicTimer</c>, fire
/// within <see cref="Advance"/>, in the order in which they are due.
/// </summary>
/// <remarks>
/// Code under test usually asks for its timer on another thread; <see cref="WaitForTimerAsync"/> waits until it has, so that a test never
/// moves time past a timer that is about to be asked for.
/// </remarks>
public sealed class TestClock : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<TestTimer> _timers = [];
    private readonly long _origin;
    private DateTimeOffset _now;
    private TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TestClock()
        : this(new DateTimeOffset(2026, 5, 12, 10, 0, 0, TimeSpan.Zero))
    {
    }

    public TestClock(DateTimeOffset now)
    {
        _now = now;
        _origin = now.UtcTicks;
    }

    /// <summary>The monotonic clock counts ticks of 100 ns.</summary>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <summary>How many timers are waiting to fire.</summary>
    public int PendingTimers
    {
        get
        {
            lock (_gate)
            {
                return _timers.Count;
            }
        }
    }

    public override DateTimeOffset GetUtcNow()
    {
        lock (_gate)
        {
            return _now;
        }
    }

    public override long GetTimestamp()
    {
        lock (_gate)
        {
            return _now.UtcTicks - _origin;
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new TestTimer(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves time forward, firing every timer that becomes due on the way at the moment at which it is due.</summary>
    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        DateTimeOffset end;
        lock (_gate)
        {
            end = _now + by;
        }

        while (true)
        {
            TestTimer? due;
            lock (_gate)
            {
                due = _timers.Where(timer => timer.DueAt <= end).MinBy(timer => timer.DueAt);
                _now = due is null ? end : Max(_now, due.DueAt);
                if (due is null)
                {
                    return;
                }

                if (due.Period > TimeSpan.Zero)
                {
                    due.DueAt += due.Period;
                }
                else
                {
                    _timers.Remove(due);
                }
            }

            // Outside the lock: the callback may ask for the time or for another timer.
            due.Fire();
        }
    }

    /// <summary>Waits until a timer waits that is due within the given time from now, or any timer when none is given.</summary>
    public async Task WaitForTimerAsync(TimeSpan? within = null, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            Task asked;
            lock (_gate)
            {
                if (_timers.Exists(timer => within is not { } limit || timer.DueAt <= _now + limit))
                {
                    return;
                }

                asked = _asked.Task;
            }

            await asked.WaitAsync(cancellationToken);
        }
    }

    private static DateTimeOffset Max(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;

    private sealed class TestTimer(TestClock clock, Action callback) : ITimer
    {
        public DateTimeOffset DueAt { get; set; }

        public TimeSpan Period { get; private set; }

        public void Fire() => callback();

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            TaskCompletionSource? asked = null;
            lock (clock._gate)
            {
                clock._timers.Remove(this);
                if (dueTime != Timeout.InfiniteTimeSpan)
                {
                    DueAt = clock._now + dueTime;
                    Period = period;
                    clock._timers.Add(this);
                    asked = clock._asked;
                    clock._asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                }
            }

            asked?.SetResult();
            return true;
        }

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
