using Integrations.Core.Ownership;
using Integrations.Core.Secrets;
using Integrations.Core.Telegram.BotApi;
using Integrations.Core.Telegram.Bots;
using Integrations.Core.Telegram.Media;
using Integrations.Core.Telegram.WorkingGroups;
using Integrations.Workers.Accounts;
using Integrations.Workers.Telemetry;

namespace Integrations.Workers.WorkingGroups;

/// <summary>What all groups of the host share.</summary>
internal sealed class MirrorTools(
    MirrorQueue queue, BotApiClient api, LookAtGroup look, MediaStore media, TelegramBotOptions telegram, ISecretProtector secrets, ShardLeases leases, WorkerTelemetry telemetry, Random random,
    TimeProvider time, ILoggerFactory loggers)
{
    public MirrorQueue Queue => queue;

    public BotApiClient Api => api;

    public LookAtGroup Look => look;

    public MediaStore Media => media;

    public TelegramBotOptions Telegram => telegram;

    public ISecretProtector Secrets => secrets;

    public ShardLeases Leases => leases;

    public WorkerTelemetry Telemetry => telemetry;

    public Random Random => random;

    public TimeProvider Time => time;

    public ILogger<T> Logger<T>() => loggers.CreateLogger<T>();
}

/// <summary>The working groups of one shard on this host, each with a loop of its own, so that a slow one holds up no other.</summary>
internal sealed partial class GroupMirrors(ShardClaim claim, MirrorTools tools) : IDisposable
{
    /// <summary>After a pass that failed.</summary>
    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(2);

    private readonly Dictionary<Guid, Running> _running = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _abort = new();
    private readonly ILogger<GroupMirrors> _logger = tools.Logger<GroupMirrors>();

    /// <summary>Begins to fill the groups that mirror now, and wakes those for which something waits. Called by one loop, before <see cref="EndAsync"/>.</summary>
    /// <exception cref="StaleEpochException">The shard has passed on.</exception>
    public async Task PassAsync(CancellationToken ct)
    {
        foreach (var (ended, _) in _running.Where(group => group.Value.Task.IsCompleted).ToArray())
            _running.Remove(ended);

        foreach (var group in await tools.Queue.GroupsAsync(claim, tools.Telegram.World, ct))
        {
            if (!_running.TryGetValue(group.ProjectId, out var running))
            {
                var signal = new WakeSignal();
                _running[group.ProjectId] = new(signal, Task.Run(() => LoopAsync(new GroupMirror(claim, group, tools), signal, group.ProjectId), CancellationToken.None));
            }
            else if (group.IsWaiting)
            {
                running.Signal.Raise();
            }
        }
    }

    /// <summary>A call that is under way ends and is written down; what has not ended by the deadline is cut off, and is done again by the next owner.</summary>
    public async Task EndAsync(CancellationToken deadline)
    {
        await _stop.CancelAsync();
        await using var cut = deadline.Register(Abort);
        await Task.WhenAll(_running.Values.Select(group => group.Task));
    }

    /// <summary>Not one more byte leaves, and nothing is stored.</summary>
    public void Abort() => _abort.Cancel();

    public void Dispose()
    {
        _stop.Dispose();
        _abort.Dispose();
    }

    private async Task LoopAsync(GroupMirror group, WakeSignal signal, Guid projectId)
    {
        var (stop, abort) = (_stop.Token, _abort.Token);
        try
        {
            while (!stop.IsCancellationRequested)
            {
                TimeSpan pause;
                try
                {
                    if (await group.PassAsync(stop, abort) is not { } wait)
                        return;
                    pause = wait;
                }
                catch (StaleEpochException)
                {
                    // Lost; the leases will say so in a moment.
                    return;
                }
                catch (Exception e) when (!stop.IsCancellationRequested && !abort.IsCancellationRequested)
                {
                    // One failed pass must not end the group; what waits is in the rows.
                    LogPassFailed(_logger, e, projectId);
                    pause = AfterFailure;
                }

                await signal.WaitAsync(pause, tools.Time, stop);
            }
        }
        catch (Exception e) when (stop.IsCancellationRequested || abort.IsCancellationRequested)
        {
            // Released or lost. What was not written down is done again by the next owner.
            LogEnded(_logger, projectId, e.GetType().Name);
        }
    }

    [LoggerMessage(EventId = 4521, Level = LogLevel.Error, Message = "A pass over the working group of project {ProjectId} failed; the next one follows shortly")]
    private static partial void LogPassFailed(ILogger logger, Exception exception, Guid projectId);

    [LoggerMessage(EventId = 4522, Level = LogLevel.Debug, Message = "The working group of project {ProjectId} is filled elsewhere from now on ({Reason})")]
    private static partial void LogEnded(ILogger logger, Guid projectId, string reason);

    private sealed record Running(WakeSignal Signal, Task Task);
}
