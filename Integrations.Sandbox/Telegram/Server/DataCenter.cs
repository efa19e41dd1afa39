using System.Net;
using System.Net.Sockets;
using Integrations.Mtproto.Handshake;
using Integrations.Sandbox.Telegram.Faults;

namespace Integrations.Sandbox.Telegram.Server;

/// <summary>One data centre: a TCP port on the loopback interface and the connections to it.</summary>
internal sealed partial class DataCenter : IAsyncDisposable
{
    private readonly ServerParts _parts;
    private readonly ServerHandshakeOptions _handshake;
    private readonly ILogger _logger;
    private readonly Func<long> _nextNumber;
    private readonly Lock _gate = new();
    private readonly Dictionary<ClientConnection, Task> _connections = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly TcpListener _listener;
    private Task _accepting = Task.CompletedTask;

    public DataCenter(ServerParts parts, ServerHandshakeOptions handshake, int id, int port, Func<long> nextNumber, ILogger logger)
    {
        _parts = parts;
        _handshake = handshake;
        _nextNumber = nextNumber;
        _logger = logger;
        Id = id;
        _listener = new TcpListener(IPAddress.Loopback, port);
    }

    public int Id { get; }

    public DcAddress Address => new(Id, IPAddress.Loopback.ToString(), ((IPEndPoint)_listener.LocalEndpoint).Port);

    public IReadOnlyList<ClientConnection> Connections
    {
        get
        {
            lock (_gate)
                return [.. _connections.Keys];
        }
    }

    /// <exception cref="InvalidOperationException">The port is taken.</exception>
    public void Start()
    {
        try
        {
            _listener.Start();
        }
        catch (SocketException e)
        {
            throw new InvalidOperationException($"Data centre {Id} cannot listen on {_listener.LocalEndpoint}: {e.Message}.", e);
        }
        _accepting = AcceptAsync();
    }

    /// <summary>Serves one client, however its bytes come.</summary>
    public void Serve(IClientStream stream)
    {
        var connection = new ClientConnection(_parts, Id, _nextNumber(), stream, _handshake, _logger);
        lock (_gate)
            _connections[connection] = ServeAsync(connection);
    }

    public async ValueTask DisposeAsync()
    {
        _stopping.Cancel();
        _listener.Stop();
        await _accepting;
        Task[] running;
        lock (_gate)
            running = [.. _connections.Values];
        await Task.WhenAll(running);
        _listener.Dispose();
        _stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            Socket socket;
            try
            {
                socket = await _listener.AcceptSocketAsync(_stopping.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException e)
            {
                // One client that gave up while being accepted; the port itself is fine.
                LogAcceptFailed(e, Id);
                continue;
            }
            if (_parts.Faults.Take(FaultKind.RefuseConnections, new FaultScope(Id)) is not null)
            {
                socket.LingerState = new LingerOption(enable: true, seconds: 0);
                socket.Dispose();
                continue;
            }
            Serve(new DcSocket(socket));
        }
    }

    private async Task ServeAsync(ClientConnection connection)
    {
        // Not under the lock of the caller.
        await Task.Yield();
        try
        {
            await connection.RunAsync(_stopping.Token);
        }
        catch (Exception e)
        {
            // A bug in serving one client must neither end the others nor go unseen.
            LogServingFailed(e, connection.Number, Id);
        }
        finally
        {
            lock (_gate)
                _connections.Remove(connection);
            connection.Dispose();
        }
    }

    [LoggerMessage(EventId = 6003, Level = LogLevel.Warning, Message = "Data centre {DcId} could not accept a connection")]
    private partial void LogAcceptFailed(Exception exception, int dcId);

    [LoggerMessage(EventId = 6004, Level = LogLevel.Error, Message = "Serving connection {Number} of data centre {DcId} failed")]
    private partial void LogServingFailed(Exception exception, long number, int dcId);
}
