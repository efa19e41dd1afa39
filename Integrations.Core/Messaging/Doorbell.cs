using System.Diagnostics.Metrics;
using System.Net.Security;
using System.Text;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Integrations.Core.Messaging;

/// <summary>Rings through RabbitMQ: "look now" instead of at the next poll.</summary>
/// <remarks>
/// A lost ring costs a poll interval and nothing else, so ringing never waits and never fails: rings go through a bounded buffer, and
/// while the broker is away they are dropped and counted. The connection is made anew by this class for as long as the host runs, the
/// first time too (the client's own recovery covers neither a first connect nor a refused password).
/// </remarks>
public sealed partial class Doorbell : BackgroundService
{
    private readonly ConnectionFactory _factory;
    private readonly DoorbellOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<Doorbell> _logger;
    private readonly Channel<Ring> _rings;
    private readonly Counter<long> _rung;
    private readonly Counter<long> _dropped;
    private readonly Lock _lock = new();
    private TaskCompletionSource<IConnection> _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="broker">An <c>amqp://</c> or <c>amqps://</c> URI with user and password.</param>
    /// <param name="certificates">Judges the broker's certificate; without it the system's authorities do.</param>
    public Doorbell(
        Uri broker, DoorbellOptions options, TimeProvider time, IMeterFactory meters, ILogger<Doorbell> logger, RemoteCertificateValidationCallback? certificates = null)
    {
        ArgumentNullException.ThrowIfNull(broker);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(meters);
        _options = options;
        _time = time;
        _logger = logger;
        _factory = new ConnectionFactory
        {
            Uri = broker,
            ClientProvidedName = $"integrations doorbell {Environment.ProcessId}",
            // One way of coming back, ours: it also covers the first connect and channels that the broker closed.
            AutomaticRecoveryEnabled = false,
            TopologyRecoveryEnabled = false,
            ContinuationTimeout = TimeSpan.FromSeconds(5),
            HandshakeContinuationTimeout = TimeSpan.FromSeconds(5),
            RequestedConnectionTimeout = TimeSpan.FromSeconds(5),
            RequestedHeartbeat = TimeSpan.FromSeconds(15),
        };
        // The client switches the check of the server's name off when it reads an amqps URI.
        _factory.Ssl.AcceptablePolicyErrors = SslPolicyErrors.None;
        _factory.Ssl.CertificateValidationCallback = certificates;

        // In this mode a full channel answers TryWrite with false, so that drops are counted.
        _rings = Channel.CreateBounded<Ring>(new BoundedChannelOptions(options.Capacity) { FullMode = BoundedChannelFullMode.Wait, SingleReader = true });
        var meter = meters.Create("Integrations.Messaging");
        _rung = meter.CreateCounter<long>("integrations.doorbell.rings", description: "Rings handed to the broker.");
        _dropped = meter.CreateCounter<long>("integrations.doorbell.dropped", description: "Rings dropped because the broker was away or too slow; polls cover them.");
        meter.CreateObservableGauge("integrations.doorbell.connected", () => IsConnected ? 1 : 0, description: "1 while connected to the broker.");
    }

    /// <summary>Whether there is a connection to the broker now.</summary>
    public bool IsConnected
    {
        get
        {
            lock (_lock)
                return _connected.Task is { IsCompletedSuccessfully: true } task && task.Result.IsOpen;
        }
    }

    /// <summary>The broker's own version; null while there is no connection.</summary>
    public string? BrokerVersion
    {
        get
        {
            lock (_lock)
            {
                return _connected.Task is { IsCompletedSuccessfully: true } task && task.Result.IsOpen
                    && task.Result.ServerProperties?.TryGetValue("version", out var version) == true && version is byte[] text
                        ? Encoding.UTF8.GetString(text)
                        : null;
            }
        }
    }

    /// <summary>Rings, or drops the ring. Completes at once and never fails; what it is about must have been committed before.</summary>
    public ValueTask RingAsync(Ring ring, CancellationToken ct = default)
    {
        if (!IsConnected || !_rings.Writer.TryWrite(ring))
            _dropped.Add(1);

        return ValueTask.CompletedTask;
    }

    /// <summary>
    /// Listens for these rings from now on, as one queue of its own. After every (re)connect each of them is heard once without having
    /// been rung, because rings may have been missed.
    /// </summary>
    public DoorbellListener Listen(params IEnumerable<Ring> rings) => new(this, rings, _options, _time, _logger);

    /// <summary>The connection, once there is one. The caller copes with its closing at any moment.</summary>
    internal Task<IConnection> ConnectionAsync(CancellationToken ct)
    {
        lock (_lock)
            return _connected.Task.WaitAsync(ct);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var failures = 0;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await using var connection = await _factory.CreateConnectionAsync(stoppingToken);
                failures = 0;
                await ServeAsync(connection, stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                // Told once per outage: the state is also a gauge, and a broker may be away for hours.
                if (failures++ == 0)
                    LogBrokerAway(_logger, e.GetBaseException().Message);
            }
            catch (Exception e) when (stoppingToken.IsCancellationRequested)
            {
                // Whatever broke while the host stops is over with it.
                LogStopped(_logger, e.GetType().Name);
                return;
            }

            await PauseAsync(failures, _options, _time, stoppingToken);
        }
    }

    /// <summary>Waits longer with each failure in a row; returns early when the host stops.</summary>
    internal static async Task PauseAsync(int failures, DoorbellOptions options, TimeProvider time, CancellationToken ct)
    {
        var delay = TimeSpan.FromMilliseconds(100 * Math.Pow(2, Math.Min(failures, 16)));
        await Task.Delay(delay < options.MaxReconnectDelay ? delay : options.MaxReconnectDelay, time, ct)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task ServeAsync(IConnection connection, CancellationToken stoppingToken)
    {
        var closed = new TaskCompletionSource<ShutdownEventArgs>(TaskCreationOptions.RunContinuationsAsynchronously);
        connection.ConnectionShutdownAsync += (_, reason) =>
        {
            closed.TrySetResult(reason);
            return Task.CompletedTask;
        };
        await using var channel = await connection.CreateChannelAsync(cancellationToken: stoppingToken);
        await DeclareAsync(channel, stoppingToken);
        channel.ChannelShutdownAsync += (_, reason) =>
        {
            closed.TrySetResult(reason);
            return Task.CompletedTask;
        };
        // Only now: what closed before its handler stood there would never be told.
        if (!connection.IsOpen || !channel.IsOpen)
            return;

        LogConnected(_logger, connection.Endpoint.HostName, connection.Endpoint.Port);
        lock (_lock)
            _connected.TrySetResult(connection);

        try
        {
            using var serving = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
            var publishing = PublishAsync(channel, serving.Token);
            await Task.WhenAny(publishing, closed.Task);
            await serving.CancelAsync();
            // A broker under an alarm takes no bytes, and then a publish ends only with its connection.
            await Task.WhenAny(publishing, Task.Delay(TimeSpan.FromSeconds(1), _time, CancellationToken.None));
            if (!stoppingToken.IsCancellationRequested)
                LogDisconnected(_logger, closed.Task.IsCompleted ? (await closed.Task).ReplyText : "the channel failed");
        }
        finally
        {
            lock (_lock)
                _connected = new TaskCompletionSource<IConnection>(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    private async Task PublishAsync(IChannel channel, CancellationToken ct)
    {
        try
        {
            await foreach (var ring in _rings.Reader.ReadAllAsync(ct))
            {
                var exchange = ring.Kind is RingKind.Events ? DoorbellNames.EventsExchange : DoorbellNames.Exchange;
                // Without a token: cancelling a publish of this client version may damage its channel. The rings need no confirmation.
                await channel.BasicPublishAsync(exchange, ring.RoutingKey, mandatory: false, ring.Body, CancellationToken.None);
                _rung.Add(1);
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The connection is over, or the host stops.
        }
        catch (Exception e) when (e is RabbitMQ.Client.Exceptions.RabbitMQClientException or IOException or ObjectDisposedException)
        {
            _dropped.Add(1);
            LogPublishFailed(_logger, e.Message);
        }
    }

    internal static async Task DeclareAsync(IChannel channel, CancellationToken ct)
    {
        await channel.ExchangeDeclareAsync(DoorbellNames.Exchange, ExchangeType.Direct, durable: true, autoDelete: false, cancellationToken: ct);
        await channel.ExchangeDeclareAsync(DoorbellNames.EventsExchange, ExchangeType.Fanout, durable: true, autoDelete: false, cancellationToken: ct);
    }

    [LoggerMessage(EventId = 3301, Level = LogLevel.Warning, Message = "The broker is away ({Reason}); rings are dropped and polls take over until it is back")]
    private static partial void LogBrokerAway(ILogger logger, string reason);

    [LoggerMessage(EventId = 3302, Level = LogLevel.Information, Message = "Connected to the broker at {Host}:{Port}")]
    private static partial void LogConnected(ILogger logger, string host, int port);

    [LoggerMessage(EventId = 3303, Level = LogLevel.Warning, Message = "The connection to the broker has ended: {Reason}")]
    private static partial void LogDisconnected(ILogger logger, string reason);

    [LoggerMessage(EventId = 3305, Level = LogLevel.Debug, Message = "The doorbell has stopped ({Kind})")]
    private static partial void LogStopped(ILogger logger, string kind);

    [LoggerMessage(EventId = 3304, Level = LogLevel.Warning, Message = "A ring could not be published: {Reason}")]
    private static partial void LogPublishFailed(ILogger logger, string reason);
}
