namespace Integrations.Mtproto.Tests;

/// <summary>A clock that stands still until a test moves it, with the timers that hang on it.</summary>
internal sealed class TestClock(DateTimeOffset now) : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<Timer> _timers = [];
    private readonly List<TaskCompletionSource> _watchers = [];
    private DateTimeOffset _now = now;

    public TestClock()
        : this(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero))
    {
    }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_gate)
            return _now;
    }

    public override long GetTimestamp() => GetUtcNow().UtcTicks;

    /// <summary>Moves the clock, firing what falls due in order.</summary>
    public void Advance(TimeSpan by)
    {
        var end = GetUtcNow() + by;
        while (true)
        {
            Timer? next;
            lock (_gate)
            {
                next = _timers.Where(timer => timer.Due <= end).MinBy(timer => timer.Due);
                _now = next is null ? end : next.Due > _now ? next.Due : _now;
                next?.Rearm(_now);
            }

            if (next is null)
                return;
            next.Fire();
        }
    }

    /// <summary>Moves the clock without firing anything: what a wrong clock, set right, looks like.</summary>
    public void Jump(TimeSpan by)
    {
        lock (_gate)
        {
            _now += by;
            foreach (var timer in _timers)
                timer.Due = timer.Due == DateTimeOffset.MaxValue ? timer.Due : timer.Due + by;
        }
    }

    /// <summary>Completes when a timer due within <paramref name="within"/> has been asked for, so that a test may then move the clock.</summary>
    public async Task WhenTimerAsync(TimeSpan within, CancellationToken cancellationToken)
    {
        while (true)
        {
            TaskCompletionSource watcher;
            lock (_gate)
            {
                if (_timers.Exists(timer => timer.Due <= _now + within))
                    return;
                watcher = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                _watchers.Add(watcher);
            }

            await watcher.Task.WaitAsync(cancellationToken);
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private void Armed()
    {
        TaskCompletionSource[] woken;
        lock (_gate)
        {
            woken = [.. _watchers];
            _watchers.Clear();
        }

        foreach (var watcher in woken)
            watcher.TrySetResult();
    }

    private sealed class Timer(TestClock clock, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan _period;

        public DateTimeOffset Due { get; set; } = DateTimeOffset.MaxValue;

        public void Rearm(DateTimeOffset now) => Due = _period > TimeSpan.Zero ? now + _period : DateTimeOffset.MaxValue;

        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._gate)
            {
                _period = period;
                Due = dueTime == Timeout.InfiniteTimeSpan ? DateTimeOffset.MaxValue : clock._now + dueTime;
                if (!clock._timers.Contains(this))
                    clock._timers.Add(this);
            }

            clock.Armed();
            return true;
        }

        public void Dispose()
        {
            lock (clock._gate)
                clock._timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
