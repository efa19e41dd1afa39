using System.Diagnostics.CodeAnalysis;

namespace Integrations.Core.Ownership;

/// <summary>One shard while this process holds it.</summary>
/// <remarks>
/// Two clocks must both say that the lease runs. The monotonic one cannot be set, but on Linux it stands still while a machine sleeps;
/// the wall clock shows the sleep, but may be set. Either one saying "over" costs at worst a hand-over.
/// </remarks>
[SuppressMessage("Design", "CA1001", Justification = "Sources without a timer or a wait handle have nothing to free, and nobody knows who uses them last.")]
internal sealed class Holding(ShardClaim claim, TimeSpan lease, TimeProvider time, Holding.Moment claimed)
{
    private readonly CancellationTokenSource _ending = new();
    private readonly CancellationTokenSource _lost = new();
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _releasing;

    /// <summary>Replaced by each renewal, read before each write to a socket; a reference, so that both clocks change at once.</summary>
    private volatile Moment _renewed = claimed;

    public ShardClaim Claim { get; } = claim;

    /// <summary>Fires when the shard is to be let go, for whatever reason.</summary>
    public CancellationToken Ending => _ending.Token;

    /// <summary>Fires when the lease is over.</summary>
    public CancellationToken Lost => _lost.Token;

    /// <summary>The consumers have started, or failed to; never faulted.</summary>
    public Task Started => _started.Task;

    public bool IsAlive
    {
        get
        {
            var renewed = _renewed;
            return time.GetElapsedTime(renewed.Monotonic) < lease && time.GetUtcNow() - renewed.Wall < lease;
        }
    }

    /// <summary>The moment before a statement is sent: counting from there, we never believe in a longer lease than the database does.</summary>
    public static Moment Now(TimeProvider time) => new(time.GetTimestamp(), time.GetUtcNow());

    public void Renew(Moment before) => _renewed = before;

    public void HasStarted() => _started.TrySetResult();

    /// <summary>True for the first caller only.</summary>
    public bool BeginRelease()
    {
        if (Interlocked.Exchange(ref _releasing, 1) != 0)
            return false;

        _ending.Cancel();
        return true;
    }

    public void MarkLost()
    {
        _ending.Cancel();
        _lost.Cancel();
    }

    internal sealed record Moment(long Monotonic, DateTimeOffset Wall);
}
