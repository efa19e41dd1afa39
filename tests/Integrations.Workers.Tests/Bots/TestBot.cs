using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Integrations.Core.Ownership;
using Integrations.Core.Telegram.Bots;
using Integrations.Core.Telegram.Messages;
using Integrations.Core.Telegram.Sending;
using Integrations.Core.Tenancy;
using Integrations.Testing;

namespace Integrations.Workers.Tests.Bots;

/// <summary>A connected bot of the installation's customer, and the side of it that brings its updates.</summary>
public sealed class TestBot
{
    private readonly TestInstallation _installation;
    private long _updates;

    private TestBot(TestInstallation installation, string? token)
    {
        _installation = installation;
        Token = token ?? $"{Math.Abs(Random.Shared.Next())}:{Customer.NewId():N}";
    }

    public Guid Id { get; } = Customer.NewId();

    public int Shard => Shards.ShardOf(Id, TestInstallation.ShardCount);

    /// <summary>Unless one of the sandbox was given, none of Telegram's.</summary>
    public string Token { get; }

    public static async Task<TestBot> ConnectAsync(TestInstallation installation, string world = "sandbox", string? token = null)
    {
        var bot = new TestBot(installation, token);
        await bot.ExecuteAsync(
            $"""
             insert into integrations (id, tenant_id, user_id, integration_type, status) values ('{bot.Id}', '{installation.Customer.Tenant}', 1, 'telegram_bot', 'active');
             insert into telegram_bots (id, tenant_id, shard, world, telegram_user_id, username, token_fingerprint, hook_id, hook_secret_hash, token_sealed)
             values ('{bot.Id}', '{installation.Customer.Tenant}', {bot.Shard}, '{world}', {(token is null ? Math.Abs(bot.Id.GetHashCode()) : long.Parse(token.Split(':')[0], CultureInfo.InvariantCulture))}, 'test_bot', '{bot.Id}'::text::bytea, '{bot.Id:N}', '',
                     decode('{Convert.ToHexString(await bot.SealAsync())}', 'hex'));
             """);
        return bot;
    }

    /// <summary>Sends by way of the use case itself.</summary>
    public async Task<Guid> SendAsync(long chat, string text, Guid? replyTo = null) =>
        (await _installation.Customer.AskToSendAsync(new OutgoingMessage(null, new Recipient(ChatId: chat), text, replyTo, MessagePriority.Interactive) { BotId = Id }))[0];

    /// <summary>The same with files: the ids of all its messages.</summary>
    public Task<IReadOnlyList<Guid>> SendAsync(long chat, string text, params OutgoingMedia[] media) =>
        _installation.Customer.AskToSendAsync(new OutgoingMessage(null, new Recipient(ChatId: chat), text, null, MessagePriority.Interactive) { BotId = Id, Media = media });

    /// <summary>Sends again, as an operator does.</summary>
    public Task RetryAsync(Guid message)
    {
        var database = _installation.Customer.Database;
        return new RetryMessage(database, new FindMessage(database, null!), TimeProvider.System).ExecuteAsync(
            new Principal(_installation.Customer.Tenant, 1, Role.Owner, null, null), message, TestContext.Current.CancellationToken);
    }

    public Task<MessageSeen> UntilMessageAsync(Guid message, string status, TimeSpan? within = null) => _installation.Customer.UntilMessageAsync(message, status, within);

    private ValueTask<byte[]> SealAsync() => _installation.Secrets.ProtectAsync(
        TelegramBot.TokenAddress(_installation.Customer.Tenant, Id), Encoding.UTF8.GetBytes(Token), TestContext.Current.CancellationToken);

    /// <summary>Stores updates as the webhook's intake does, in order and without a ring.</summary>
    public Task StoreAsync(params IEnumerable<JsonObject> updates) =>
        ExecuteAsync(string.Concat(updates.Select(update =>
        {
            var id = ++_updates;
            update["update_id"] = id;
            var chat = (update.First().Value as JsonObject)?["chat"]?["id"] is { } number ? (long?)long.Parse(number.ToString(), CultureInfo.InvariantCulture) : null;
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
