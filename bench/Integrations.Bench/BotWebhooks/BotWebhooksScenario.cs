using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json;
using Integrations.Bench.Product;
using Npgsql;

namespace Integrations.Bench.BotWebhooks;

/// <summary>
/// Plays Telegram for a thousand bots on a copy of the product: brings updates at a fixed rate, whether or not they are answered in time; then kills the Api
/// and the workers amid it, and brings again what was not answered. In the end every update has to be one message, once, in its order.
/// </summary>
internal sealed class BotWebhooksScenario(BotWebhooksOptions options)
{
    private static readonly TimeSpan DrainLimit = TimeSpan.FromMinutes(10);

    private readonly Dictionary<string, double> _figures = new(StringComparer.Ordinal);
    private readonly long[] _updateIds = new long[options.Bots];

    public async Task<int> RunAsync(CancellationToken ct)
    {
        await using var telegram = await LoadedBots.StartAsync(ct);
        await using var product = await ProductProcess.StartNewAsync(
            ct, new Dictionary<string, string>(StringComparer.Ordinal) { ["TELEGRAM_BOT_API_URL"] = telegram.Address.AbsoluteUri });
        await using var database = NpgsqlDataSource.Create(product.Addresses.Database);
        var webhooks = await ConnectAsync(product, telegram, ct);
        var service = new IPEndPoint(IPAddress.Loopback, product.Addresses.Api.Port);

        // The compiler is paid by nobody who is counted.
        await LoadAsync(service, webhooks, TimeSpan.FromSeconds(options.WarmUpSeconds), null, ct);
        await DrainAsync(database, ct);

        var cpu = CpuSeconds(product);
        var measured = await LoadAsync(service, webhooks, TimeSpan.FromSeconds(options.Seconds), null, ct);
        _figures["drain_s"] = await DrainAsync(database, ct);
        _figures["cpu_s"] = CpuSeconds(product) - cpu;
        _figures["accepted"] = measured.Latencies.Count;
        measured.Latencies.Sort();
        foreach (var percent in (double[])[50, 99, 99.9])
            _figures[string.Create(CultureInfo.InvariantCulture, $"p{percent:0.#}_ms")] = At(measured.Latencies, percent);
        _figures["retries"] = measured.Retries;

        var killed = await LoadAsync(service, webhooks, TimeSpan.FromSeconds(options.KillSeconds), () => Kill(product), ct);
        _figures["kill_accepted"] = killed.Latencies.Count;
        _figures["kill_retries"] = killed.Retries;
        _figures["kill_drain_s"] = await DrainAsync(database, ct);

        var brought = _updateIds.Sum();
        var (processed, distinct, disordered) = await CountAsync(database, ct);
        _figures["processed"] = processed;
        _figures["lost"] = brought - distinct;
        _figures["duplicated"] = processed - distinct;
        _figures["out_of_order"] = disordered;
        var json = JsonSerializer.Serialize(_figures.ToDictionary(pair => pair.Key, pair => Math.Round(pair.Value, 2)), Json.Indented);
        Console.WriteLine(json);
        if (options.File is not null)
            await File.WriteAllTextAsync(options.File, json + "\n", ct);
        return brought == distinct && processed == distinct && disordered == 0 && killed.Retries > 0 ? 0 : 1;
    }

    private async Task<IReadOnlyList<Webhook>> ConnectAsync(ProductProcess product, LoadedBots telegram, CancellationToken ct)
    {
        var (office, _) = await Office.OpenAsync(product.Addresses, ct);
        await office.RaiseLimitsAsync(ct);
        await Parallel.ForAsync(0, options.Bots, new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = ct }, async (bot, inner) =>
        {
            var answer = await office.Api.PostAsync("api/v1/telegram/bots", new { bot_token = LoadedBots.TokenOf(IdOf(bot)) }, inner);
            if (answer.Expect(HttpStatusCode.Created).Body.Text("status") != "active")
                throw new ScenarioException($"a bot did not become active: {answer.Body?.ToJsonString()}");
        });
        return [.. Enumerable.Range(0, options.Bots).Select(bot => telegram.WebhookOf(IdOf(bot)))];
    }

    private static long IdOf(int bot) => 7_000_000_000L + bot;

    /// <summary>Brings updates for so long, at the rate; done when each has been answered with 200.</summary>
    /// <param name="halfway">Done once amid it.</param>
    private async Task<Brought> LoadAsync(IPEndPoint service, IReadOnlyList<Webhook> webhooks, TimeSpan length, Action? halfway, CancellationToken ct)
    {
        using var lines = new WebhookLines(service, webhooks, options.ChatsOfBot, options.Lines);
        await lines.RunAsync(options.Rate, length, _updateIds, halfway, ct);
        return new Brought(lines.Latencies, lines.Retries);
    }

    private static void Kill(ProductProcess product)
    {
        foreach (var resource in (string[])["api", "workers"])
        {
            if (product.Kill(resource).Count == 0)
                throw new ScenarioException($"no process of '{resource}' was there to be killed");
        }
    }

    /// <summary>Seconds until nothing waits in the inbox any more.</summary>
    private static async Task<double> DrainAsync(NpgsqlDataSource database, CancellationToken ct)
    {
        var began = Stopwatch.GetTimestamp();
        await using var waiting = database.CreateCommand("select exists (select from telegram_bot_updates where processed_at is null)");
        await Office.UntilAsync("the inbox is empty", async () => !(bool)(await waiting.ExecuteScalarAsync(ct))!, DrainLimit, ct);
        return Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    private static async Task<(long Messages, long Distinct, long Disordered)> CountAsync(NpgsqlDataSource database, CancellationToken ct)
    {
        await using var command = database.CreateCommand(
            """
            select count(*), count(distinct (bot_id, telegram_message_id)), count(*) filter (where telegram_message_id < before)
              from (select bot_id, telegram_message_id, lag(telegram_message_id) over (partition by dialog_id order by seq) as before
                      from messages where direction = 'telegram_bot_in') m
            """);
        command.CommandTimeout = 120;
        await using var reader = await command.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        return (reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2));
    }

    private static double CpuSeconds(ProductProcess product)
    {
        var used = TimeSpan.Zero;
        foreach (var pid in (int[])[.. ProductAddresses.Read(product.DataDirectory).Pids("api"), .. ProductAddresses.Read(product.DataDirectory).Pids("workers")])
        {
            using var process = Process.GetProcessById(pid);
            used += process.TotalProcessorTime;
        }

        return used.TotalSeconds;
    }

    private static double At(List<double> sorted, double percent) => sorted[(int)Math.Ceiling(percent / 100 * sorted.Count) - 1];

    private sealed record Brought(List<double> Latencies, int Retries);
}

/// <summary>How much is brought.</summary>
internal sealed record BotWebhooksOptions
{
    public required int Bots { get; init; }

    /// <summary>Updates a second, of all bots together.</summary>
    public required int Rate { get; init; }

    public required int Seconds { get; init; }

    public required string? File { get; init; }

    public int WarmUpSeconds { get; init; } = 20;

    /// <summary>How long updates come while the processes are killed and start again.</summary>
    public int KillSeconds { get; init; } = 20;

    public int ChatsOfBot { get; init; } = 20;

    /// <summary>Connections to the service.</summary>
    public int Lines { get; init; } = 500;
}
