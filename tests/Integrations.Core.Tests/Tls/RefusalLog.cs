using Integrations.Core.Tls;
using Microsoft.Extensions.Logging;

namespace Integrations.Core.Tests.Tls;

/// <summary>Keeps why the last certificate was refused.</summary>
internal sealed class RefusalLog : ILogger<ServerCertificates>
{
    public string? Reason { get; private set; }

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (state is IReadOnlyList<KeyValuePair<string, object?>> values)
            Reason = values.Single(value => value.Key == "Reason").Value?.ToString();
    }
}
