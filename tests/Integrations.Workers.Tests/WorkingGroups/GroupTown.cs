using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Integrations.Core.Ownership;
using Integrations.Core.Telegram.Bots;
using Integrations.Sandbox.Telegram.Phone;
using Integrations.Sandbox.Telegram.World;
using Integrations.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Integrations.Workers.Tests.WorkingGroups;

/// <summary>A call of the Bot API on its way to the sandbox.</summary>
/// <param name="Body">Empty where it is no JSON.</param>
internal sealed record BotCallSeen(string Token, string Method, JsonObject Body, int Status, DateTimeOffset At);

/// <summary>
/// A project of the installation's customer whose working group is the sandbox's town square. What stands between workers and sandbox here is
/// what the API does: it takes the bots' updates in, and gives events their position.
/// </summary>
internal sealed class GroupTown : IAsyncDisposable
{
    public static readonly PeerRef Square = PeerRef.Channel(Seed.Town);

    public const long ChatId = -1_000_000_000_000 - Seed.Town;

    private readonly WebApplication _between;
    private readonly HttpClient _sandbox = new();
    private readonly CancellationTokenSource _stop = new();
    private Task _relaying = Task.CompletedTask;

    private GroupTown(TestInstallation installation)
    {
        Installation = installation;
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        _between = builder.Build();
        _between.MapPost("/webhooks/telegram/{hook}", TakeInAsync);
        _between.Map("/bot{token}/{method}", PassOnAsync);
        _between.Map("/file/bot{token}/{**path}", PassFileAsync);
    }

    public TestInstallation Installation { get; }

    public Guid Project { get; } = Customer.NewId();

    public List<BotCard> Bots { get; } = [];

    public List<Guid> BotIds { get; } = [];

    /// <summary>Calls that have been answered, in order.</summary>
    public ConcurrentQueue<BotCallSeen> Calls { get; } = new();

    /// <summary>Runs when the sandbox has answered a call and before the worker hears of it.</summary>
    public Func<string, JsonObject, CancellationToken, Task> Answered { get; set; } = (_, _, _) => Task.CompletedTask;

    /// <summary>What Telegram says instead of doing it; null lets it be done.</summary>
    public Func<string, string?> Refused { get; set; } = _ => null;

    public string Address => _between.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();

    public TelegramPhone Phone(string name) => Installation.Telegram.PhoneOf(name);

    public static async Task<GroupTown> StartAsync(Servers servers, int bots = 1)
    {
        var town = new GroupTown(await TestInstallation.StartAsync(servers));
        await town._between.StartAsync(TestContext.Current.CancellationToken);
        town._relaying = Task.Run(() => town.RelayAsync(town._stop.Token), CancellationToken.None);
        town.Phone("boris").ToggleForum(Square, true);
        await town.Installation.ExecuteAsync(
            $"""
             insert into projects (id, tenant_id, name, mirroring) values ('{town.Project}', '{town.Installation.Customer.Tenant}', 'Shop', true);
             insert into working_groups (project_id, tenant_id, shard, world, chat_id, is_forum)
             values ('{town.Project}', '{town.Installation.Customer.Tenant}', {Shards.ShardOf(town.Project, TestInstallation.ShardCount)}, 'telegram', {ChatId}, true);
             """);
        foreach (var number in Enumerable.Range(1, bots))
            await town.AddBotAsync(number);
        return town;
    }

    public Task<TestWorker> WorkerAsync(params IEnumerable<(string, string?)> settings) => WorkerAsync(static _ => { }, settings);

    public Task<TestWorker> WorkerAsync(Action<IServiceCollection> services, params IEnumerable<(string, string?)> settings) => TestWorker.StartAsync(
        Installation, services, [("TelegramBots:ApiAddress", Address), ("BACKEND_URL", Address), ("TelegramBots:LookInterval", "00:00:01"), .. settings]);

    /// <summary>Connects a person of the sandbox as an account of the project.</summary>
    public async Task<Guid> ConnectAsync(string person = "anna")
    {
        var account = await Installation.Customer.ConnectAsync(person);
        await Installation.ExecuteAsync($"update telegram_accounts set project_id = '{Project}', display_name = 'Anna' where id = '{account}'");
        return account;
    }

    /// <summary>What the square has now, without what is gone.</summary>
    public IReadOnlyList<StoredMessage> Messages() => [.. Installation.Telegram.World.MessagesAfter(Seed.Boris, Square, 0, 1000).Where(message => !message.Deleted)];

    /// <summary>What a topic has now, the message that begins it left out.</summary>
    public IReadOnlyList<StoredMessage> In(int topic) => [.. Messages().Where(message => message.TopicId == topic && message.Action is null)];

    public IReadOnlyList<ForumTopicState> Topics() =>
        [.. Installation.Telegram.World.Topics(Seed.Boris, Seed.Town).Select(view => view.Topic).Where(topic => topic.Id != ForumTopicState.General).OrderBy(topic => topic.Id)];

    public Task<ForumTopicState> UntilTopicAsync(string name, TimeSpan? within = null) => UntilTopicAsync(topic => topic.Title.StartsWith(name, StringComparison.Ordinal), within);

    public async Task<ForumTopicState> UntilTopicAsync(Func<ForumTopicState, bool> isIt, TimeSpan? within = null) =>
        (await Eventually.BecomesAsync("the topic is there", _ => Task.FromResult(Topics()), topics => topics.Any(isIt), within)).First(isIt);

    public async Task<StoredMessage> UntilPostAsync(int topic, string words, TimeSpan? within = null) =>
        (await Eventually.BecomesAsync(
            $"'{words}' is in the topic", _ => Task.FromResult(string.Join('|', In(topic).Select(message => message.Text))), texts => texts.Contains(words, StringComparison.Ordinal), within)) is { }
            ? In(topic).First(message => message.Text.Contains(words, StringComparison.Ordinal))
            : throw new InvalidOperationException();

    /// <summary>Boris, who is the operator here, writes in a topic.</summary>
    public PhoneMessage Answer(int topic, string text, int? replyTo = null) => Phone("boris").Send(Square, text, replyTo ?? topic);

    public Task<IReadOnlyList<string>> RowsAsync(string sql) => Installation.Customer.RowsAsync(sql);

    public Task UntilNothingWaitsAsync(TimeSpan? within = null) => Eventually.BecomesAsync(
        "nothing waits to be posted", _ => Installation.ScalarAsync<long>("select count(*) + (select count(*) from outbox) from mirror_items"), count => count == 0, within);

    public async ValueTask DisposeAsync()
    {
        // For whoever reads why a test failed.
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join('\n', Calls.Select(call => $"{call.Method} {call.Status} {call.Body.ToJsonString()}")));
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join('\n', await RowsAsync(
            "select 'bot ' || status || ' ' || can_manage_topics from bot_groups union all select 'item ' || kind || ' ' || attempts || coalesce(' ' || error, '') from mirror_items"
            + " union all select 'integration ' || status || coalesce(' ' || last_error, '') from integrations union all select 'events ' || count(*) || ' told ' || (select position from mirror_head) from events")));
        await _stop.CancelAsync();
        await _relaying;
        await _between.DisposeAsync();
        _sandbox.Dispose();
        _stop.Dispose();
        await Installation.DisposeAsync();
    }

    private async Task AddBotAsync(int number)
    {
        var card = Phone("anna").MakeBot($"Helper {number}", string.Create(CultureInfo.InvariantCulture, $"helper{number}_bot"));
        Phone("boris").Invite(Square, card.Id);
        Phone("boris").Promote(Square, card.Id, "can_manage_topics", "can_delete_messages", "can_pin_messages");
        var (tenant, id) = (Installation.Customer.Tenant, Customer.NewId());
        var token = Convert.ToHexString(await Installation.Secrets.ProtectAsync(TelegramBot.TokenAddress(tenant, id), Encoding.UTF8.GetBytes(card.Token), TestContext.Current.CancellationToken));
        var secret = Convert.ToHexString(await Installation.Secrets.ProtectAsync(TelegramBot.HookSecretAddress(tenant, id), "hook"u8.ToArray(), TestContext.Current.CancellationToken));
        await Installation.ExecuteAsync(
            $"""
             insert into integrations (id, tenant_id, user_id, project_id, integration_type, status) values ('{id}', '{tenant}', 1, '{Project}', 'telegram_bot', 'active');
             insert into telegram_bots (id, tenant_id, shard, world, telegram_user_id, username, token_sealed, token_fingerprint, hook_id, hook_secret_sealed, hook_secret_hash, created_at)
             values ('{id}', '{tenant}', {Shards.ShardOf(id, TestInstallation.ShardCount)}, 'telegram', {card.Id}, '{card.Username}', decode('{token}', 'hex'), sha256('{id}'), '{id}', decode('{secret}', 'hex'), sha256('x'),
                     now() - interval '1 hour');
             insert into working_group_bots (bot_id, tenant_id, project_id) values ('{id}', '{tenant}', '{Project}');
             """);
        Bots.Add(card);
        BotIds.Add(id);
    }

    private async Task<IResult> TakeInAsync(string hook, HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        if (!BotUpdate.TryRead(body.ToArray(), out var update))
            return Results.BadRequest();

        await using var command = Installation.Admin.CreateCommand("select count(*) from doors.store_bot_updates(array[$1], array[$2], array[$3], array[$4])");
        command.Parameters.Add(new() { Value = Guid.Parse(hook) });
        command.Parameters.Add(new() { Value = update.UpdateId });
        command.Parameters.Add(new() { Value = (object?)update.ChatId ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Bigint });
        command.Parameters.Add(new() { Value = update.Json, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Jsonb });
        await command.ExecuteNonQueryAsync(context.RequestAborted);
        await Installation.Customer.RingAsync(Shards.ShardOf(Guid.Parse(hook), TestInstallation.ShardCount));
        return Results.Ok();
    }

    private async Task PassOnAsync(string token, string method, HttpContext context)
    {
        if (Refused(method) is { } words)
        {
            context.Response.StatusCode = 400;
            await context.Response.WriteAsJsonAsync(new { ok = false, error_code = 400, description = words }, context.RequestAborted);
            return;
        }

        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), new Uri($"{Installation.SandboxAddress}/bot{token}/{method}{context.Request.QueryString}"));
        if (body.Length > 0)
        {
            request.Content = new ByteArrayContent(body.ToArray());
            request.Content.Headers.TryAddWithoutValidation("Content-Type", context.Request.ContentType);
        }

        using var response = await _sandbox.SendAsync(request, context.RequestAborted);
        var answer = await response.Content.ReadAsByteArrayAsync(context.RequestAborted);
        var told = context.Request.ContentType?.StartsWith("application/json", StringComparison.Ordinal) is true ? JsonNode.Parse(body.ToArray())!.AsObject() : [];
        Calls.Enqueue(new(token, method, told, (int)response.StatusCode, TimeProvider.System.GetUtcNow()));
        if (response.StatusCode is HttpStatusCode.OK)
            await Answered(method, told, context.RequestAborted);
        context.Response.StatusCode = (int)response.StatusCode;
        context.Response.ContentType = "application/json";
        await context.Response.Body.WriteAsync(answer, context.RequestAborted);
    }

    private async Task PassFileAsync(string token, string path, HttpContext context)
    {
        using var response = await _sandbox.GetAsync(new Uri($"{Installation.SandboxAddress}/file/bot{token}/{path}"), context.RequestAborted);
        context.Response.StatusCode = (int)response.StatusCode;
        await response.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
    }

    private async Task RelayAsync(CancellationToken ct)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        try
        {
            while (await timer.WaitForNextTickAsync(ct))
            {
                await using var command = Installation.Admin.CreateCommand("select count(*) from doors.relay_events(500)");
                await command.ExecuteNonQueryAsync(ct);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or NpgsqlException && ct.IsCancellationRequested)
        {
            // The test is over.
        }
    }
}
