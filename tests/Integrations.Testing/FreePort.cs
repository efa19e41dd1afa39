using System.Net;
using System.Net.Sockets;

namespace Integrations.Testing;

/// <summary>For servers that must be told their port before they start.</summary>
public static class FreePort
{
    public static int Next()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
