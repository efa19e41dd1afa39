using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Integrations.Core.Messaging;

/// <summary>One ear: a set of rings that may change, heard as one stream.</summary>
/// <remarks>Its queue is exclusive and goes with the connection, so nothing piles up for a listener that is not there.</remarks>
public sealed partial class DoorbellListener : IAsyncDisposable
{
    private readonly Doorbell _doorbell;
    private readonly DoorbellOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _lock = new();
    private readonly HashSet<Ring> _wanted;
    // Rings that wait to be read, each at most once: a slow reader looks once, however often it was called.
    private readonly HashSet<Ring> _waiting = [];
    private readonly Channel<Ring> _heard = Channel.CreateUnbounded<Ring>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Task _pump;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _position;
    private int _disposed;

    internal DoorbellListener(Doorbell doorbell, IEnumerable<Ring> rings, DoorbellOptions options, TimeProvider time, ILogger logger)
    {
        _doorbell = doorbell;
        _options = options;
        _time = time;
        _logger = logger;
        _wanted = [.. rings.Select(ring => ring.Topic)];
        _pump = Task.Run(() => PumpAsync(_stopping.Token));
    }

    /// <summary>Hears this ring too, and hears it once now in case it was rung before.</summary>
    public void Attend(Ring ring)
    {
        lock (_lock)
        {
            if (!_wanted.Add(ring.Topic))
                return;

            _changed.TrySetResult();
        }

        Hear(ring.Topic);
    }

    /// <summary>Hears this ring no more, apart from one that was on its way.</summary>
    public void Ignore(Ring ring)
    {
        lock (_lock)
        {
            if (_wanted.Remove(ring.Topic))
                _changed.TrySetResult();
        }
    }

    /// <summary>The rings as they come. Equal rings that wait together are one; of events, the highest position.</summary>
    public async IAsyncEnumerable<Ring> ReadAllAsync([EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var topic in _heard.Reader.ReadAllAsync(ct))
        {
            Ring ring;
            lock (_lock)
            {
                _waiting.Remove(topic);
                ring = topic.Kind is RingKind.Events ? Ring.Events(_position) : topic;
            }

            yield return ring;
        }
    }

    public async ValueTask DisposeAsync()
    {
        // A container that knows the owner under two types disposes of it, and so of this, twice.
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;

        await _stopping.CancelAsync();
        await _pump;
        _heard.Writer.TryComplete();
        _stopping.Dispose();
    }

    private void Hear(Ring ring)
    {
        lock (_lock)
        {
            if (ring.Kind is RingKind.Events)
                _position = Math.Max(_position, ring.Number);

            if (_waiting.Add(ring.Topic))
                _heard.Writer.TryWrite(ring.Topic);
        }
    }

    private async Task PumpAsync(CancellationToken ct)
    {
        var failures = 0;
        while (!ct.IsCancellationRequested)
        {
            try
            {
                var connection = await _doorbell.ConnectionAsync(ct);
                await ListenAsync(connection, ct);
                failures = 0;
            }
            catch (Exception e) when (!ct.IsCancellationRequested)
            {
                if (failures++ == 0)
                    LogListenerFailed(_logger, e.GetBaseException().Message);
            }
            catch (Exception e) when (ct.IsCancellationRequested)
            {
                LogStopped(_logger, e.GetType().Name);
                return;
            }

            await Doorbell.PauseAsync(failures, _options, _time, ct);
        }
    }

    /// <summary>Returns when the channel has closed.</summary>
    private async Task ListenAsync(IConnection connection, CancellationToken ct)
    {
        await using var channel = await connection.CreateChannelAsync(cancellationToken: ct);
        var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        channel.ChannelShutdownAsync += (_, _) =>
        {
            closed.TrySetResult();
            return Task.CompletedTask;
        };
        await Doorbell.DeclareAsync(channel, ct);
        // The type is named, because a virtual host may default to quorum queues, which cannot be exclusive.
        var queue = (await channel.QueueDeclareAsync(
            durable: false, exclusive: true, autoDelete: true, arguments: new Dictionary<string, object?> { ["x-queue-type"] = "classic" }, cancellationToken: ct)).QueueName;

        var bound = new HashSet<Ring>();
        var changed = await BindAsync(channel, queue, bound, ct);
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, delivery) =>
        {
            if (Ring.TryRead(delivery.Exchange, delivery.RoutingKey, delivery.Body.Span, out var ring))
                Hear(ring);

            return Task.CompletedTask;
        };
        await channel.BasicConsumeAsync(queue, autoAck: true, consumer, ct);
        foreach (var ring in bound)
            Hear(ring);

        while (channel.IsOpen)
        {
            await Task.WhenAny(changed, closed.Task).WaitAsync(ct);
            if (closed.Task.IsCompleted)
                return;

            changed = await BindAsync(channel, queue, bound, ct);
        }
    }

    /// <summary>Makes the bindings what is wanted now; the returned task completes when that has changed again.</summary>
    private async Task<Task> BindAsync(IChannel channel, string queue, HashSet<Ring> bound, CancellationToken ct)
    {
        Ring[] wanted;
        Task changed;
        lock (_lock)
        {
            if (_changed.Task.IsCompleted)
                _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

            changed = _changed.Task;
            wanted = [.. _wanted];
        }

        foreach (var ring in wanted.Where(bound.Add))
        {
            await channel.QueueBindAsync(queue, Exchange(ring), ring.RoutingKey, cancellationToken: ct);
            Hear(ring);
        }

        foreach (var ring in bound.Except(wanted).ToArray())
        {
            await channel.QueueUnbindAsync(queue, Exchange(ring), ring.RoutingKey, cancellationToken: ct);
            bound.Remove(ring);
        }

        return changed;

        static string Exchange(Ring ring) => ring.Kind is RingKind.Events ? DoorbellNames.EventsExchange : DoorbellNames.Exchange;
    }

    [LoggerMessage(EventId = 3311, Level = LogLevel.Debug, Message = "A listener of the doorbell has stopped ({Kind})")]
    private static partial void LogStopped(ILogger logger, string kind);

    [LoggerMessage(EventId = 3310, Level = LogLevel.Warning, Message = "A listener of the doorbell failed ({Reason}); it listens again when the broker allows")]
    private static partial void LogListenerFailed(ILogger logger, string reason);
}
