using System.Globalization;

namespace Integrations.Sandbox.Telegram.World;

/// <summary>The bytes of files and of the parts of those that are still being uploaded, on disk: a world of large files must not need their size in memory.</summary>
internal sealed class FileStore : IDisposable
{
    private readonly Lazy<string> _directory;
    private readonly bool _isTemporary;

    /// <param name="directory">The world's own; null keeps the files in a temporary one until the world is closed.</param>
    public FileStore(string? directory)
    {
        _isTemporary = directory is null;
        _directory = new Lazy<string>(() => directory ?? Directory.CreateTempSubdirectory("sandbox-files-").FullName);
    }

    public void WritePart(long userId, long uploadId, int part, ReadOnlySpan<byte> bytes)
    {
        var parts = PartsOf(userId, uploadId);
        Directory.CreateDirectory(parts);
        File.WriteAllBytes(Path.Combine(parts, Name(part)), bytes);
    }

    /// <summary>The length of each part, in order; null where one is missing.</summary>
    public IReadOnlyList<long?> Parts(long userId, long uploadId, int count) =>
        [.. Enumerable.Range(0, count).Select(part => new FileInfo(Path.Combine(PartsOf(userId, uploadId), Name(part)))).Select(file => file.Exists ? (long?)file.Length : null)];

    /// <summary>Makes one file of all parts. Written beside and renamed, so that a file is whole or not there.</summary>
    public void Join(long userId, long uploadId, int count, long fileId)
    {
        Directory.CreateDirectory(Path.Combine(_directory.Value, "files"));
        var path = PathOf(fileId);
        using (var whole = File.Create(path + ".new"))
        {
            for (var part = 0; part < count; part++)
            {
                using var bytes = File.OpenRead(Path.Combine(PartsOf(userId, uploadId), Name(part)));
                bytes.CopyTo(whole);
            }
        }

        File.Move(path + ".new", path, overwrite: true);
        Directory.Delete(PartsOf(userId, uploadId), recursive: true);
    }

    /// <summary>Keeps a whole file. Written beside and renamed, so that a file is whole or not there.</summary>
    public async Task WriteAsync(long fileId, Stream content, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.Combine(_directory.Value, "files"));
        var path = PathOf(fileId);
        await using (var whole = File.Create(path + ".new"))
            await content.CopyToAsync(whole, cancellationToken);
        File.Move(path + ".new", path, overwrite: true);
    }

    public Stream Open(long fileId) => File.OpenRead(PathOf(fileId));

    /// <summary>A piece of a file; shorter at its end, empty beyond it.</summary>
    public byte[] Read(long fileId, long offset, int limit)
    {
        using var file = File.OpenHandle(PathOf(fileId));
        var length = (int)Math.Clamp(RandomAccess.GetLength(file) - offset, 0, limit);
        var bytes = new byte[length];
        var read = 0;
        while (read < length && RandomAccess.Read(file, bytes.AsSpan(read), offset + read) is > 0 and var count)
            read += count;
        return bytes;
    }

    public void Dispose()
    {
        if (_isTemporary && _directory.IsValueCreated)
            Directory.Delete(_directory.Value, recursive: true);
    }

    private string PathOf(long fileId) => Path.Combine(_directory.Value, "files", Name(fileId));

    private string PartsOf(long userId, long uploadId) => Path.Combine(_directory.Value, "uploads", $"{Name(userId)}-{Name(uploadId)}");

    private static string Name(long number) => number.ToString(CultureInfo.InvariantCulture);
}
