using System.ComponentModel.DataAnnotations;

namespace Integrations.Api.Http;

/// <summary>What one copy of the service takes on at once, and how long it waits for a client that is slow, by accident or on purpose.</summary>
internal sealed class HttpLimitOptions
{
    public const string Section = "HttpLimits";

    /// <summary>Connections, idle ones too. A file descriptor each; event sockets are counted by <c>EventStream:*</c> instead.</summary>
    [Range(10, 1_000_000)]
    public int Connections { get; set; } = 20_000;

    /// <summary>Requests that are worked on. Event streams, which last, and the probes are not among them.</summary>
    [Range(1, 100_000)]
    public int Requests { get; set; } = 1000;

    /// <summary>Requests that may wait for their turn; more are refused at once.</summary>
    [Range(0, 100_000)]
    public int Queue { get; set; } = 1000;

    /// <summary>How long a request waits for its turn. Whoever waits longer has often gone away.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:01:00")]
    public TimeSpan QueueTime { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>From the first byte of a request to the last of its header.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:02:00")]
    public TimeSpan HeaderTime { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Bytes of the header lines of one request; more are answered with 431.</summary>
    [Range(8 * 1024, 256 * 1024)]
    public int HeaderBytes { get; set; } = 32 * 1024;

    /// <summary>Bytes a second, on average, at which a body must come once <see cref="BodyGrace"/> is over.</summary>
    [Range(1, 1_000_000)]
    public int BodyRate { get; set; } = 240;

    /// <summary>How long a body may be slower than <see cref="BodyRate"/>. The server looks once a second.</summary>
    [Range(typeof(TimeSpan), "00:00:01.1", "00:01:00")]
    public TimeSpan BodyGrace { get; set; } = TimeSpan.FromSeconds(5);
}
