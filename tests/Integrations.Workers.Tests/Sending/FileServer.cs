using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Integrations.Workers.Tests.Sending;

/// <summary>A server of somebody else, on this machine.</summary>
internal sealed class FileServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private int _asked;

    private FileServer(RequestDelegate answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        _app = builder.Build();
        _app.Run(context =>
        {
            Interlocked.Increment(ref _asked);
            return answer(context);
        });
    }

    public int Asked => Volatile.Read(ref _asked);

    public static async Task<FileServer> StartAsync(RequestDelegate answer)
    {
        var server = new FileServer(answer);
        await server._app.StartAsync(TestContext.Current.CancellationToken);
        return server;
    }

    public static Task<FileServer> StartAsync(byte[] content) => StartAsync(context => context.Response.Body.WriteAsync(content, context.RequestAborted).AsTask());

    public Uri Address(string path) => new(new Uri(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()), path);

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
