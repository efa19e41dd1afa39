using System.Globalization;
using System.Text;

namespace Integrations.AppHost.LocalHosting.Data;

/// <summary>One line of a program's output.</summary>
/// <param name="Number">Counts up within the run.</param>
internal sealed record LogLine(long Number, DateTimeOffset At, string Text);

/// <summary>The programs' output: the latest lines in memory, more of them on disk, secrets masked in both.</summary>
internal sealed class LogStore(string directory, Func<string, string> mask, TimeProvider time) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, ProgramLog> _logs = [];

    public ProgramLog Of(string id)
    {
        lock (_gate)
        {
            if (!_logs.TryGetValue(id, out var log))
            {
                log = new ProgramLog(Path.Combine(directory, id + ".log"), mask, time);
                _logs.Add(id, log);
            }

            return log;
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            foreach (var log in _logs.Values)
            {
                log.Dispose();
            }
        }
    }
}

/// <summary>
/// One program's output. On disk it is cut into two files of bounded size, the older one with the suffix <c>.1</c>; each line carries its
/// time. Lines of an earlier run are read back, so that what a program said before it crashed can still be seen.
/// </summary>
internal sealed class ProgramLog : IDisposable
{
    /// <summary>Lines kept in memory.</summary>
    public const int KeptLines = 5_000;

    /// <summary>Size at which a file is put aside, in bytes.</summary>
    public const long FileSize = 4 * 1024 * 1024;

    private readonly Lock _gate = new();
    private readonly string _path;
    private readonly Func<string, string> _mask;
    private readonly TimeProvider _time;
    private readonly Queue<LogLine> _lines = [];
    private StreamWriter? _writer;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _number;

    public ProgramLog(string path, Func<string, string> mask, TimeProvider time)
    {
        _path = path;
        _mask = mask;
        _time = time;
        foreach (var line in new[] { path + ".1", path }.Where(File.Exists).SelectMany(File.ReadLines).TakeLast(KeptLines))
        {
            // 2026-01-02T03:04:05.678Z text
            var (stamp, text) = line.Split(' ', 2) is [var first, var second] ? (first, second) : ("", line);
            if (DateTimeOffset.TryParse(stamp, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at))
            {
                _lines.Enqueue(new LogLine(++_number, at, text));
            }
        }

        _writer = Open();
    }

    public void Append(string text)
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            if (_writer is null)
            {
                return;
            }

            var line = new LogLine(++_number, _time.GetUtcNow(), _mask(text));
            _lines.Enqueue(line);
            if (_lines.Count > KeptLines)
            {
                _lines.Dequeue();
            }

            _writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{line.At:yyyy-MM-ddTHH:mm:ss.fffZ} {line.Text}"));
            if (_writer.BaseStream.Position > FileSize)
            {
                _writer.Dispose();
                File.Move(_path, _path + ".1", overwrite: true);
                _writer = Open();
            }

            changed = _changed;
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        changed.SetResult();
    }

    /// <summary>Kept lines after the given number, and a task that completes when there are more.</summary>
    public (IReadOnlyList<LogLine> Lines, Task More) After(long number)
    {
        lock (_gate)
        {
            return ([.. _lines.SkipWhile(line => line.Number <= number)], _changed.Task);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _writer?.Dispose();
            _writer = null;
        }
    }

    private StreamWriter Open() => new(
        new FileStream(_path, new FileStreamOptions
        {
            Mode = FileMode.Append,
            Access = FileAccess.Write,
            Share = FileShare.ReadWrite,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }),
        new UTF8Encoding(encoderShouldEmitUTF8Identifier: false))
    {
        // What a program said last matters most, and this process may be killed at any moment.
        AutoFlush = true,
    };
}
