using System.Text;
using Integrations.Api.Tests.Host;
using Integrations.Core.Refusals;
using Integrations.Core.Secrets;
using Integrations.Core.Telegram.Bots;
using Integrations.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Integrations.Api.Tests.Bots;

/// <summary>Where Telegram brings updates, called as Telegram calls it, and as somebody calls it who is not Telegram.</summary>
[Collection(ApiCollection.Name)]
public sealed class BotHookTests(ApiHost host)
{
    private const string SecretHeader = "X-Telegram-Bot-Api-Secret-Token";
    private static int _lastUpdate;

    /// <summary>A connected bot, with what only Telegram knows.</summary>
    private sealed record Hooked(Guid Tenant, Guid Id, string Token, string Hook, string Secret);

    [Fact]
    public async Task An_update_is_stored_whole_when_it_is_answered_and_once_however_often_it_comes()
    {
        var bot = await ConnectAsync();
        var update = NewUpdate(out var id, chat: 7);

        for (var i = 0; i < 3; i++)
            Assert.Equal(200, (await BringAsync($"/webhooks/telegram/{bot.Hook}", bot.Secret, update)).Status);

        Assert.Equal(1L, await host.ScalarAsync<long>("select count(*) from telegram_bot_updates where bot_id = $1 and update_id = $2 and chat_id = 7 and payload = $3::jsonb and tenant_id = $4", bot.Id, id, update, bot.Tenant));
    }

    [Fact]
    public async Task Nothing_is_answered_before_it_is_stored()
    {
        var bot = await ConnectAsync();
        await using var connection = await host.Admin.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using (var hold = new Npgsql.NpgsqlCommand("lock table telegram_bot_updates in exclusive mode", connection, transaction))
            await hold.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        var bringing = BringAsync($"/webhooks/telegram/{bot.Hook}", bot.Secret, NewUpdate(out var id));
        await Eventually.BecomesAsync(
            "the writer waits for the table",
            _ => host.ScalarAsync<long>("select count(*) from pg_locks where relation = 'telegram_bot_updates'::regclass and not granted"),
            waiting => waiting > 0);
        // An answer that was on its way has come by the time of others that were asked for later.
        using (var other = host.Anonymous())
        {
            for (var i = 0; i < 5; i++)
                (await other.GetAsync("/api/v1/health/liveness")).Expect(200);
        }

        Assert.False(bringing.IsCompleted);
        await transaction.RollbackAsync(TestContext.Current.CancellationToken);
        Assert.Equal(200, (await bringing).Status);
        Assert.Equal(1L, await host.ScalarAsync<long>("select count(*) from telegram_bot_updates where bot_id = $1 and update_id = $2", bot.Id, id));
    }

    [Fact]
    public async Task Many_at_once_are_all_stored()
    {
        var bots = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => ConnectAsync()));

        var answers = await Task.WhenAll(bots.SelectMany(bot => Enumerable.Range(0, 25).Select(_ => BringAsync($"/webhooks/telegram/{bot.Hook}", bot.Secret, NewUpdate(out var _, chat: 7)))));

        Assert.All(answers, answer => Assert.Equal(200, answer.Status));
        Assert.Equal(100L, await host.ScalarAsync<long>("select count(*) from telegram_bot_updates where bot_id = any ($1)", bots.Select(bot => bot.Id).ToArray()));
    }

    [Fact]
    public async Task A_wrong_secret_is_refused_told_to_the_tenant_and_stores_nothing()
    {
        var bot = await ConnectAsync();

        foreach (var secret in new[] { null, "", "wrong", bot.Secret + "x" })
            (await BringAsync($"/webhooks/telegram/{bot.Hook}", secret, NewUpdate(out var _))).Expect(401, "UNAUTHENTICATED");

        Assert.Equal(0L, await host.ScalarAsync<long>("select count(*) from telegram_bot_updates where bot_id = $1", bot.Id));
        await host.Services.GetRequiredService<RefusalLog>().FlushAsync(TestContext.Current.CancellationToken);
        Assert.Equal(4L, await host.ScalarAsync<long>("select sum(times)::bigint from refusals where tenant_id = $1 and kind = 'signature' and route = 'TakeBotUpdate'", bot.Tenant));
    }

    [Theory]
    [InlineData("/webhooks/telegram/nothing")]
    [InlineData("/webhooks/telegram/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("/webhooks/telegram/1:secret-of-nobody")]
    [InlineData("/api/integrations/webhooks/telegram/1:secret-of-nobody/")]
    public async Task An_address_that_is_nobodys_tells_nothing(string path)
    {
        var answer = (await BringAsync(path, "any", NewUpdate(out var _))).Expect(404, "NOT_FOUND");

        Assert.DoesNotContain("secret-of-nobody", answer.Raw, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/webhooks/telegram/{0}/")]
    [InlineData("/api/integrations/webhooks/telegram/{0}/")]
    public async Task The_older_addresses_are_taken_by_the_token_and_the_secret(string form)
    {
        var bot = await ConnectAsync();
        var path = string.Format(System.Globalization.CultureInfo.InvariantCulture, form, bot.Token);

        var refused = (await BringAsync(path, null, NewUpdate(out var _))).Expect(401, "UNAUTHENTICATED");
        Assert.Equal(200, (await BringAsync(path, bot.Secret, NewUpdate(out var id))).Status);

        Assert.DoesNotContain(bot.Token[^20..], refused.Raw, StringComparison.Ordinal);
        Assert.Equal(1L, await host.ScalarAsync<long>("select count(*) from telegram_bot_updates where bot_id = $1 and update_id = $2", bot.Id, id));
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("""{"message":{}}""")]
    public async Task What_is_no_update_is_refused(string body)
    {
        var bot = await ConnectAsync();

        (await BringAsync($"/webhooks/telegram/{bot.Hook}", bot.Secret, body)).Expect(400, "BODY_INVALID");
    }

    [Fact]
    public async Task An_update_that_the_database_would_not_take_is_stored_without_what_it_does_not_take()
    {
        var bot = await ConnectAsync();

        Assert.Equal(200, (await BringAsync($"/webhooks/telegram/{bot.Hook}", bot.Secret, """{"update_id":1,"message":{"text":"a\u0000b\ud83d"}}""")).Status);

        Assert.Equal("a\ufffdb\ufffd", await host.ScalarAsync<string>("select payload -> 'message' ->> 'text' from telegram_bot_updates where bot_id = $1", bot.Id));
    }

    /// <summary>A number that jsonb does not hold; whatever comes in the same moment is stored all the same.</summary>
    [Fact]
    public async Task One_update_that_cannot_be_stored_keeps_no_other_out()
    {
        var bot = await ConnectAsync();
        string[] updates = [.. Enumerable.Range(0, 12).Select(_ => NewUpdate(out var _)), """{"update_id":1,"message":{"n":1e400000}}""", .. Enumerable.Range(0, 12).Select(_ => NewUpdate(out var _))];

        var answers = await Task.WhenAll(updates.Select(update => BringAsync($"/webhooks/telegram/{bot.Hook}", bot.Secret, update)));

        Assert.Equal(24, answers.Count(answer => answer.Status == 200));
        Assert.Single(answers, answer => answer.Code == "BODY_INVALID");
        Assert.Equal(24L, await host.ScalarAsync<long>("select count(*) from telegram_bot_updates where bot_id = $1", bot.Id));
    }

    [Fact]
    public async Task A_body_longer_than_a_mebibyte_is_refused()
    {
        var bot = await ConnectAsync();

        (await BringAsync($"/webhooks/telegram/{bot.Hook}", bot.Secret, $$"""{"update_id":1,"x":"{{new string('x', 1024 * 1024)}}"}""")).Expect(413, "BODY_TOO_LARGE");
    }

    [Fact]
    public async Task A_flood_of_one_bot_is_told_to_come_later_and_no_other_bot_feels_it()
    {
        var (flooding, calm) = (await ConnectAsync(), await ConnectAsync());
        var answers = new List<Answer>();

        for (var i = 0; i < 40; i++)
            answers.Add(await BringAsync($"/webhooks/telegram/{flooding.Hook}", flooding.Secret, NewUpdate(out var _)));

        var refused = answers.First(answer => answer.Status != 200).Expect(429, "RATE_LIMITED");
        Assert.InRange((int)refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
        Assert.InRange(answers.Count(answer => answer.Status == 200), 30, 39);
        Assert.Equal(200, (await BringAsync($"/webhooks/telegram/{calm.Hook}", calm.Secret, NewUpdate(out var _))).Status);
    }

    [Fact]
    public async Task Whoever_guesses_addresses_has_no_more_tries_than_any_stranger_and_Telegram_is_not_held_up_by_him()
    {
        var bot = await ConnectAsync();
        await using var copy = host.StartCopy(("RateLimits:Anonymous", "1"));
        using var stranger = new TestClient(copy.Address, null);

        var guesses = new List<int>();
        for (var i = 0; i < 4; i++)
            guesses.Add((await stranger.PostAsync("/webhooks/telegram/guess", """{"update_id":1}""")).Status);
        var telegrams = await stranger.PostAsync($"/webhooks/telegram/{bot.Hook}", NewUpdate(out var _), (SecretHeader, bot.Secret));

        Assert.Contains(429, guesses);
        Assert.Equal(200, telegrams.Status);
    }

    [Fact]
    public async Task A_bot_that_was_deactivated_takes_nothing_any_more_in_any_copy()
    {
        var bot = await ConnectAsync();
        await using var copy = host.StartCopy();
        using var telegram = new TestClient(copy.Address, null);
        Assert.Equal(200, (await telegram.PostAsync($"/webhooks/telegram/{bot.Hook}", NewUpdate(out var _), (SecretHeader, bot.Secret))).Status);
        using var admin = host.User(1, "admin", bot.Tenant);
        (await admin.PostAsync($"/api/v1/telegram/bots/{bot.Id}/deactivate")).Expect(200);

        (await BringAsync($"/webhooks/telegram/{bot.Hook}", bot.Secret, NewUpdate(out var _))).Expect(404, "NOT_FOUND");
        await Eventually.BecomesAsync(
            "the other copy has forgotten it, too",
            _ => telegram.PostAsync($"/webhooks/telegram/{bot.Hook}", NewUpdate(out var _), (SecretHeader, bot.Secret)),
            answer => answer.Status == 404);
    }

    [Fact]
    public async Task When_too_many_wait_Telegram_is_told_to_come_again_and_nothing_that_was_answered_is_lost()
    {
        var bot = await ConnectAsync();
        await using var copy = host.StartCopy(("TelegramBots:MaxWaiting", "1"), ("TelegramBots:UpdatesPerMinute", "1000"));
        using var telegram = new TestClient(copy.Address, null);

        await using var connection = await host.Admin.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using (var hold = new Npgsql.NpgsqlCommand("lock table telegram_bot_updates in exclusive mode", connection, transaction))
            await hold.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        var bringing = Enumerable.Range(0, 10).Select(_ => telegram.PostAsync($"/webhooks/telegram/{bot.Hook}", NewUpdate(out var _), (SecretHeader, bot.Secret))).ToList();
        var first = await await Task.WhenAny(bringing);
        await transaction.RollbackAsync(TestContext.Current.CancellationToken);
        var answers = await Task.WhenAll(bringing);

        first.Expect(503, "SERVICE_UNAVAILABLE");
        Assert.NotNull(first.Headers.RetryAfter);
        Assert.Equal((long)answers.Count(answer => answer.Status == 200), await host.ScalarAsync<long>("select count(*) from telegram_bot_updates where bot_id = $1", bot.Id));
    }

    [Fact]
    public async Task While_the_database_hangs_Telegram_is_told_to_bring_all_again_and_nothing_is_stored_by_halves()
    {
        var bot = await ConnectAsync();
        var connection = host.Services.GetRequiredService<IConfiguration>()["ConnectionStrings:integrations"];
        await using var copy = host.StartCopy(("ConnectionStrings:integrations", $"{connection};Command Timeout=1"), ("TelegramBots:UpdatesPerMinute", "1000"));
        using var telegram = new TestClient(copy.Address, null);
        string[] updates = [.. Enumerable.Range(0, 10).Select(_ => NewUpdate(out var _))];
        await using var hung = await HeldRows.HoldAsync(host.Admin, "lock table telegram_bot_updates in exclusive mode");

        var answers = await Task.WhenAll(updates.Select(BringAsync));
        Assert.All(answers, answer => Assert.NotNull(answer.Expect(503, "SERVICE_UNAVAILABLE").Headers.RetryAfter));
        await hung.LetGoAsync();
        Assert.Equal(0L, await host.ScalarAsync<long>("select count(*) from telegram_bot_updates where bot_id = $1", bot.Id));

        Assert.All(await Task.WhenAll(updates.Select(BringAsync)), answer => Assert.Equal(200, answer.Status));
        Assert.Equal(10L, await host.ScalarAsync<long>("select count(*) from telegram_bot_updates where bot_id = $1", bot.Id));

        Task<Answer> BringAsync(string update) => telegram.PostAsync($"/webhooks/telegram/{bot.Hook}", update, (SecretHeader, bot.Secret));
    }

    private Task<Answer> BringAsync(string path, string? secret, string update)
    {
        var telegram = host.Anonymous();
        return Bring();

        async Task<Answer> Bring()
        {
            using (telegram)
                return await telegram.PostAsync(path, update, secret is null ? [] : [(SecretHeader, secret)]);
        }
    }

    private static string NewUpdate(out int id, long chat = 5)
    {
        id = 1000 + Interlocked.Increment(ref _lastUpdate);
        return $$$"""{"update_id":{{{id}}},"message":{"message_id":{{{id}}},"chat":{"id":{{{chat}}},"type":"private"},"text":"hello"}}""";
    }

    private async Task<Hooked> ConnectAsync()
    {
        var made = host.Telegram.MakeBot();
        var tenant = await host.AddTenantAsync();
        using var admin = host.User(1, "admin", tenant);
        var id = (await admin.PostAsync("/api/v1/telegram/bots", new { bot_token = made.Token })).Expect(201).Id();
        var hook = await host.ScalarAsync<string>("select hook_id from telegram_bots where id = $1", id);
        var secret = await host.Services.GetRequiredService<ISecretProtector>().UnprotectAsync(
            TelegramBot.HookSecretAddress(new Core.Tenancy.TenantId(tenant), id),
            await host.ScalarAsync<byte[]>("select hook_secret_sealed from telegram_bots where id = $1", id), TestContext.Current.CancellationToken);
        return new(tenant, id, made.Token, hook, Encoding.UTF8.GetString(secret));
    }
}
