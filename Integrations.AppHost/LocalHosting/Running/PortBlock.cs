using System.Net;
using System.Net.Sockets;

namespace Integrations.AppHost.LocalHosting.Running;

/// <summary>
/// A block of ports that no other application host of this machine takes from: the first port of the block is held for as long as this
/// process lives, and says so. The blocks lie below the range from which the system gives ports to outgoing connections.
/// </summary>
internal sealed class PortBlock : IDisposable
{
    private const int First = 16_000;
    private const int Last = 32_000;
    private const int Size = 40;

    private readonly TcpListener _holder;
    private int _next;

    private PortBlock(TcpListener holder, int start)
    {
        _holder = holder;
        _next = start + 1;
        End = start + Size;
    }

    private int End { get; }

    public static PortBlock Take()
    {
        var blocks = Enumerable.Range(0, (Last - First) / Size).ToArray();
        Random.Shared.Shuffle(blocks);
        foreach (var start in blocks.Select(block => First + (block * Size)))
        {
            var holder = new TcpListener(IPAddress.Loopback, start);
            try
            {
                holder.Start();
                return new PortBlock(holder, start);
            }
            catch (SocketException)
            {
                holder.Dispose();
            }
        }

        throw new InvalidOperationException("All port blocks of this machine are taken.");
    }

    /// <summary>The next port of the block on which nobody listens.</summary>
    public int Next()
    {
        while (_next < End)
        {
            var port = _next++;
            if (IsFree(port))
            {
                return port;
            }
        }

        throw new InvalidOperationException($"The application needs more than {Size} ports.");
    }

    public static bool IsFree(int port)
    {
        using var probe = new TcpListener(IPAddress.Loopback, port);
        try
        {
            probe.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    public void Dispose() => _holder.Dispose();
}
