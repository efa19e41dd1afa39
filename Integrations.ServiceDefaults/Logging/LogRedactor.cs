using OpenTelemetry;
using OpenTelemetry.Logs;

namespace Integrations.ServiceDefaults.Logging;

/// <summary>Masks log records on their way to an OTLP collector as the console formatters mask theirs.</summary>
internal sealed class LogRedactor : BaseProcessor<LogRecord>
{
    public override void OnEnd(LogRecord data)
    {
        data.FormattedMessage = Mask(data.FormattedMessage);
        var attributes = new List<KeyValuePair<string, object?>>(data.Attributes?.Count ?? 0);
        foreach (var (name, value) in data.Attributes ?? [])
        {
            if (value is not null && Redaction.IsSensitive(name) && value.ToString() is { Length: >= 3 } secret)
            {
                var masked = Redaction.Field(name, secret);
                data.FormattedMessage = data.FormattedMessage?.Replace(secret, masked, StringComparison.Ordinal);
                attributes.Add(new(name, masked));
            }
            else
            {
                attributes.Add(new(name, value is string text ? Redaction.Text(text) : value));
            }
        }

        if (data.Exception is { } exception)
        {
            // The exporter would write the exception as it is; these are the attributes that it would have written.
            attributes.Add(new("exception.type", exception.GetType().FullName));
            attributes.Add(new("exception.message", Redaction.Text(exception.Message)));
            attributes.Add(new("exception.stacktrace", Redaction.Text(exception.ToString())));
            data.Exception = null;
        }

        data.Attributes = attributes;
        data.Body = Mask(data.Body);
    }

    private static string? Mask(string? text) => text is null ? null : Redaction.Text(text);
}
