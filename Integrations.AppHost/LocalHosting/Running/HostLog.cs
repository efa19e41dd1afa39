using Integrations.AppHost.LocalHosting.Data;
using Microsoft.Extensions.Logging;

namespace Integrations.AppHost.LocalHosting.Running;

/// <summary>The application host's own log: <c>logs/apphost.log</c>, and the terminal when it runs as a program.</summary>
internal sealed class HostLog : ILoggerProvider
{
    /// <summary>How it is named among the resources' logs.</summary>
    public const string Id = "apphost";

    private const string OwnCategories = "Integrations.";

    private readonly Lock _gate = new();
    private readonly List<string> _early = [];
    private ProgramLog? _file;

    /// <summary>Whether our own warnings are also written to standard error.</summary>
    public bool Echo { get; set; }

    /// <summary>Begins to write the file; what was said before is not lost.</summary>
    public void Open(ProgramLog file)
    {
        lock (_gate)
        {
            _file = file;
            _early.ForEach(_file.Append);
            _early.Clear();
        }
    }

    public ILogger CreateLogger(string categoryName) => new CategoryLog(this, categoryName);

    public void Dispose()
    {
        // The file belongs to the log store.
    }

    private void Write(bool echo, string text)
    {
        lock (_gate)
        {
            if (_file is null)
            {
                _early.Add(text);
            }
            else
            {
                _file.Append(text);
            }
        }

        if (Echo && echo)
        {
            Console.Error.WriteLine(text);
        }
    }

    private sealed class CategoryLog(HostLog owner, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                var reason = exception is null ? "" : $": {exception.Message}";
                owner.Write(
                    logLevel >= LogLevel.Warning && category.StartsWith(OwnCategories, StringComparison.Ordinal),
                    $"{logLevel.ToString().ToLowerInvariant()}: {formatter(state, exception)}{reason}");
            }
        }
    }
}
