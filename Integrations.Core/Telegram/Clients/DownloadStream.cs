namespace Integrations.Core.Telegram.Clients;

/// <summary>A file as it comes from Telegram: reads the next part when the one before is used up.</summary>
/// <param name="parts">From the beginning; made with the token that ends the download.</param>
/// <param name="next">Asks for one part, within the limits of a call.</param>
internal sealed class DownloadStream(
    Func<CancellationToken, IAsyncEnumerator<ReadOnlyMemory<byte>>> parts, Func<Func<CancellationToken, Task<bool>>, CancellationToken, Task<bool>> next) : Stream
{
    private readonly CancellationTokenSource _end = new();
    private IAsyncEnumerator<ReadOnlyMemory<byte>>? _parts;
    private Task<bool>? _moving;
    private ReadOnlyMemory<byte> _left;
    private bool _over;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_left.IsEmpty && !_over && !buffer.IsEmpty)
        {
            _parts ??= parts(_end.Token);
            // One that was given up is still on its way, and is what is waited for next.
            _moving ??= _parts.MoveNextAsync().AsTask();
            var moving = _moving;
            _over = !await next(ct => moving.WaitAsync(ct), cancellationToken);
            _moving = null;
            _left = _over ? default : _parts.Current;
        }

        var count = Math.Min(buffer.Length, _left.Length);
        _left[..count].CopyTo(buffer);
        _left = _left[count..];
        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("A network is waited for: read asynchronously.");

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        if (_moving is { } moving)
            await ((Task)moving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_parts is not null)
            await _parts.DisposeAsync();
        _end.Dispose();
        await base.DisposeAsync();
    }
}
