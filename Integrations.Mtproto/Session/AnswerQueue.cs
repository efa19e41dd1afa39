using System.Collections.Concurrent;

namespace Integrations.Mtproto.Session;

/// <summary>
/// Lets the callers of one packet's answers go on, one after the other on one thread of the pool. A thread for each would wake threads that have
/// nothing else to do, and they would meet again at the session's gate with what they ask next.
/// </summary>
/// <remarks>A caller that holds the thread up does not hold up the others: when nobody went on for a while, another thread takes over the rest.</remarks>
internal sealed class AnswerQueue : IThreadPoolWorkItem
{
    /// <summary>How long one caller may hold the others up.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(50);

    private readonly ConcurrentQueue<PendingCall> _answered = new();
    private int _isRunning;
    private long _published;
    private long _seen;
    private TimeSpan _seenAt;

    public bool IsEmpty => _answered.IsEmpty;

    /// <summary>The call has its outcome; the caller goes on after <see cref="Release"/>.</summary>
    public void Add(PendingCall call) => _answered.Enqueue(call);

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

    void IThreadPoolWorkItem.Execute()
    {
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
    }
}
