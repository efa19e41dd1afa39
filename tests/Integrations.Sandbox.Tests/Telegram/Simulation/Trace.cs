using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Integrations.Testing;
using Microsoft.Extensions.Logging;

namespace Integrations.Sandbox.Tests.Telegram.Simulation;

/// <summary>What happened in one run: a hash over every byte on every line with its time, and the last events in words.</summary>
/// <remarks>A seed that is replayed by itself is told whole, with what the client logs.</remarks>
internal sealed class Trace(TimeProvider time) : ILogger, IDisposable
{
    private static readonly bool IsReplay = LongRun.Seed is not null;
    private static readonly int Kept = IsReplay ? 100_000 : 60;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly Queue<string> _events = new();

    /// <summary>Equal for two runs in which the same bytes travelled at the same times.</summary>
    public string Hash => Convert.ToHexStringLower(_hash.GetCurrentHash());

    public string Events => string.Join(Environment.NewLine, _events);

    public void Bytes(int link, bool isUp, ReadOnlySpan<byte> bytes)
    {
        Span<byte> head = stackalloc byte[16];
        BinaryPrimitives.WriteInt64LittleEndian(head, time.GetTimestamp());
        BinaryPrimitives.WriteInt32LittleEndian(head[8..], link);
        BinaryPrimitives.WriteInt32LittleEndian(head[12..], isUp ? bytes.Length : -bytes.Length);
        _hash.AppendData(head);
        _hash.AppendData(bytes);
    }

    public void Event(string what)
    {
        var line = string.Create(CultureInfo.InvariantCulture, $"  {time.GetUtcNow():mm:ss.fff} {what}");
        _hash.AppendData(Encoding.UTF8.GetBytes(line));
        _events.Enqueue(line);
        if (_events.Count > Kept)
            _events.Dequeue();
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => IsReplay;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsReplay)
            Event("    " + formatter(state, exception));
    }

    public void Dispose() => _hash.Dispose();
}
