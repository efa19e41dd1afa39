using Integrations.Core.Ownership;

namespace Integrations.Workers.Media;

/// <summary>Files that are being fetched for one owner: so many at once, each once.</summary>
internal sealed class FetchesUnderWay
{
    private readonly Dictionary<Guid, Task> _running = [];
    private readonly Lock _lock = new();

    public Guid[] Ids
    {
        get
        {
            lock (_lock)
                return [.. _running.Keys];
        }
    }

    /// <param name="id">Which is not under way yet.</param>
    /// <param name="fetch">Handles its own failures but those of the end.</param>
    /// <param name="ended">Called when there is room again.</param>
    public void Start(Guid id, Func<Task> fetch, Action ended)
    {
        lock (_lock)
            _running[id] = RunAsync(id, fetch, ended);
    }

    /// <summary>Waits for all of them, whatever becomes of them.</summary>
    public async Task EndAsync()
    {
        Task[] all;
        lock (_lock)
            all = [.. _running.Values];
        await Task.WhenAll(all).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task RunAsync(Guid id, Func<Task> fetch, Action ended)
    {
        // Not within the lock of whoever starts it.
        await Task.Yield();
        try
        {
            await fetch();
        }
        catch (Exception e) when (e is StaleEpochException or OperationCanceledException)
        {
            // Lost, or let go; the file waits in its row for whoever comes next.
        }
        finally
        {
            lock (_lock)
                _running.Remove(id);
            ended();
        }
    }
}
