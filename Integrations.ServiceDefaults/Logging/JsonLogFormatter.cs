using System.Buffers;
using System.Diagnostics;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Integrations.ServiceDefaults.Logging;

/// <summary>
/// One JSON object per line: <c>timestamp</c> (UTC), <c>level</c>, <c>logger</c>, <c>message</c>, <c>trace_id</c> and <c>span_id</c> inside a
/// trace, then the context as fields of its own, and <c>exception</c>.
/// </summary>
internal sealed class JsonLogFormatter(TimeProvider time) : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "integrations-json";

    private static readonly JsonWriterOptions Format = new()
    {
        // The reader of a log file is not a browser: letters of any script stay readable.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static readonly HashSet<string> OwnNames =
        new(["timestamp", "level", "logger", "message", "event_id", "trace_id", "span_id", "exception"], StringComparer.Ordinal);

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var line = LogLine.From(logEntry, scopeProvider);
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer, Format))
        {
            json.WriteStartObject();
            json.WriteString("timestamp", time.GetUtcNow().UtcDateTime);
            json.WriteString("level", Level(logEntry.LogLevel));
            json.WriteString("logger", logEntry.Category);
            json.WriteString("message", line.Message);
            if (logEntry.EventId.Id != 0)
                json.WriteNumber("event_id", logEntry.EventId.Id);

            if (Activity.Current is { } activity)
            {
                json.WriteString("trace_id", activity.TraceId.ToHexString());
                json.WriteString("span_id", activity.SpanId.ToHexString());
            }

            foreach (var (name, value) in line.Fields)
                Write(json, OwnNames.Contains(name) ? "context_" + name : name, value);

            if (line.Exception is not null)
                json.WriteString("exception", line.Exception);

            json.WriteEndObject();
        }

        textWriter.Write(Encoding.UTF8.GetString(buffer.WrittenSpan));
        textWriter.Write('\n');
    }

    /// <summary>The words that log collectors know, rather than .NET's.</summary>
    private static string Level(LogLevel level) => level switch
    {
        LogLevel.Trace => "TRACE",
        LogLevel.Debug => "DEBUG",
        LogLevel.Information => "INFO",
        LogLevel.Warning => "WARNING",
        LogLevel.Error => "ERROR",
        LogLevel.Critical => "CRITICAL",
        _ => "NONE",
    };

    private static void Write(Utf8JsonWriter json, string name, object? value)
    {
        switch (value)
        {
            case null: json.WriteNull(name); break;
            case bool flag: json.WriteBoolean(name, flag); break;
            case byte or short or int or long: json.WriteNumber(name, Convert.ToInt64(value, null)); break;
            case uint or ulong: json.WriteNumber(name, Convert.ToUInt64(value, null)); break;
            case decimal number: json.WriteNumber(name, number); break;
            case float or double when Convert.ToDouble(value, null) is var number && double.IsFinite(number): json.WriteNumber(name, number); break;
            default: json.WriteString(name, Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture)); break;
        }
    }
}
