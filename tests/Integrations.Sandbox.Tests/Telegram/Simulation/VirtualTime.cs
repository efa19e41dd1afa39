using System.IO.Pipelines;

namespace Integrations.Sandbox.Tests.Telegram.Simulation;

/// <summary>
/// One thread and one clock for everything that runs inside: work is done in the order in which it was posted, and the clock moves to the
/// next timer when there is none left. Nothing waits in real time.
/// </summary>
internal sealed class VirtualTime : TimeProvider, IDisposable
{
    /// <summary>So much work at one moment is a loop that feeds itself.</summary>
    private const int MaxWorkWithoutTime = 1_000_000;

    private readonly Lock _gate = new();
    private readonly Queue<(SendOrPostCallback Callback, object? State)> _work = new();
    private readonly SortedSet<VirtualTimer> _timers = new(Comparer<VirtualTimer>.Create(static (a, b) =>
        a.Due != b.Due ? a.Due.CompareTo(b.Due) : a.Order.CompareTo(b.Order)));

    private readonly ManualResetEventSlim _strayWork = new();
    private readonly WorkContext _context;
    private long _now = new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero).UtcTicks;
    private long _orders;
    private int _thread;

    public VirtualTime()
    {
        _context = new WorkContext(this);
        Scheduler = new WorkScheduler(this);
    }

    /// <summary>For pipes, whose continuations would otherwise run on the thread pool.</summary>
    public PipeScheduler Scheduler { get; }

    /// <summary>Work that came from another thread, as from the thread pool: with any, the order is not the seed's alone.</summary>
    public int Strays { get; private set; }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => new(Interlocked.Read(ref _now), TimeSpan.Zero);

    public override long GetTimestamp() => Interlocked.Read(ref _now);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new VirtualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Completes when so much time has passed.</summary>
    public Task PassAsync(TimeSpan time)
    {
        var passed = new TaskCompletionSource();
        CreateTimer(static state => ((TaskCompletionSource)state!).SetResult(), passed, time, Timeout.InfiniteTimeSpan);
        return passed.Task;
    }

    /// <summary>Runs until the task has ended.</summary>
    /// <exception cref="TimeoutException">It has not within the limit of virtual time, or nothing is left that could end it.</exception>
    public void Run(Func<Task> main, TimeSpan limit)
    {
        _thread = Environment.CurrentManagedThreadId;
        var outside = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(_context);
        try
        {
            var end = _now + limit.Ticks;
            var running = main();
            for (var work = 0; !running.IsCompleted;)
            {
                if (DoNext())
                {
                    if (++work > MaxWorkWithoutTime)
                        throw new TimeoutException($"At {GetUtcNow():HH:mm:ss.fff} the work does not end.");
                }
                else if (Advance(end))
                {
                    work = 0;
                }
                else if (!StrayWorkComes())
                {
                    throw new TimeoutException($"It has not ended by {GetUtcNow():HH:mm:ss.fff}.");
                }
            }

            running.GetAwaiter().GetResult();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(outside);
        }
    }

    public void Dispose() => _strayWork.Dispose();

    private bool DoNext()
    {
        (SendOrPostCallback Callback, object? State) next;
        lock (_gate)
        {
            if (!_work.TryDequeue(out next))
                return false;
        }

        next.Callback(next.State);
        return true;
    }

    /// <summary>Whether something that ran elsewhere, as the thread pool, comes back within a moment of real time.</summary>
    private bool StrayWorkComes()
    {
        lock (_gate)
        {
            if (_work.Count > 0)
                return true;
            _strayWork.Reset();
        }

        return _strayWork.Wait(TimeSpan.FromSeconds(2));
    }

    private bool Advance(long end)
    {
        VirtualTimer? timer;
        lock (_gate)
        {
            timer = _timers.Min;
            if (timer is null || timer.Due > end)
                return false;
            _timers.Remove(timer);
            Interlocked.Exchange(ref _now, Math.Max(_now, timer.Due));
            if (timer.Period > 0)
                Arm(timer, timer.Period);
        }

        timer.Fire();
        return true;
    }

    private void Post(SendOrPostCallback callback, object? state)
    {
        lock (_gate)
        {
            if (Environment.CurrentManagedThreadId != _thread)
            {
                Strays++;
                _strayWork.Set();
            }

            _work.Enqueue((callback, state));
        }
    }

    private void Arm(VirtualTimer timer, long dueIn)
    {
        (timer.Due, timer.Order) = (_now + dueIn, ++_orders);
        _timers.Add(timer);
    }

    private sealed class VirtualTimer(VirtualTime time, TimerCallback callback, object? state) : ITimer
    {
        public long Due { get; set; }

        public long Order { get; set; }

        public long Period { get; private set; }

        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (time._gate)
            {
                time._timers.Remove(this);
                Period = period > TimeSpan.Zero ? period.Ticks : 0;
                if (dueTime != Timeout.InfiniteTimeSpan)
                    time.Arm(this, dueTime.Ticks);
            }

            return true;
        }

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }

    private sealed class WorkContext(VirtualTime time) : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state) => time.Post(d, state);

        public override void Send(SendOrPostCallback d, object? state) => throw new NotSupportedException();

        public override SynchronizationContext CreateCopy() => this;
    }

    private sealed class WorkScheduler(VirtualTime time) : PipeScheduler
    {
        public override void Schedule(Action<object?> action, object? state) => time.Post(new SendOrPostCallback(action), state);
    }
}

/// <summary>The clock of one machine: it runs as the others do, and may show a wrong time.</summary>
internal sealed class WrongClock(TimeProvider time) : TimeProvider
{
    /// <summary>How far it is ahead.</summary>
    public TimeSpan Ahead { get; set; }

    public override long TimestampFrequency => time.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => time.GetUtcNow() + Ahead;

    public override long GetTimestamp() => time.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        time.CreateTimer(callback, state, dueTime, period);
}
