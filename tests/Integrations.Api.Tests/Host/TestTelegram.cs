extern alias sandbox;

using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using sandbox::Integrations.Sandbox.Telegram;
using sandbox::Integrations.Sandbox.Telegram.Phone;
using sandbox::Integrations.Sandbox.Telegram.World;

namespace Integrations.Api.Tests.Host;

/// <summary>A bot of the sandbox, as BotFather tells of it.</summary>
internal sealed record TestBot(long Id, string Username, string Token);

/// <summary>The sandbox's Telegram with its Bot API, which really delivers updates.</summary>
internal sealed class TestTelegram : IAsyncDisposable
{
    private static int _lastBot;
    private readonly WebApplication _app;

    private TestTelegram(WebApplication app) => _app = app;

    public Uri Address => new(_app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.Single());

    private SandboxTelegram Telegram => _app.Services.GetRequiredService<SandboxTelegram>();

    public static async Task<TestTelegram> StartAsync()
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration["SANDBOX_TOKEN"] = "a-token-for-tests-only";
        builder.Configuration["Sandbox:Dc1Port"] = "0";
        builder.Configuration["Sandbox:Dc2Port"] = "0";
        builder.AddSandboxTelegram();
        var app = builder.Build();
        app.MapSandboxTelegram();
        await app.StartAsync();
        return new TestTelegram(app);
    }

    public TestBot MakeBot(string name = "Shop helper")
    {
        var card = Telegram.PhoneOf("anna").MakeBot(name, $"shop_{Interlocked.Increment(ref _lastBot)}_bot");
        return new(card.Id, card.Username, card.Token);
    }

    /// <summary>The phone of somebody of the sandbox.</summary>
    public TelegramPhone PhoneOf(string name) => Telegram.PhoneOf(name);

    /// <summary>Its owner takes the token back; the old one is worth nothing from then on.</summary>
    public string RevokeToken(TestBot bot) => Telegram.PhoneOf("anna").ChangeBot(bot.Id, revokeToken: true).Token;

    /// <summary>The bot becomes an administrator of the channel @town_news with these rights, by the names of the Bot API.</summary>
    public void Promote(TestBot bot, params string[] rights)
    {
        var (anna, news) = (Telegram.PhoneOf("anna"), PeerRef.Channel(3_000_002));
        anna.Invite(news, bot.Id);
        anna.Promote(news, bot.Id, rights);
    }

    /// <summary>Somebody writes to the bot.</summary>
    public void Write(TestBot bot, string text) => Telegram.PhoneOf("boris").Send(PeerRef.User(bot.Id), text);

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
