using System.Threading.Tasks.Sources;

namespace Integrations.Mtproto.Session;

/// <summary>Wakes the one loop that waits for it; a signal given while nobody waits is kept. Waiting costs no memory.</summary>
internal sealed class WakeSignal : IValueTaskSource
{
    private readonly Lock _gate = new();
    private ManualResetValueTaskSourceCore<bool> _core;
    private CancellationTokenRegistration _cancellation;
    private bool _isSet;
    private bool _isAwaited;

    public void Set() => Set(hereAndNow: false);

    /// <param name="hereAndNow">The loop goes on within this call: for whoever has nothing else to do and holds no lock.</param>
    public void Set(bool hereAndNow)
    {
        lock (_gate)
        {
            if (!_isAwaited)
            {
                _isSet = true;
                return;
            }

            _isAwaited = false;
        }

        // Nobody else comes here before the loop waits anew.
        _core.RunContinuationsAsynchronously = !hereAndNow;
        _core.SetResult(true);
    }

    /// <summary>Waits for a signal; one waiter at a time.</summary>
    public ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_isSet)
            {
                _isSet = false;
                return default;
            }

            _core.Reset();
            _isAwaited = true;
        }

        // Whoever awaits comes to GetResult only after this has returned, so that the registration is there to be ended.
        _cancellation = cancellationToken.UnsafeRegister(static (state, token) => ((WakeSignal)state!).Cancel(token), this);
        return new ValueTask(this, _core.Version);
    }

    void IValueTaskSource.GetResult(short token)
    {
        _cancellation.Dispose();
        _core.GetResult(token);
    }

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    private void Cancel(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (!_isAwaited)
                return;
            _isAwaited = false;
        }

        _core.RunContinuationsAsynchronously = true;
        _core.SetException(new OperationCanceledException(cancellationToken));
    }
}
