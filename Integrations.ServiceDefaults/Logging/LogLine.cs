using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Integrations.ServiceDefaults.Logging;

/// <summary>One log call, masked: the part that both formatters share.</summary>
/// <param name="Message">The rendered message.</param>
/// <param name="Fields">The message's own values, then those of the scopes; names in snake_case, each once, the nearest wins.</param>
/// <param name="Exception">With its stack, or null.</param>
internal sealed record LogLine(string Message, IReadOnlyDictionary<string, object?> Fields, string? Exception)
{
    private const string Template = "{OriginalFormat}";

    public static LogLine From<TState>(in LogEntry<TState> entry, IExternalScopeProvider? scopes)
    {
        var message = entry.Formatter(entry.State, entry.Exception);
        var fields = new Dictionary<string, object?>(StringComparer.Ordinal);
        Collect(entry.State, fields, ref message);
        var scoped = new Scoped(fields, message);
        scopes?.ForEachScope(static (scope, into) => into.Add(scope), scoped);
        return new LogLine(Redaction.Text(scoped.Message), fields, entry.Exception is { } exception ? Redaction.Text(exception.ToString()) : null);
    }

    /// <summary>A value that its name makes secret stands in the rendered message too, so it is masked there as well.</summary>
    private static void Collect(object? state, Dictionary<string, object?> fields, ref string message)
    {
        if (state is not IEnumerable<KeyValuePair<string, object?>> values)
            return;

        foreach (var (name, value) in values)
        {
            // Hosting repeats the ids of the current activity as a scope; they have fields of their own.
            if (name is Template or "TraceId" or "SpanId" or "ParentId" || fields.ContainsKey(Snake(name)))
                continue;

            var safe = Value(name, value);
            fields.Add(Snake(name), safe);
            if (value is not null && Redaction.IsSensitive(name) && Plain(value) is { Length: >= 3 } secret)
                message = message.Replace(secret, (string?)safe, StringComparison.Ordinal);
        }
    }

    private static object? Value(string name, object? value) => value switch
    {
        null => null,
        _ when Redaction.IsSensitive(name) => Redaction.Field(name, Plain(value)),
        bool or byte or short or int or uint or long or ulong or float or double or decimal => value,
        _ => Redaction.Text(Plain(value)),
    };

    private static string Plain(object value) => value switch
    {
        DateTimeOffset moment => moment.ToString("O", CultureInfo.InvariantCulture),
        TimeSpan duration => duration.ToString("c", CultureInfo.InvariantCulture),
        string text => text,
        System.Collections.IEnumerable items => string.Join(", ", items.Cast<object?>().Select(item => item is null ? "null" : Plain(item))),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };

    private static string Snake(string name) => JsonNamingPolicy.SnakeCaseLower.ConvertName(name);

    private sealed class Scoped(Dictionary<string, object?> fields, string message)
    {
        private string _message = message;

        public string Message => _message;

        public void Add(object? scope) => Collect(scope, fields, ref _message);
    }
}
