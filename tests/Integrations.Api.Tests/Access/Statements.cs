using System.Collections.Concurrent;
using System.Diagnostics;

namespace Integrations.Api.Tests.Access;

/// <summary>The SQL statements of single requests, told apart by the trace that a request begins.</summary>
internal sealed class Statements : IDisposable
{
    /// <summary>What is asked about the caller, not about the object, and is answered from memory at times; and what begins every transaction.</summary>
    private static readonly string[] OfTheCaller = ["doors.tenant_exists", "update users set role", "doors.resolve_", "tenant_limits", "set_config"];

    private readonly ConcurrentDictionary<ActivityTraceId, ConcurrentQueue<string>> _watched = new();
    private readonly ActivityListener _listener;

    public Statements()
    {
        _listener = new()
        {
            ShouldListenTo = source => source.Name == "Npgsql",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity =>
            {
                if (_watched.TryGetValue(activity.TraceId, out var statements)
                    && (activity.GetTagItem("db.query.text") ?? activity.GetTagItem("db.statement")) is string text
                    && !OfTheCaller.Any(part => text.Contains(part, StringComparison.Ordinal)))
                    statements.Enqueue(text);
            },
        };
        ActivitySource.AddActivityListener(_listener);
    }

    /// <summary>The header by which a request belongs to a trace of its own.</summary>
    public (string Header, ActivityTraceId Trace) Watch()
    {
        var trace = ActivityTraceId.CreateRandom();
        _watched[trace] = new();
        return ($"00-{trace}-{ActivitySpanId.CreateRandom()}-01", trace);
    }

    public string[] Of(ActivityTraceId trace) => [.. _watched[trace]];

    public void Dispose() => _listener.Dispose();
}
