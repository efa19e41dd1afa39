namespace Integrations.Core.Telegram.Media;

/// <summary>Passes a content on and remembers its two ends, by which its kind is known.</summary>
public sealed class ProbedStream(Stream inner) : Stream
{
    private readonly MemoryStream _head = new();
    private readonly byte[] _tail = new byte[ContentFacts.TailBytes];
    private long _read;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => _read;
        set => throw new NotSupportedException();
    }

    /// <summary>To be asked when all is read.</summary>
    public ContentFacts Facts(string? declared) => ContentFacts.Of(_head.GetBuffer().AsSpan(0, (int)_head.Length), Tail(), declared);

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = await inner.ReadAsync(buffer, cancellationToken);
        Remember(buffer.Span[..count]);
        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("A caller is waited for: read asynchronously.");

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private void Remember(ReadOnlySpan<byte> bytes)
    {
        if (_head.Length < ContentFacts.HeadBytes)
            _head.Write(bytes[..(int)Math.Min(bytes.Length, ContentFacts.HeadBytes - _head.Length)]);

        // A ring: its place is told by how much was read.
        var last = bytes.Length > _tail.Length ? bytes[^_tail.Length..] : bytes;
        var at = (int)((_read + bytes.Length - last.Length) % _tail.Length);
        var first = Math.Min(last.Length, _tail.Length - at);
        last[..first].CopyTo(_tail.AsSpan(at));
        last[first..].CopyTo(_tail);
        _read += bytes.Length;
    }

    private byte[] Tail()
    {
        if (_read <= _tail.Length)
            return _tail[..(int)_read];

        var start = (int)(_read % _tail.Length);
        return [.. _tail[start..], .. _tail[..start]];
    }
}
