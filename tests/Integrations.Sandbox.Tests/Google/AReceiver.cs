using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Integrations.Sandbox.Tests.Google;

/// <summary>One push message; there is nothing in it but headers.</summary>
internal sealed record Push(string Channel, string? Token, string State, long Number, string Expiration, string Resource, long? Length);

/// <summary>An app's server: it takes push messages, answers them as the test says, and greets whoever comes back from the consent page.</summary>
internal sealed class AReceiver : IAsyncDisposable
{
    private readonly Channel<Push> _pushes = Channel.CreateUnbounded<Push>();
    private WebApplication _app = null!;

    public string Address { get; private set; } = "";

    /// <summary>Where a browser comes back to.</summary>
    public string Callback { get; private set; } = "";

    public int Status { get; set; } = 200;

    public static async Task<AReceiver> StartAsync()
    {
        var receiver = new AReceiver();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        receiver._app = builder.Build();
        receiver._app.MapPost("/push", receiver.Take);
        receiver._app.MapGet("/callback", () => "Back at the app.");
        await receiver._app.StartAsync(TestContext.Current.CancellationToken);
        var root = receiver._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        (receiver.Address, receiver.Callback) = ($"{root}/push", $"{root}/callback");
        return receiver;
    }

    public async Task<Push> NextAsync() =>
        await _pushes.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private void Take(HttpContext context)
    {
        string Header(string name) => context.Request.Headers[$"X-Goog-{name}"].ToString();
        context.Response.StatusCode = Status;
        _pushes.Writer.TryWrite(new Push(
            Header("Channel-ID"), Header("Channel-Token"), Header("Resource-State"), long.Parse(Header("Message-Number"), System.Globalization.CultureInfo.InvariantCulture),
            Header("Channel-Expiration"), Header("Resource-ID"), context.Request.ContentLength));
    }
}
