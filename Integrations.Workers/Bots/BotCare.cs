using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Integrations.Core.Errors;
using Integrations.Core.Ownership;
using Integrations.Core.Persistence;
using Integrations.Core.Secrets;
using Integrations.Core.Telegram.BotApi;
using Integrations.Core.Telegram.Bots;
using Integrations.Core.Tenancy;
using Npgsql;

namespace Integrations.Workers.Bots;

/// <summary>Looks after the bots of the shards that this worker holds: registers those anew whose updates go elsewhere, and tries their tokens.</summary>
/// <remarks>
/// Telegram is asked before it is told anything: after a restart thousands of bots are registered as they should be, and setting a webhook is what
/// Telegram limits. A bot that this worker has not looked at yet is due at once, so a start and a hand-over need nothing of their own.
/// </remarks>
internal sealed partial class BotCare : BackgroundService
{
    /// <summary>Bots that are looked at side by side.</summary>
    private const int AtOnce = 8;

    private static readonly TimeSpan LongestTick = TimeSpan.FromSeconds(15);

    /// <summary>For bots that are not well, and after a look that came to nothing.</summary>
    private static readonly TimeSpan RetryAfter = TimeSpan.FromMinutes(5);

    /// <summary>A bot this young is being registered by whoever connects it.</summary>
    private static readonly TimeSpan Newborn = TimeSpan.FromMinutes(1);

    private readonly TenantDatabase _database;
    private readonly ShardLeases _leases;
    private readonly BotApiClient _api;
    private readonly RegisterWebhook _webhook;
    private readonly TelegramBotOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<BotCare> _logger;
    private readonly Counter<long> _looks;

    /// <summary>The last looks of this worker; a bot that is not in it is due now.</summary>
    private readonly ConcurrentDictionary<Guid, LastLook> _looked = new();

    public BotCare(
        TenantDatabase database,
        ShardLeases leases,
        BotApiClient api,
        RegisterWebhook webhook,
        TelegramBotOptions options,
        TimeProvider time,
        IMeterFactory meters,
        ILogger<BotCare> logger)
    {
        (_database, _leases, _api, _webhook, _options, _time, _logger) = (database, leases, api, webhook, options, time, logger);
        _looks = meters.Create("Integrations.Bots").CreateCounter<long>("bot_looks_total", description: "Looks at bots, by what came of them: fine, registered, error or unanswered.");
    }

    /// <summary>Looks once at each bot that is due.</summary>
    private async Task PassAsync(CancellationToken ct)
    {
        var claims = _leases.Held.ToDictionary(claim => claim.Shard);
        var bots = claims.Count == 0 ? [] : await ListAsync([.. claims.Keys], ct);
        var here = bots.Select(bot => bot.Id).ToHashSet();
        foreach (var (gone, _) in _looked.Where(look => !here.Contains(look.Key)))
            _looked.TryRemove(gone, out _);

        await Parallel.ForEachAsync(
            bots.Where(IsDue),
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = ct },
            async (bot, token) =>
            {
                if (!_leases.MayWrite(claims[bot.Shard]))
                    return;
                var wait = await TryAsync(bot, claims[bot.Shard], token);
                var now = _time.GetUtcNow();
                _looked[bot.Id] = new(now, now + wait);
            });
    }

    private bool IsDue(OwnedBot bot)
    {
        if (!_looked.TryGetValue(bot.Id, out var last))
            return true;

        var now = _time.GetUtcNow();
        var interval = bot.IsWell || _options.LookInterval < RetryAfter ? _options.LookInterval : RetryAfter;
        return now >= last.NotBefore && now >= last.At + interval;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(_options.LookInterval < LongestTick ? _options.LookInterval : LongestTick, _time);
        do
        {
            try
            {
                await PassAsync(stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                // An exception that leaves ExecuteAsync stops the whole host; the next tick tries again.
                LogPassFailed(e);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    /// <returns>How long the bot is left alone at least.</returns>
    private async Task<TimeSpan> TryAsync(OwnedBot owned, ShardClaim claim, CancellationToken ct)
    {
        try
        {
            return await LookAsync(owned, claim, ct);
        }
        catch (StaleEpochException)
        {
            // Somebody else looks after it now.
            return RetryAfter;
        }
        catch (Exception e) when (e is NpgsqlException or SecretUnavailableException)
        {
            Count("unanswered");
            LogLookFailed(owned.Id, e);
            return RetryAfter;
        }
    }

    private async Task<TimeSpan> LookAsync(OwnedBot owned, ShardClaim claim, CancellationToken ct)
    {
        var found = await _database.InTenantAsync(owned.Tenant, transaction => transaction.Db.TelegramBots.FindAsync([owned.Id], ct).AsTask(), ct);
        if (found is not { IsActive: true, DeletedAt: null } bot)
            return TimeSpan.Zero;
        if (bot.RegisteredAt is null && _time.GetUtcNow() - bot.CreatedAt < Newborn)
            return TimeSpan.Zero;

        var look = new Look();
        try
        {
            await AskAsync(bot, look, ct);
        }
        catch (BotApiException e) when (e.IsPassing)
        {
            // Nothing is known of the bot now; what was known stays.
            Count("unanswered");
            LogUnanswered(owned.Id, e.Message);
            return e.RetryAfter is { } asked && asked > RetryAfter ? asked : RetryAfter;
        }
        catch (BotApiException e)
        {
            look.Refusal = e.AsRefusal();
        }
        catch (IntegrationException e)
        {
            look.Refusal = e;
        }

        Count(look.Refusal is not null ? "error" : look.Registered ? "registered" : "fine");
        await BotLooks.WriteAsync(_database, owned.Tenant, owned.Id, claim, look.User, look.Webhook, look.Registered, look.Refusal, _time.GetUtcNow(), ct);
        return TimeSpan.Zero;
    }

    private async Task AskAsync(TelegramBot bot, Look look, CancellationToken ct)
    {
        var token = await _webhook.TokenOfAsync(bot, ct);
        if (bot.CheckedAt is not { } at || at + _options.HealthInterval <= _time.GetUtcNow())
            look.User = await _api.GetMeAsync(token, ct);
        look.Webhook = await _api.GetWebhookInfoAsync(token, ct);
        if (_webhook.IsOurs(bot, look.Webhook))
            return;

        await _webhook.SetAsync(bot, ct);
        look.Registered = true;
    }

    private Task<List<OwnedBot>> ListAsync(int[] shards, CancellationToken ct) => _database.ThroughDoorsAsync(
        async (connection, transaction) =>
        {
            await using var command = new NpgsqlCommand("select tenant_id, id, shard, is_well from doors.bots_of_shards($1, $2)", connection, transaction);
            command.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = shards });
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Words.Of(_options.World) });
            await using var reader = await command.ExecuteReaderAsync(ct);
            List<OwnedBot> bots = [];
            while (await reader.ReadAsync(ct))
                bots.Add(new(new TenantId(reader.GetGuid(0)), reader.GetGuid(1), reader.GetInt32(2), reader.GetBoolean(3)));
            return bots;
        },
        ct);

    private void Count(string result) => _looks.Add(1, new KeyValuePair<string, object?>("result", result));

    [LoggerMessage(EventId = 4300, Level = LogLevel.Error, Message = "Looking after bots failed; the next tick tries again")]
    private partial void LogPassFailed(Exception exception);

    [LoggerMessage(EventId = 4301, Level = LogLevel.Warning, Message = "Bot {BotId} could not be looked at")]
    private partial void LogLookFailed(Guid botId, Exception exception);

    [LoggerMessage(EventId = 4302, Level = LogLevel.Information, Message = "Telegram told nothing of bot {BotId}: {Reason}")]
    private partial void LogUnanswered(Guid botId, string reason);

    private sealed record OwnedBot(TenantId Tenant, Guid Id, int Shard, bool IsWell);

    private sealed record LastLook(DateTimeOffset At, DateTimeOffset NotBefore);

    /// <summary>What one look has found so far: half of it is worth writing down, too.</summary>
    private sealed class Look
    {
        public BotUser? User { get; set; }

        public WebhookInfo? Webhook { get; set; }

        public bool Registered { get; set; }

        public IntegrationException? Refusal { get; set; }
    }
}
