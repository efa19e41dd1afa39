using Integrations.Mtproto.Schema;

namespace Integrations.Mtproto.Session;

/// <summary>A bounded queue whose writer never waits: the reading loop must go on, for the reader may itself be waiting for an answer.</summary>
/// <param name="limit">Updates kept. Those that come on top are dropped, which the reader is told.</param>
internal sealed class NoticeQueue(int limit)
{
    private readonly Lock _gate = new();
    private readonly Queue<SessionNotice> _queue = new();
    private readonly WakeSignal _news = new();
    private bool _overflowed;
    private Exception? _end;
    private bool _ended;

    public void Add(UpdatesBase updates)
    {
        lock (_gate)
        {
            if (_queue.Count >= limit)
                _overflowed = true;
            else
                _queue.Enqueue(new UpdatesReceived(updates));
        }

        _news.Set();
    }

    public void Missed(MissReason reason)
    {
        lock (_gate)
        {
            // One is as good as several: the reader asks for everything that it has missed.
            if (_queue.LastOrDefault() is not UpdatesMissed)
                _queue.Enqueue(new UpdatesMissed(reason));
        }

        _news.Set();
    }

    /// <summary>Ends the stream once what is in it has been read.</summary>
    public void End(Exception? reason)
    {
        lock (_gate)
        {
            if (_ended)
                return;
            (_ended, _end) = (true, reason);
        }

        _news.Set();
    }

    /// <summary>Waits for the next notice; null after the end. One reader at a time.</summary>
    public async ValueTask<SessionNotice?> NextAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            lock (_gate)
            {
                if (_queue.TryDequeue(out var notice))
                    return notice;
                if (_overflowed)
                {
                    _overflowed = false;
                    return new UpdatesMissed(MissReason.Overflow);
                }

                if (_ended)
                    return _end is null ? null : throw _end;
            }

            await _news.WaitAsync(cancellationToken);
        }
    }
}
