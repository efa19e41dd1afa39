using System.Buffers;
using System.IO.Pipelines;
using Integrations.Sandbox.Telegram.Server;

namespace Integrations.Sandbox.Tests.Telegram.Simulation;

/// <summary>A TCP connection of the simulation, which can be cut, also inside a packet, and fall silent as when a cable is pulled.</summary>
internal sealed class VirtualLink
{
    private readonly VirtualTime _time;
    private readonly Trace _trace;
    private readonly TimeSpan _latency;
    private readonly int _number;
    private readonly TaskCompletionSource _clientLeft = new();
    private readonly TaskCompletionSource _serverLeft = new();
    private readonly Pipe[] _pipes;
    private bool _isCut;
    private bool _isSilent;
    private bool _cutsInside;
    private bool _isDeserted;

    public VirtualLink(VirtualTime time, Trace trace, int number, TimeSpan latency, int window)
    {
        (_time, _trace, _number, _latency) = (time, trace, number, latency);
        var options = new PipeOptions(
            readerScheduler: time.Scheduler, writerScheduler: time.Scheduler, pauseWriterThreshold: window, resumeWriterThreshold: window / 2);
        _pipes = [new(options), new(options), new(options), new(options)];
        var sent = new CountingWriter(_pipes[0].Writer);
        Client = new ClientEnd(this, _pipes[3].Reader, sent);
        Server = new ServerEnd(this, _pipes[1].Reader, _pipes[2].Writer, sent);
        Up = PumpAsync(_pipes[0].Reader, _pipes[1].Writer, isUp: true, _clientLeft.Task);
        Down = PumpAsync(_pipes[2].Reader, _pipes[3].Writer, isUp: false, _serverLeft.Task);
    }

    public IDuplexPipe Client { get; }

    public IClientStream Server { get; }

    public Task Up { get; }

    public Task Down { get; }

    public bool IsUsable => !_isCut && !_isSilent && !Up.IsCompleted && !Down.IsCompleted;

    /// <summary>Nothing arrives any more in either direction, and neither side is told.</summary>
    public void Silence() => _isSilent = true;

    /// <summary>Both sides are told at once that the connection is lost.</summary>
    public void Cut()
    {
        _isCut = true;
        foreach (var pipe in _pipes)
        {
            pipe.Reader.CancelPendingRead();
            pipe.Writer.CancelPendingFlush();
        }

        _clientLeft.TrySetResult();
        _serverLeft.TrySetResult();
    }

    /// <summary>The next bytes of the server arrive in part, and the connection is cut.</summary>
    public void CutInside() => _cutsInside = true;

    private async Task PumpAsync(PipeReader from, PipeWriter to, bool isUp, Task senderLeft)
    {
        while (!_isCut)
        {
            var read = await from.ReadAsync();
            var bytes = read.Buffer.ToArray();
            if (_isSilent)
            {
                // What was sent stays unacknowledged, so that the sender's buffer fills.
                from.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                await senderLeft;
                break;
            }

            from.AdvanceTo(read.Buffer.End);
            if (bytes.Length > 0 && !_isCut)
            {
                await _time.PassAsync(_latency);
                if (_isSilent)
                    await senderLeft;
                if (_isSilent || _isCut)
                    break;
                var arrived = _cutsInside && !isUp ? bytes.AsMemory(0, bytes.Length / 2) : bytes;
                _trace.Bytes(_number, isUp, arrived.Span);
                var flushed = await to.WriteAsync(arrived);
                if (arrived.Length < bytes.Length)
                    Cut();
                if (flushed.IsCompleted || (_isDeserted && !isUp))
                    break;
            }

            if (read.IsCompleted)
                break;
        }

        from.Complete();
        if (!_isSilent || _isCut)
            to.Complete(_isCut ? new IOException("The connection was reset.") : null);
    }

    private sealed class ClientEnd(VirtualLink link, PipeReader input, PipeWriter output) : IDuplexPipe, IDisposable
    {
        private bool _isDisposed;

        public PipeReader Input => input;

        public PipeWriter Output => output;

        public void Dispose()
        {
            if (_isDisposed)
                return;
            _isDisposed = true;
            output.Complete();
            input.CancelPendingRead();
            link._isDeserted = true;
            link._pipes[3].Writer.CancelPendingFlush();
            link._clientLeft.TrySetResult();
        }
    }

    private sealed class ServerEnd(VirtualLink link, PipeReader input, PipeWriter output, CountingWriter sent) : IClientStream
    {
        private bool _isClosed;

        public PipeReader Input => input;

        public PipeWriter Output => output;

        public long Received => sent.Count;

        public long Arrived => sent.Count;

        public void Close()
        {
            if (_isClosed)
                return;
            _isClosed = true;
            output.Complete();
            link._serverLeft.TrySetResult();
        }

        public void Dispose() => Close();
    }

    /// <summary>Knows how much the client has written.</summary>
    private sealed class CountingWriter(PipeWriter inner) : PipeWriter
    {
        public long Count { get; private set; }

        public override void Advance(int bytes)
        {
            inner.Advance(bytes);
            Count += bytes;
        }

        public override Memory<byte> GetMemory(int sizeHint = 0) => inner.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => inner.GetSpan(sizeHint);

        public override void CancelPendingFlush() => inner.CancelPendingFlush();

        public override void Complete(Exception? exception = null) => inner.Complete(exception);

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => inner.FlushAsync(cancellationToken);
    }
}
