namespace Integrations.Mtproto.Session;

/// <summary>Wakes the one loop that waits for it; a signal given while nobody waits is kept.</summary>
internal sealed class WakeSignal
{
    private readonly Lock _gate = new();
    private TaskCompletionSource? _waiting;
    private bool _isSet;

    public void Set()
    {
        TaskCompletionSource? waiting;
        lock (_gate)
        {
            (waiting, _waiting) = (_waiting, null);
            _isSet = waiting is null;
        }

        waiting?.TrySetResult();
    }

    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        TaskCompletionSource waiting;
        lock (_gate)
        {
            if (_isSet)
            {
                _isSet = false;
                return;
            }

            waiting = _waiting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        await waiting.Task.WaitAsync(cancellationToken);
    }
}
