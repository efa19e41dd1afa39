using System.IO.Pipelines;

namespace Integrations.Sandbox.Telegram.Server;

/// <summary>The bytes of one client: a TCP connection, or what a test puts in its place.</summary>
internal interface IClientStream : IDuplexPipe, IDisposable
{
    /// <summary>Bytes read so far.</summary>
    long Received { get; }

    /// <summary>Bytes that the client had sent by now, read or on their way; more than there are errs on the client's side.</summary>
    long Arrived { get; }

    /// <summary>Ends the stream after what was written. Disposal ends it at once.</summary>
    void Close();
}
