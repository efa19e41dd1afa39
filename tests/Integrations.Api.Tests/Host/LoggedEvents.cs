using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Integrations.Api.Tests.Host;

/// <summary>Counts what a host logs, by the event's number.</summary>
internal sealed class LoggedEvents : ILoggerProvider
{
    private readonly ConcurrentDictionary<int, int> _times = new();

    public int TimesOf(int eventId) => _times.GetValueOrDefault(eventId);

    public ILogger CreateLogger(string categoryName) => new Counting(_times);

    public void Dispose()
    {
        // Nothing is held.
    }

    private sealed class Counting(ConcurrentDictionary<int, int> times) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            times.AddOrUpdate(eventId.Id, 1, (_, count) => count + 1);
    }
}
