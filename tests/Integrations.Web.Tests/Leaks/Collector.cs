using System.Net;
using System.Net.Sockets;

namespace Integrations.Web.Tests.Leaks;

/// <summary>A collector of OpenTelemetry on loopback (OTLP over HTTP, protobuf). It keeps what comes while somebody asks it to, as it came.</summary>
internal sealed class Collector : IAsyncDisposable
{
    private readonly HttpListener _listener = new();
    private readonly Lock _lock = new();
    private readonly List<(string Signal, byte[] Bytes)> _kept = [];
    private readonly Task _receiving;
    private bool _keeps;

    public Collector()
    {
        using (var probe = new TcpListener(IPAddress.Loopback, 0))
        {
            probe.Start();
            Address = new Uri($"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}/");
        }

        _listener.Prefixes.Add(Address.ToString());
        _listener.Start();
        _receiving = ReceiveAsync();
    }

    public Uri Address { get; }

    /// <summary>Environment variables by which a host sends everything here.</summary>
    public IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = Address.ToString(),
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
        ["OTEL_BSP_SCHEDULE_DELAY"] = "500",
        ["OTEL_BLRP_SCHEDULE_DELAY"] = "500",
        ["OTEL_METRIC_EXPORT_INTERVAL"] = "2000",
    };

    /// <summary>Keeps what comes from now on, and forgets what was kept before.</summary>
    public void Keep()
    {
        lock (_lock)
        {
            _kept.Clear();
            _keeps = true;
        }
    }

    /// <summary>What was kept, by signal: traces, metrics or logs.</summary>
    public IReadOnlyList<(string Signal, byte[] Bytes)> Kept()
    {
        lock (_lock)
            return [.. _kept];
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Close();
        await _receiving;
    }

    private async Task ReceiveAsync()
    {
        while (true)
        {
            try
            {
                var context = await _listener.GetContextAsync();
                using var body = new MemoryStream();
                await context.Request.InputStream.CopyToAsync(body);
                lock (_lock)
                {
                    if (_keeps)
                        _kept.Add((context.Request.Url!.AbsolutePath.Split('/')[^1], body.ToArray()));
                }

                // An empty message of protobuf: all was taken.
                context.Response.ContentType = "application/x-protobuf";
                context.Response.Close();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException or IOException)
            {
                if (!_listener.IsListening)
                    return;
            }
        }
    }
}
