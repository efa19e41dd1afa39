using System.Globalization;
using System.Text.Json.Nodes;
using Integrations.Core.Ownership;
using Integrations.Testing;

namespace Integrations.Workers.Tests.Bots;

/// <summary>A message of a bot as its row shows it.</summary>
public sealed record BotMessageSeen(string Status, string Direction, string Text, int? TelegramId, string? ErrorCode, int Attempts);

/// <summary>A connected bot of the installation's customer, and the side of it that brings its updates.</summary>
public sealed class TestBot
{
    private readonly TestInstallation _installation;
    private long _updates;

    private TestBot(TestInstallation installation) => _installation = installation;

    public Guid Id { get; } = Customer.NewId();

    public int Shard => Shards.ShardOf(Id, TestInstallation.ShardCount);

    public static async Task<TestBot> ConnectAsync(TestInstallation installation)
    {
        var bot = new TestBot(installation);
        await bot.ExecuteAsync(
            $"""
             insert into integrations (id, tenant_id, user_id, integration_type, status) values ('{bot.Id}', '{installation.Customer.Tenant}', 1, 'telegram_bot', 'active');
             insert into telegram_bots (id, tenant_id, shard, world, telegram_user_id, username, token_fingerprint, hook_id, hook_secret_hash)
             values ('{bot.Id}', '{installation.Customer.Tenant}', {bot.Shard}, 'sandbox', {Math.Abs(bot.Id.GetHashCode())}, 'test_bot', '{bot.Id}'::text::bytea, '{bot.Id:N}', '');
             """);
        return bot;
    }

    /// <summary>Stores updates as the webhook's intake does, in order and without a ring.</summary>
    public Task StoreAsync(params IEnumerable<JsonObject> updates) =>
        ExecuteAsync(string.Concat(updates.Select(update =>
        {
            var id = ++_updates;
            update["update_id"] = id;
            var chat = (update.First().Value as JsonObject)?["chat"]?["id"]?.GetValue<long>();
            return $"insert into telegram_bot_updates (bot_id, update_id, tenant_id, shard, chat_id, payload) values "
                + $"('{Id}', {id}, '{_installation.Customer.Tenant}', {Shard}, {chat?.ToString(CultureInfo.InvariantCulture) ?? "null"}, '{update.ToJsonString().Replace("'", "''", StringComparison.Ordinal)}');\n";
        })));

    /// <summary>The same, and rings.</summary>
    public async Task BringAsync(params JsonObject[] updates)
    {
        await StoreAsync(updates);
        await _installation.Customer.RingAsync(Shard);
    }

    public static JsonObject Message(long chat, int id, string text) => new()
    {
        ["message"] = new JsonObject
        {
            ["message_id"] = id,
            ["date"] = 1_790_000_000 + id,
            ["chat"] = ChatOf(chat),
            ["from"] = new JsonObject { ["id"] = Math.Abs(chat), ["is_bot"] = false, ["first_name"] = "Boris" },
            ["text"] = text,
        },
    };

    /// <summary>A message whose number is none.</summary>
    public static JsonObject Poison(long chat) => new() { ["message"] = new JsonObject { ["message_id"] = "none", ["date"] = 1_790_000_000, ["chat"] = ChatOf(chat) } };

    public static JsonObject ChatOf(long chat) => chat > 0
        ? new() { ["id"] = chat, ["type"] = "private", ["first_name"] = "Boris", ["last_name"] = "Belov", ["username"] = "boris" }
        : new() { ["id"] = chat, ["type"] = "supergroup", ["title"] = "Shop" };

    public Task<IReadOnlyList<string>> TextsAsync(string? where = null) =>
        _installation.Customer.RowsAsync($"select text from messages where bot_id = '{Id}' {where} order by seq");

    public Task<long> WaitingAsync() => _installation.ScalarAsync<long>($"select count(*) from telegram_bot_updates where bot_id = '{Id}' and processed_at is null");

    public Task UntilProcessedAsync(TimeSpan? within = null) =>
        Eventually.BecomesAsync("all updates of the bot are processed", _ => WaitingAsync(), count => count == 0, within);

    public Task ExecuteAsync(string sql) => _installation.ExecuteAsync(sql);
}
