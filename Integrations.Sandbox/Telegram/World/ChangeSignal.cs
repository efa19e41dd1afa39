namespace Integrations.Sandbox.Telegram.World;

/// <summary>A number that rises with every change, and a way to wait until it is another one than was seen.</summary>
internal sealed class ChangeSignal(long first)
{
    private readonly Lock _gate = new();
    private long _version = first;
    private TaskCompletionSource? _next;

    public long Version => Interlocked.Read(ref _version);

    public void Raise()
    {
        TaskCompletionSource? due;
        lock (_gate)
        {
            _version++;
            (due, _next) = (_next, null);
        }
        due?.SetResult();
    }

    /// <summary>Completes at once when <paramref name="seen"/> is not the present number, otherwise with the next change.</summary>
    public Task ChangedSinceAsync(long seen, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_version != seen)
                return Task.CompletedTask;
            // The one who raises holds the world's lock, under which no waiter may run.
            _next ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _next.Task.WaitAsync(cancellationToken);
        }
    }
}
