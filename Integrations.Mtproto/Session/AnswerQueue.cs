using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace Integrations.Mtproto.Session;

/// <summary>
/// Lets the callers of one packet's answers go on, one after the other on one thread of the pool. A thread for each would wake threads that have
/// nothing else to do, and they would meet again at the session's gate with what they ask next.
/// </summary>
/// <remarks>A caller that holds the thread up does not hold up the others: when nobody went on for a while, another thread takes over the rest.</remarks>
/// <param name="done">Told, on the same thread, when all of them have gone on.</param>
internal sealed class AnswerQueue(Action done) : IThreadPoolWorkItem
{
    /// <summary>Whose callers this thread lets go on at the moment.</summary>
    [ThreadStatic]
    private static AnswerQueue? _running;

    /// <summary>How long one caller may hold the others up.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(50);

    private readonly ConcurrentQueue<PendingCall> _answered = new();
    private int _isRunning;
    private long _published;
    private long _seen;
    private TimeSpan _seenAt;

    public bool IsEmpty => _answered.IsEmpty;

    /// <summary>Whether the running code is one of its callers that goes on: what it asks for can wait for what the others ask.</summary>
    public bool IsRunningHere => _running == this;

    /// <summary>The call has its outcome; the caller goes on at the next <see cref="Run"/> or <see cref="Release"/>.</summary>
    public void Add(PendingCall call) => _answered.Enqueue(call);

    /// <summary>Lets all of them go on, on another thread.</summary>
    public void Release()
    {
        if (!_answered.IsEmpty && Interlocked.Exchange(ref _isRunning, 1) == 0)
            RunElsewhere(this);
    }

    /// <summary>Runs it later: where the running code runs, if that is a place of its own (a context), else on the pool.</summary>
    public static void RunElsewhere(IThreadPoolWorkItem item)
    {
        if (SynchronizationContext.Current is { } context)
            context.Post(static item => ((IThreadPoolWorkItem)item!).Execute(), item);
        else
            ThreadPool.UnsafeQueueUserWorkItem(item, preferLocal: false);
    }

    /// <summary>Called from time to time while it is not empty.</summary>
    /// <param name="now">Monotonic time.</param>
    public void Watch(TimeSpan now)
    {
        if (_answered.IsEmpty)
            return;
        var published = Interlocked.Read(ref _published);
        if (published != _seen || _seenAt == default)
        {
            (_seen, _seenAt) = (published, now);
            return;
        }

        if (now - _seenAt < Patience)
            return;
        _seenAt = now;
        RunElsewhere(this);
    }

    /// <summary>
    /// Waits for the next packet; the thread that would have nothing to do meanwhile lets the callers go on. The packet is read by another thread if
    /// it comes before they are through.
    /// </summary>
    public Meanwhile<T> Meanwhile<T>(ValueTask<T> waiting) => new(this, waiting.GetAwaiter());

    /// <summary>Lets all of them go on, on this thread, unless another one is at it.</summary>
    public void Run()
    {
        if (!_answered.IsEmpty && Interlocked.Exchange(ref _isRunning, 1) == 0)
            ((IThreadPoolWorkItem)this).Execute();
    }

    void IThreadPoolWorkItem.Execute()
    {
        var outer = _running;
        _running = this;
        do
        {
            while (_answered.TryDequeue(out var call))
            {
                Interlocked.Increment(ref _published);
                call.Publish();
            }

            Volatile.Write(ref _isRunning, 0);
        }
        while (!_answered.IsEmpty && Interlocked.Exchange(ref _isRunning, 1) == 0);
        _running = outer;
        done();
    }
}

/// <inheritdoc cref="AnswerQueue.Meanwhile"/>
internal readonly struct Meanwhile<T>(AnswerQueue answers, ValueTaskAwaiter<T> waiting) : ICriticalNotifyCompletion
{
    public Meanwhile<T> GetAwaiter() => this;

    public bool IsCompleted
    {
        get
        {
            if (!waiting.IsCompleted)
                return false;
            answers.Release();
            return true;
        }
    }

    public T GetResult() => waiting.GetResult();

    public void OnCompleted(Action continuation)
    {
        waiting.OnCompleted(continuation);
        answers.Run();
    }

    public void UnsafeOnCompleted(Action continuation)
    {
        // From here on the loop that reads may be running elsewhere; nothing of it is touched.
        waiting.UnsafeOnCompleted(continuation);
        answers.Run();
    }
}
