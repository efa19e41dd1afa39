namespace Integrations.Core.Secrets;

/// <summary>
/// One at a time. Who waits while somebody's turn fails in a way that would be everybody's (a store of keys that does not answer) is given
/// that failure: a thousand who each tried in turn, each until its time is over, would hold up everybody for hours.
/// </summary>
/// <param name="shared">What to throw to those who wait when this was thrown; null where each has to try for himself.</param>
internal sealed class Turn(Func<Exception, Exception?> shared) : IDisposable
{
    private readonly SemaphoreSlim _one = new(1);
    private Exception? _last;
    private int _failures;

    public async Task<T> TakeAsync<T>(Func<Task<T>> work, CancellationToken ct)
    {
        var seen = Volatile.Read(ref _failures);
        await _one.WaitAsync(ct);
        try
        {
            return _failures != seen && _last is { } last ? throw shared(last)! : await TryAsync(work);
        }
        finally
        {
            _one.Release();
        }
    }

    private async Task<T> TryAsync<T>(Func<Task<T>> work)
    {
        try
        {
            var result = await work();
            _last = null;
            return result;
        }
        catch (Exception e) when (shared(e) is not null)
        {
            // Told to those who wait now; whoever asks from here on tries for himself.
            _last = e;
            Volatile.Write(ref _failures, _failures + 1);
            throw;
        }
    }

    public void Dispose() => _one.Dispose();
}
