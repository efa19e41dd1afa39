using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Integrations.Sandbox.Tests.Twilio;

/// <summary>A request that Twilio made.</summary>
internal sealed record Heard(string Method, string Url, string? Signature, string? IdempotencyToken, Dictionary<string, string> Form)
{
    public string this[string name] => Form[name];

    public string? Status => Form.GetValueOrDefault("MessageStatus");
}

/// <summary>What it is answered.</summary>
internal sealed record Said(int Status, string Body = "", string ContentType = "text/xml", string? Location = null)
{
    /// <summary>Ends when the caller has hung up.</summary>
    public bool IsSilent { get; init; }
}

/// <summary>Somebody's server that Twilio calls, or fetches media from.</summary>
internal sealed class AHook : IAsyncDisposable
{
    private readonly Channel<Heard> _heard = Channel.CreateUnbounded<Heard>();
    private WebApplication _app = null!;

    public string Address { get; private set; } = null!;

    public Func<Heard, Said> Answer { get; set; } = _ => new Said(204);

    /// <summary>What <c>/file</c> gives.</summary>
    public byte[] File { get; set; } = [];

    public static async Task<AHook> StartAsync()
    {
        var hook = new AHook();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        hook._app = builder.Build();
        hook._app.MapGet("/file", () => Results.Bytes(hook.File, "image/png"));
        hook._app.Map("/{**path}", hook.TakeAsync);
        await hook._app.StartAsync(TestContext.Current.CancellationToken);
        hook.Address = hook._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        return hook;
    }

    public async Task<Heard> NextAsync() =>
        await _heard.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

    /// <summary>What was heard and not taken yet.</summary>
    public IReadOnlyList<Heard> Rest()
    {
        var rest = new List<Heard>();
        while (_heard.Reader.TryRead(out var heard))
            rest.Add(heard);
        return rest;
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task TakeAsync(HttpContext context)
    {
        var request = context.Request;
        var form = request.HasFormContentType ? (await request.ReadFormAsync()).ToDictionary(pair => pair.Key, pair => pair.Value.ToString()) : [];
        var heard = new Heard(request.Method, request.GetEncodedUrl(), request.Headers["X-Twilio-Signature"], request.Headers["I-Twilio-Idempotency-Token"], form);
        var said = Answer(heard);
        await _heard.Writer.WriteAsync(heard);
        if (said.IsSilent)
        {
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
            return;
        }

        context.Response.StatusCode = said.Status;
        if (said.Location is { } location)
            context.Response.Headers.Location = location;
        if (said.Body.Length > 0)
        {
            context.Response.ContentType = said.ContentType;
            await context.Response.WriteAsync(said.Body);
        }
    }
}
