using System.IO.Pipelines;
using System.Net.Sockets;

namespace Integrations.Sandbox.Telegram.Server;

/// <summary>An accepted TCP connection as a pipe that knows how many bytes have arrived, and that can be ended in more than one way.</summary>
internal sealed class DcSocket : IClientStream
{
    private readonly Socket _socket;
    private readonly CountingStream _stream;
    private int _closed;

    public DcSocket(Socket socket)
    {
        _socket = socket;
        _socket.NoDelay = true;
        _stream = new CountingStream(socket);
        Input = PipeReader.Create(_stream, new StreamPipeReaderOptions(leaveOpen: true, useZeroByteReads: true));
        Output = PipeWriter.Create(_stream, new StreamPipeWriterOptions(leaveOpen: true));
    }

    public PipeReader Input { get; }

    public PipeWriter Output { get; }

    /// <summary>Bytes read from the socket so far.</summary>
    public long Received => _stream.Received;

    /// <summary>
    /// Bytes that the client had sent by now, read or still waiting in the kernel. When bytes move from one to the other meanwhile they count
    /// twice, which errs on the client's side.
    /// </summary>
    public long Arrived
    {
        get
        {
            try
            {
                var waiting = _socket.Available;
                return waiting + Received;
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // Closed meanwhile: whatever it had sent came before.
                return long.MaxValue;
            }
        }
    }

    /// <summary>Ends the stream after what was written.</summary>
    public void Close() => End(reset: false);

    /// <summary>Ends the stream at once, with a TCP reset.</summary>
    public void Dispose() => End(reset: true);

    private void End(bool reset)
    {
        if (Interlocked.Exchange(ref _closed, 1) != 0)
            return;
        try
        {
            if (reset)
                _socket.LingerState = new LingerOption(enable: true, seconds: 0);
            else
                _socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The client was quicker; there is nothing left to end.
        }
        _socket.Dispose();
    }

    private sealed class CountingStream(Socket socket) : Stream
    {
        private long _received;

        public long Received => Interlocked.Read(ref _received);

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var count = await socket.ReceiveAsync(buffer, cancellationToken);
            Interlocked.Add(ref _received, count);
            return count;
        }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            while (!buffer.IsEmpty)
                buffer = buffer[await socket.SendAsync(buffer, cancellationToken)..];
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override void Flush()
        {
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
