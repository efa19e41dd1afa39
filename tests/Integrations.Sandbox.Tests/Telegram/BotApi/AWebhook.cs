using System.Text.Json;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Integrations.Sandbox.Tests.Telegram.BotApi;

/// <summary>One delivery to a webhook.</summary>
internal sealed record Delivery(string? Secret, JsonElement Update)
{
    public int Id => Update.GetProperty("update_id").GetInt32();

    public string Text => Update.GetProperty("message").GetProperty("text").GetString()!;

    public long Chat => Update.GetProperty("message").GetProperty("chat").GetProperty("id").GetInt64();
}

/// <summary>Somebody's server that takes a bot's updates and answers as the test says.</summary>
internal sealed class AWebhook : IAsyncDisposable
{
    private readonly Channel<Delivery> _deliveries = Channel.CreateUnbounded<Delivery>();
    private WebApplication _app = null!;

    public Uri Address { get; private set; } = null!;

    /// <summary>What it answers: a status, and a body that may call a method.</summary>
    public Func<Delivery, (int Status, object? Body)> Answer { get; set; } = _ => (200, null);

    public static async Task<AWebhook> StartAsync()
    {
        var webhook = new AWebhook();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        webhook._app = builder.Build();
        webhook._app.MapPost("/hook", webhook.TakeAsync);
        await webhook._app.StartAsync(TestContext.Current.CancellationToken);
        var address = webhook._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        webhook.Address = new Uri(new Uri(address), "/hook");
        return webhook;
    }

    /// <summary>The next delivery, answered or refused.</summary>
    public async Task<Delivery> NextAsync() =>
        await _deliveries.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task TakeAsync(HttpContext context)
    {
        using var body = await JsonDocument.ParseAsync(context.Request.Body);
        var delivery = new Delivery(context.Request.Headers["X-Telegram-Bot-Api-Secret-Token"], body.RootElement.Clone());
        var (status, answer) = Answer(delivery);
        context.Response.StatusCode = status;
        if (answer is not null)
            await context.Response.WriteAsJsonAsync(answer);
        _deliveries.Writer.TryWrite(delivery);
    }
}
