using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text.Json;
using Integrations.Core.Persistence;
using Integrations.Core.Telegram.BotApi;
using Integrations.Core.Telegram.Clients;
using Integrations.Core.Telegram.Messages;
using Integrations.Workers.WorkingGroups;

namespace Integrations.Workers.Telemetry;

/// <summary>What the host measures about its accounts.</summary>
internal sealed class WorkerTelemetry
{
    public const string Name = "Integrations.Workers";

    /// <summary>Seconds; the requirement is one second from acceptance to Telegram.</summary>
    private static readonly double[] CallBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

    /// <summary>Seconds; a session lives for minutes or for weeks.</summary>
    private static readonly double[] SessionBounds = [1, 10, 60, 300, 1_800, 7_200, 43_200, 86_400, 604_800, 2_592_000];

    private readonly ConcurrentDictionary<Guid, Func<long>> _memory = new();
    private readonly Histogram<double> _sessionDuration;
    private readonly Histogram<double> _apiLatency;
    private readonly Histogram<double> _sendLatency;
    private readonly Counter<long> _sent;
    private readonly Counter<long> _received;
    private readonly Counter<long> _restarts;
    private readonly Counter<long> _updates;
    private readonly Counter<long> _failedUpdates;
    private readonly Counter<long> _mirrored;
    private readonly TimeProvider _time;
    private readonly Counter<long> _fetched;
    private int _sessions;
    private int _uploads;

    public WorkerTelemetry(IMeterFactory meters, TimeProvider time)
    {
        _time = time;
        var meter = meters.Create(Name);
        _sessionDuration = meter.CreateHistogram(
            "telegram_session_duration_seconds", "s", "How long a connected session of an account lasted, told when it ends.", null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = SessionBounds });
        _apiLatency = meter.CreateHistogram(
            "telegram_api_latency_seconds", "s", "From a call to Telegram to its answer.", null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = CallBounds });
        _sendLatency = meter.CreateHistogram(
            "telegram_send_latency_seconds", "s", "From the acceptance of a message to the storing of its delivery.", null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = CallBounds });
        _sent = meter.CreateCounter<long>("telegram_messages_sent_total", description: "Messages that were delivered or failed, by status and error code.");
        _received = meter.CreateCounter<long>("telegram_messages_received_total", description: "Messages that were stored from Telegram, by direction.");
        _restarts = meter.CreateCounter<long>("telegram_account_restarts_total", description: "Restarts of single accounts, by reason.");
        _updates = meter.CreateCounter<long>("telegram_bot_updates_processed_total", description: "Updates of bots that were processed.");
        _failedUpdates = meter.CreateCounter<long>(
            "telegram_bot_updates_failed_total", description: "Tries to process an update of a bot that failed, by what follows: retry or given_up.");
        _fetched = meter.CreateCounter<long>("media_addresses_fetched_total", description: "Files that were fetched from addresses of callers, by outcome: ready, retry, or the code of a failure.");
        meter.CreateObservableGauge("telegram_uploads_active", () => Volatile.Read(ref _uploads), description: "Messages with files that this host is uploading to Telegram.");
        _mirrored = meter.CreateCounter<long>("mirror_posts_total", description: "Calls to Telegram that filled working groups, by kind.");
        meter.CreateObservableGauge("telegram_sessions_active", () => Volatile.Read(ref _sessions), description: "Accounts connected to Telegram by this host.");
        meter.CreateObservableGauge("telegram_account_memory_bytes", ObserveMemory, "By", "Estimated bytes that one account holds.");
    }

    public static ActivitySource Activities { get; } = new(Name);

    public long SessionOpened(Guid accountId, Func<long> estimate)
    {
        Interlocked.Increment(ref _sessions);
        _memory[accountId] = estimate;
        return _time.GetTimestamp();
    }

    public void SessionClosed(Guid accountId, long opened)
    {
        Interlocked.Decrement(ref _sessions);
        _memory.TryRemove(accountId, out _);
        _sessionDuration.Record(_time.GetElapsedTime(opened).TotalSeconds);
    }

    /// <summary>Measures one call; the outcome is <c>ok</c>, Telegram's error name, or <c>unavailable</c>.</summary>
    public async Task<T> MeasureAsync<T>(string method, Func<Task<T>> call)
    {
        var started = _time.GetTimestamp();
        var outcome = "ok";
        try
        {
            return await call();
        }
        catch (TelegramRefusedException e)
        {
            outcome = e.Type;
            throw;
        }
        catch (BotApiException e)
        {
            outcome = Words.Of(e.Failure);
            throw;
        }
        catch (Exception)
        {
            outcome = "unavailable";
            throw;
        }
        finally
        {
            _apiLatency.Record(_time.GetElapsedTime(started).TotalSeconds, new("method", method), new KeyValuePair<string, object?>("outcome", outcome));
        }
    }

    public void Sent(MessageStatus status, string? errorCode, DateTimeOffset acceptedAt)
    {
        if (status is MessageStatus.Pending)
            return;

        _sent.Add(1, new("status", Words.Of(status)), new KeyValuePair<string, object?>("error_code", errorCode ?? ""));
        if (status is MessageStatus.Delivered)
            _sendLatency.Record((_time.GetUtcNow() - acceptedAt).TotalSeconds);
    }

    public void Received(int incoming, int outgoing)
    {
        if (incoming > 0)
            _received.Add(incoming, new KeyValuePair<string, object?>("direction", "in"));
        if (outgoing > 0)
            _received.Add(outgoing, new KeyValuePair<string, object?>("direction", "out"));
    }

    public void UpdatesProcessed(int count) => _updates.Add(count);

    public void UpdateFailed(bool givenUp) => _failedUpdates.Add(1, new KeyValuePair<string, object?>("next", givenUp ? "given_up" : "retry"));

    public void UploadBegun() => Interlocked.Increment(ref _uploads);

    public void UploadEnded() => Interlocked.Decrement(ref _uploads);

    /// <param name="outcome">ready, retry, or the code of a failure.</param>
    public void Fetched(string outcome) => _fetched.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    public void Mirrored(MirrorTurn turn) => _mirrored.Add(1, new KeyValuePair<string, object?>("kind", JsonNamingPolicy.SnakeCaseLower.ConvertName(turn.GetType().Name)));

    public void Restarted(string reason) => _restarts.Add(1, new KeyValuePair<string, object?>("reason", reason));

    private IEnumerable<Measurement<long>> ObserveMemory() =>
        _memory.Select(pair => new Measurement<long>(pair.Value(), new KeyValuePair<string, object?>("account_id", pair.Key.ToString())));
}
