namespace Integrations.Core.Events;

/// <summary>Waits for what another process is about to write, by reading again whenever something was written.</summary>
public sealed class OutcomeWatch(EventSignal signal, TimeProvider time)
{
    /// <summary>The longest pause between two reads while the installation is busy with other things.</summary>
    private static readonly TimeSpan MaxPause = TimeSpan.FromMilliseconds(250);

    /// <summary>Not everything that is written comes with an event.</summary>
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);

    /// <summary>Reads until <paramref name="done"/> or until the limit passes; returns what was read last.</summary>
    public async Task<T> UntilAsync<T>(Func<CancellationToken, Task<T>> read, Func<T, bool> done, TimeSpan limit, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(read);
        ArgumentNullException.ThrowIfNull(done);
        using var timeout = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        var pause = TimeSpan.Zero;
        while (true)
        {
            // Taken before the read: what is written after the read moves the head beyond it.
            var seen = signal.Head;
            var value = await read(cancellationToken);
            if (done(value))
                return value;

            try
            {
                await AnyAsync(seen, either.Token);
                // The signal tells of every event of the installation. Most are not ours, so each one in vain makes the next look later.
                await Task.Delay(pause, time, either.Token);
            }
            catch (OperationCanceledException) when (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            {
                return value;
            }

            pause = TimeSpan.FromMilliseconds(Math.Min(MaxPause.TotalMilliseconds, (2 * pause.TotalMilliseconds) + 5));
        }
    }

    /// <summary>Until some event lies beyond the position, or it is time to look anyway.</summary>
    private async Task AnyAsync(long position, CancellationToken cancellationToken)
    {
        using var poll = new CancellationTokenSource(PollInterval, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, poll.Token);
        await signal.WaitAsync(position, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
    }
}
