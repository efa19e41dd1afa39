using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Integrations.Core.Secrets;
using Integrations.Core.Telegram.Bots;
using Integrations.Sandbox.Telegram;
using Integrations.Sandbox.Telegram.Phone;
using Integrations.Sandbox.Telegram.World;
using Integrations.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Integrations.Workers.Tests.Bots;

/// <summary>What a worker does for the bots of its shards, against the sandbox's Bot API.</summary>
public sealed class BotCareTests(Servers servers) : IAsyncLifetime
{
    private const string Backend = "http://127.0.0.1:1";

    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;
    private TestInstallation _installation = null!;
    private WebApplication _telegram = null!;
    private int _calls;

    public async ValueTask InitializeAsync()
    {
        _installation = await TestInstallation.StartAsync(servers);
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration["SANDBOX_TOKEN"] = "a-token-for-tests-only";
        builder.Configuration["Sandbox:Dc1Port"] = "0";
        builder.Configuration["Sandbox:Dc2Port"] = "0";
        builder.AddSandboxTelegram();
        _telegram = builder.Build();
        _telegram.Use((context, next) =>
        {
            if (context.Request.Path.Value!.EndsWith("/setWebhook", StringComparison.Ordinal))
                Interlocked.Increment(ref _calls);
            return next(context);
        });
        _telegram.MapSandboxTelegram();
        await _telegram.StartAsync(_cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await _telegram.DisposeAsync();
        await _installation.DisposeAsync();
    }

    [Fact]
    public async Task Bots_whose_updates_go_elsewhere_are_registered_anew_and_those_that_are_right_are_left_alone()
    {
        var bots = new List<(Guid Id, string Token)>();
        for (var i = 0; i < 6; i++)
            bots.Add(await AddBotAsync());
        await using (await StartWorkerAsync())
            await ActiveAsync(bots.Count);
        Assert.Equal(bots.Count, _calls);

        // Somebody took one away. A worker that starts looks at all of them and tells Telegram of that one only.
        await CallAsync(bots[2].Token, "deleteWebhook");
        await ExecuteAsync($"update telegram_bots set pending_updates = null");
        await using (await StartWorkerAsync())
        {
            await Eventually.BecomesAsync("all bots were looked at", _ => CountAsync("pending_updates is not null"), count => count == bots.Count);
            Assert.StartsWith($"{Backend}/webhooks/telegram/", (await CallAsync(bots[2].Token, "getWebhookInfo"))["url"]!.ToString(), StringComparison.Ordinal);
        }

        Assert.Equal(bots.Count + 1, _calls);
    }

    [Fact]
    public async Task They_are_looked_at_again_and_again()
    {
        var (_, token) = await AddBotAsync();
        await using var worker = await StartWorkerAsync();
        await ActiveAsync(1);

        await CallAsync(token, "deleteWebhook");
        await Eventually.BecomesAsync(
            "the webhook is ours again",
            async _ => (await CallAsync(token, "getWebhookInfo"))["url"]!.ToString(),
            url => url.StartsWith(Backend, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_revoked_token_is_told_and_what_Telegram_could_not_deliver_too()
    {
        var (revoked, token) = await AddBotAsync();
        var (waiting, other) = await AddBotAsync();
        await using var worker = await StartWorkerAsync();
        await ActiveAsync(2);

        var anna = _telegram.Services.GetRequiredService<SandboxTelegram>().PhoneOf("anna");
        anna.ChangeBot(IdOf(token), revokeToken: true);
        anna.Send(PeerRef.User(IdOf(other)), "nobody listens at that port");

        await Eventually.BecomesAsync(
            "the revoked token is told",
            _ => _installation.ScalarAsync<string>($"select status || ' ' || coalesce(last_error_code, '') from integrations where id = '{revoked}'"),
            state => state == "error TG_BOT_TOKEN_INVALID");
        Assert.True(await _installation.ScalarAsync<bool>(
            $"select exists (select from outbox where type = 'bot.updated' and data ->> 'id' = '{revoked}' and data ->> 'status' = 'error') or exists (select from events where type = 'bot.updated' and data ->> 'id' = '{revoked}' and data ->> 'status' = 'error')"));
        await Eventually.BecomesAsync(
            "what could not be delivered is told",
            _ => _installation.ScalarAsync<string>($"select pending_updates || ' ' || coalesce(hook_error, '') from telegram_bots where id = '{waiting}'"),
            state => state == "1 Connection refused");
    }

    [Fact]
    public async Task A_bot_of_another_world_or_that_was_switched_off_is_left_alone()
    {
        var (elsewhere, _) = await AddBotAsync();
        var (off, _) = await AddBotAsync();
        await AddBotAsync();
        await ExecuteAsync($"update telegram_bots set world = 'telegram' where id = '{elsewhere}'; update telegram_bots set is_active = false where id = '{off}'");

        await using var worker = await StartWorkerAsync();
        await ActiveAsync(1);
        await ExecuteAsync("update telegram_bots set pending_updates = null");
        await Eventually.BecomesAsync("the bot was looked at once more", _ => CountAsync("pending_updates is not null"), count => count > 0);

        Assert.Equal((1, 1L), (_calls, await CountAsync("pending_updates is not null")));
    }

    private Task<TestWorker> StartWorkerAsync() => TestWorker.StartAsync(
        _installation,
        ("services:sandbox:http:0", _telegram.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()),
        ("BACKEND_URL", Backend),
        ("TelegramBots:LookInterval", "00:00:01"),
        ("TelegramBots:HealthInterval", "00:00:01"));

    private async Task ActiveAsync(int count) => await Eventually.BecomesAsync(
        "the bots are active",
        _ => _installation.ScalarAsync<long>("select count(*) from integrations where status = 'active'"),
        active => active == count);

    private Task<long> CountAsync(string condition) => _installation.ScalarAsync<long>($"select count(*) from telegram_bots where {condition}");

    /// <summary>A bot that was stored and never registered, an hour ago.</summary>
    private async Task<(Guid Id, string Token)> AddBotAsync()
    {
        var number = RandomNumberGenerator.GetInt32(int.MaxValue);
        var card = _telegram.Services.GetRequiredService<SandboxTelegram>().PhoneOf("anna").MakeBot("Helper", string.Create(CultureInfo.InvariantCulture, $"h{number}_bot"));
        var (tenant, id) = (_installation.Customer.Tenant, Guid.CreateVersion7());
        var token = await SealAsync(TelegramBot.TokenAddress(tenant, id), card.Token);
        var secret = await SealAsync(TelegramBot.HookSecretAddress(tenant, id), "secret_of_the_hook");
        await ExecuteAsync(
            $"""
             insert into integrations (id, tenant_id, user_id, integration_type) values ('{id}', '{tenant}', 1, 'telegram_bot');
             insert into telegram_bots (id, tenant_id, shard, world, telegram_user_id, token_sealed, token_fingerprint, hook_id, hook_secret_sealed, hook_secret_hash, created_at)
             values ('{id}', '{tenant}', {number % TestInstallation.ShardCount}, 'sandbox', {card.Id}, decode('{token}', 'hex'), sha256('{id}'), '{id}', decode('{secret}', 'hex'), sha256('x'), now() - interval '1 hour');
             """);
        return (id, card.Token);
    }

    private async Task<string> SealAsync(SecretAddress address, string clear) =>
        Convert.ToHexString(await _installation.Secrets.ProtectAsync(address, Encoding.UTF8.GetBytes(clear), _cancel));

    private async Task ExecuteAsync(string sql)
    {
        await using var command = _installation.Admin.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(_cancel);
    }

    private async Task<JsonNode> CallAsync(string token, string method)
    {
        using var http = new HttpClient { BaseAddress = new Uri(_telegram.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()) };
        return JsonNode.Parse(await http.GetStringAsync(new Uri($"/bot{token}/{method}", UriKind.Relative), _cancel))!["result"]!;
    }

    private static long IdOf(string token) => long.Parse(token.Split(':')[0], CultureInfo.InvariantCulture);
}
