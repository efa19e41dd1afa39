using System.Net.Sockets;
using System.Text;

namespace Integrations.Api.Tests.Http;

/// <summary>A client that says what it likes, as slowly as it likes.</summary>
internal sealed class RawConnection(TcpClient client) : IDisposable
{
    public static async Task<RawConnection> OpenAsync(Uri address)
    {
        var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(address.Host, address.Port, TestContext.Current.CancellationToken);
        return new(client);
    }

    public ValueTask SayAsync(string text) => client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(text), TestContext.Current.CancellationToken);

    /// <summary>Says one letter after the other, for as long as anybody takes them.</summary>
    public async Task DripAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
            while (await timer.WaitForNextTickAsync(cancellationToken))
                await client.GetStream().WriteAsync("x"u8.ToArray(), cancellationToken);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The other end is gone, or the test is over.
        }
    }

    /// <summary>All that is answered until the server closes the connection, which it must within a minute.</summary>
    public async Task<string> ReadToEndAsync()
    {
        var told = new StringBuilder();
        var buffer = new byte[4096];
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(1));
        try
        {
            while (await client.GetStream().ReadAsync(buffer, limit.Token) is > 0 and var count)
                told.Append(Encoding.Latin1.GetString(buffer, 0, count));
        }
        catch (IOException)
        {
            // Cut instead of closed.
        }

        return told.ToString();
    }

    public void Dispose() => client.Dispose();
}
