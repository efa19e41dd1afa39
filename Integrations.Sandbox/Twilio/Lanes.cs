namespace Integrations.Sandbox.Twilio;

/// <summary>Work that goes on after its request was answered: one thing after another within a lane, lanes side by side.</summary>
internal sealed class Lanes : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<string, (long Id, Task Work)> _last = new(StringComparer.Ordinal);
    private readonly List<Exception> _failures = [];
    private long _lastId;

    public void Post(string lane, Func<CancellationToken, Task> work)
    {
        lock (_gate)
        {
            if (_stop.IsCancellationRequested)
                return;
            var (id, before) = (++_lastId, _last.TryGetValue(lane, out var last) ? last.Work : Task.CompletedTask);
            _last[lane] = (id, Task.Run(() => RunAsync(lane, id, before, work)));
        }
    }

    /// <summary>Completes when nothing is under way; what waits for the clock is under way as well.</summary>
    /// <exception cref="AggregateException">Some work ended with an exception, which is a bug.</exception>
    public async Task IdleAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task[] working;
            lock (_gate)
            {
                if (_failures.Count > 0)
                    throw new AggregateException(_failures);
                working = [.. _last.Values.Select(last => last.Work)];
            }
            if (working.Length == 0)
                return;
            await Task.WhenAll(working).WaitAsync(cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await IdleAsync(CancellationToken.None);
        _stop.Dispose();
    }

    private async Task RunAsync(string lane, long id, Task before, Func<CancellationToken, Task> work)
    {
        await before;
        try
        {
            await work(_stop.Token);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Whoever stops the platform wants no more of it.
        }
        catch (Exception e)
        {
            lock (_gate)
                _failures.Add(e);
        }
        lock (_gate)
        {
            if (_last[lane].Id == id)
                _last.Remove(lane);
        }
    }
}
