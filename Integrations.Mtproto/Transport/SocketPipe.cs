using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace Integrations.Mtproto.Transport;

/// <summary>The owner of an account may not write to its connection any more; the connection has been aborted.</summary>
public sealed class WriteFencedException() : IOException("The right to write to this connection has lapsed; it was aborted.");

/// <summary>A TCP connection as a pipe, with a fence in front of every write.</summary>
/// <remarks>
/// Disposal aborts: the socket is closed with linger 0, so that nothing still in the kernel's buffer leaves the machine. An idle
/// connection holds no buffer and no thread.
/// </remarks>
public sealed class SocketPipe : IDuplexPipe, IDisposable
{
    private readonly FencedStream _stream;

    private SocketPipe(Socket socket, Func<bool> mayWrite)
    {
        _stream = new FencedStream(socket, mayWrite);
        Input = PipeReader.Create(_stream, new StreamPipeReaderOptions(leaveOpen: true, useZeroByteReads: true));
        Output = PipeWriter.Create(_stream, new StreamPipeWriterOptions(leaveOpen: true));
    }

    public PipeReader Input { get; }

    public PipeWriter Output { get; }

    /// <summary>Connects to an address or a name.</summary>
    /// <param name="host">IP address or DNS name.</param>
    /// <param name="port">TCP port.</param>
    /// <param name="mayWrite">
    /// Asked before connecting and immediately before each write to the socket, on the writing thread; it must be quick. False aborts the connection and
    /// fails the write with <see cref="WriteFencedException"/>.
    /// </param>
    /// <param name="cancellationToken">Gives up connecting.</param>
    public static async ValueTask<SocketPipe> ConnectAsync(string host, int port, Func<bool> mayWrite, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(mayWrite);
        if (!mayWrite())
            throw new WriteFencedException();
        EndPoint endpoint = IPAddress.TryParse(host, out var address) ? new IPEndPoint(address, port) : new DnsEndPoint(host, port);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(endpoint, cancellationToken);
            return new SocketPipe(socket, mayWrite);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Takes over an accepted socket (a server's side), which anyone may write to.</summary>
    public static SocketPipe FromSocket(Socket socket)
    {
        ArgumentNullException.ThrowIfNull(socket);
        socket.NoDelay = true;
        return new SocketPipe(socket, () => true);
    }

    /// <summary>Ends the connection in order: what was written is delivered, then the stream ends.</summary>
    public void Close() => _stream.Close(graceful: true);

    /// <summary>Aborts.</summary>
    public void Dispose() => _stream.Close(graceful: false);

    private sealed class FencedStream(Socket socket, Func<bool> mayWrite) : Stream
    {
        /// <summary>A send goes on by itself until the kernel has taken all of it, so the fence is asked again for each piece of this size.</summary>
        private const int PieceSize = 16 * 1024;

        private int _closed;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            socket.ReceiveAsync(buffer, cancellationToken);

        [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            while (!buffer.IsEmpty)
            {
                if (!mayWrite())
                {
                    Close(graceful: false);
                    throw new WriteFencedException();
                }

                var piece = buffer[..Math.Min(buffer.Length, PieceSize)];
                buffer = buffer[await socket.SendAsync(piece, cancellationToken)..];
            }
        }

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override void Flush()
        {
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public void Close(bool graceful)
        {
            if (Interlocked.Exchange(ref _closed, 1) != 0)
                return;
            try
            {
                if (graceful)
                    socket.Shutdown(SocketShutdown.Both);
                else
                    socket.LingerState = new LingerOption(enable: true, seconds: 0);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // The other side was quicker; there is nothing left to end.
            }

            socket.Dispose();
        }
    }
}
