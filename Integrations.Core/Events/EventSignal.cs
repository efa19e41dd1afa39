using Integrations.Core.Messaging;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Integrations.Core.Events;

/// <summary>Tells readers in this process that there are events beyond their cursor: by the doorbell, and by a poll every second.</summary>
public sealed partial class EventSignal(EventReader reader, Doorbell doorbell, TimeProvider time, ILogger<EventSignal> logger) : BackgroundService
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private TaskCompletionSource _moved = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _head;

    /// <summary>The highest position known to be visible; 0 until the first look.</summary>
    public long Head => Interlocked.Read(ref _head);

    /// <summary>Completes when some event, of any tenant, lies beyond the position. Read again after it; it may not be yours.</summary>
    public async Task WaitAsync(long afterPosition, CancellationToken ct)
    {
        while (true)
        {
            Task moved;
            lock (_lock)
            {
                if (_head > afterPosition)
                    return;

                moved = _moved.Task;
            }

            await moved.WaitAsync(ct);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await using var listener = doorbell.Listen(Ring.Events(0));
        await Task.WhenAll(HearAsync(listener, stoppingToken), PollAsync(stoppingToken));
    }

    internal void MoveTo(long position)
    {
        lock (_lock)
        {
            if (position <= _head)
                return;

            _head = position;
            _moved.TrySetResult();
            _moved = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    private async Task HearAsync(DoorbellListener listener, CancellationToken ct)
    {
        await foreach (var ring in listener.ReadAllAsync(ct))
        {
            // The ring is rung after the commit, so its position can be read already.
            MoveTo(ring.Number);
        }
    }

    private async Task PollAsync(CancellationToken ct)
    {
        using var timer = new PeriodicTimer(PollInterval, time);
        do
        {
            try
            {
                MoveTo(await reader.HeadAsync(ct));
            }
            catch (Exception e) when (!ct.IsCancellationRequested)
            {
                LogPollFailed(logger, e);
            }
        }
        while (await timer.WaitForNextTickAsync(ct));
    }

    [LoggerMessage(EventId = 3401, Level = LogLevel.Warning, Message = "The head of the events could not be read; the next poll tries again")]
    private static partial void LogPollFailed(ILogger logger, Exception exception);
}
