using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Win32.SafeHandles;

namespace Integrations.Sandbox.Telegram.World;

/// <summary>
/// The world on disk: a snapshot (<c>world.json</c>) and, in <c>events-N.jsonl</c>, one line of JSON for each event since.
/// </summary>
/// <remarks>
/// <para>
/// What survives: every event is handed to the operating system in one write before its command answers, so that kill -9 loses nothing that a
/// client was told. The file is flushed to the disk at each compaction and on disposal, not at each event: after a power cut the last
/// seconds may be missing, which a simulation can afford and a real server could not.
/// </para>
/// <para>
/// A last line that was cut short is dropped, and the file is truncated there. A broken line anywhere else refuses to load: guessing would
/// give clients a world that contradicts what they saw.
/// </para>
/// <para>
/// Compaction writes the snapshot beside the old one, flushes, and renames. The snapshot names the number N of the event file that
/// continues it, so that whichever side of the rename a crash falls on, exactly one pair fits together.
/// </para>
/// </remarks>
internal sealed class WorldJournal : IDisposable
{
    private const string SnapshotName = "world.json";

    private readonly string _directory;
    private readonly FileStream _lock;
    private SafeFileHandle _events;
    private long _length;
    private long _generation;

    private WorldJournal(string directory, FileStream directoryLock, SafeFileHandle events, long length, long generation)
    {
        _directory = directory;
        _lock = directoryLock;
        _events = events;
        _length = length;
        _generation = generation;
    }

    /// <summary>Bytes of events since the snapshot.</summary>
    public long Length => _length;

    /// <summary>Opens a directory, replays it and takes it for this process alone.</summary>
    /// <exception cref="IOException">Another process holds the directory.</exception>
    /// <exception cref="InvalidDataException">A line other than the last is broken.</exception>
    public static (WorldJournal Journal, WorldState State) Open(string directory)
    {
        Directory.CreateDirectory(directory);
        var directoryLock = new FileStream(
            Path.Combine(directory, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.None);
        try
        {
            var (state, generation) = ReadSnapshot(Path.Combine(directory, SnapshotName));
            var path = EventsPath(directory, generation);
            var length = Replay(path, state);
            RemoveStrays(directory, path);
            var events = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read);
            RandomAccess.SetLength(events, length);
            return (new WorldJournal(directory, directoryLock, events, length, generation), state);
        }
        catch
        {
            directoryLock.Dispose();
            throw;
        }
    }

    /// <summary>Appends one event; it survives the end of this process from here on.</summary>
    public void Append(WorldEvent worldEvent)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(worldEvent, WorldJson.Default.WorldEvent);
        var line = new byte[json.Length + 1];
        json.CopyTo(line, 0);
        line[^1] = (byte)'\n';
        RandomAccess.Write(_events, line, _length);
        _length += line.Length;
    }

    /// <summary>Replaces everything so far by a snapshot.</summary>
    public void Compact(WorldState state)
    {
        var next = _generation + 1;
        var events = File.OpenHandle(EventsPath(_directory, next), FileMode.Create, FileAccess.Write, FileShare.Read);
        var path = Path.Combine(_directory, SnapshotName);
        using (var file = new FileStream(path + ".new", FileMode.Create, FileAccess.Write))
        {
            JsonSerializer.Serialize(file, new Snapshot(next, state), WorldJson.Default.Snapshot);
            file.Flush(flushToDisk: true);
        }
        File.Move(path + ".new", path, overwrite: true);

        _events.Dispose();
        File.Delete(EventsPath(_directory, _generation));
        _events = events;
        _length = 0;
        _generation = next;
    }

    public void Dispose()
    {
        RandomAccess.FlushToDisk(_events);
        _events.Dispose();
        _lock.Dispose();
    }

    private static (WorldState State, long Generation) ReadSnapshot(string path)
    {
        if (!File.Exists(path))
            return (new WorldState(), 1);
        using var file = File.OpenRead(path);
        var snapshot = JsonSerializer.Deserialize(file, WorldJson.Default.Snapshot)
            ?? throw new InvalidDataException($"{path} holds no world.");
        snapshot.State.Index();
        return (snapshot.State, snapshot.Generation);
    }

    private static long Replay(string path, WorldState state)
    {
        if (!File.Exists(path))
            return 0;
        var bytes = File.ReadAllBytes(path);
        var notices = new List<WorldNotice>();
        var number = 0;
        var start = 0;
        while (start < bytes.Length)
        {
            number++;
            var length = bytes.AsSpan(start).IndexOf((byte)'\n');
            if (length < 0)
                return start;
            if (Parse(bytes.AsSpan(start, length)) is not { } worldEvent)
            {
                return start + length + 1 == bytes.Length
                    ? start
                    : throw new InvalidDataException($"{path}, line {number}: not an event. Delete the directory to start a new world.");
            }
            state.Apply(worldEvent, null, notices);
            notices.Clear();
            start += length + 1;
        }
        return start;
    }

    private static WorldEvent? Parse(ReadOnlySpan<byte> line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, WorldJson.Default.WorldEvent);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static void RemoveStrays(string directory, string current)
    {
        foreach (var path in Directory.EnumerateFiles(directory, "events-*.jsonl"))
        {
            if (path != current)
                File.Delete(path);
        }
        File.Delete(Path.Combine(directory, SnapshotName + ".new"));
    }

    private static string EventsPath(string directory, long generation) => Path.Combine(directory, $"events-{generation}.jsonl");
}

internal sealed record Snapshot(long Generation, WorldState State);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(WorldEvent))]
[JsonSerializable(typeof(Snapshot))]
internal sealed partial class WorldJson : JsonSerializerContext;
