using System.Net.WebSockets;
using Integrations.Api.Tests.Host;
using Integrations.Testing;

namespace Integrations.Api.Tests.Events;

public sealed class StoppingTests(Servers servers)
{
    [Fact]
    public async Task A_host_that_stops_ends_its_streams_and_does_not_wait_for_their_readers()
    {
        var host = new ApiHost(servers);
        await host.InitializeAsync();
        using var client = host.Owner();
        await using var stream = await SseReader.OpenAsync(client);
        await using var socket = await SocketReader.OpenAsync(host.Address, host.OwnerToken);
        await stream.NextAsync();
        await socket.NextAsync();
        var began = TimeProvider.System.GetTimestamp();

        var stopping = host.DisposeAsync().AsTask();
        var close = await socket.CloseAsync();
        await stopping;

        Assert.Equal((WebSocketCloseStatus.EndpointUnavailable, "server_stopping"), close);
        // Without an end of the streams the host would wait for its whole limit, which is set far above this.
        Assert.InRange(TimeProvider.System.GetElapsedTime(began), TimeSpan.Zero, ApiHost.ShutdownTimeout / 3);
    }
}
