using System.Collections.Concurrent;
using System.Text;
using Integrations.Core.Ownership;
using Integrations.Core.Persistence;
using Integrations.Core.Secrets;
using Integrations.Core.Telegram.BotApi;
using Integrations.Core.Telegram.Bots;
using Integrations.Core.Tenancy;
using Integrations.Workers.Media;
using Integrations.Workers.Postgres;
using Npgsql;

namespace Integrations.Workers.Bots;

/// <summary>Fetches the files of what the bots of one shard have received, beside their receiving and sending.</summary>
internal sealed partial class BotFiles(ShardClaim claim, Action wake, BotTools tools)
{
    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(5);

    private readonly FetchesUnderWay _running = new();

    /// <summary>Bots that Telegram asked for patience, and until when.</summary>
    private readonly ConcurrentDictionary<Guid, DateTimeOffset> _resting = new();
    private readonly ILogger<BotFiles> _logger = tools.Logger<BotFiles>();

    /// <summary>Where the place of a file is sealed to.</summary>
    public static SecretAddress AddressOf(TenantId tenant, Guid media) => new(tenant, "media", "location_sealed", media);

    /// <summary>Begins to fetch what is due, as far as there is room.</summary>
    /// <exception cref="StaleEpochException">The shard has passed on.</exception>
    public async Task PassAsync(CancellationToken ct)
    {
        foreach (var (bot, _) in _resting.Where(pair => pair.Value <= tools.Time.GetUtcNow()))
            _resting.TryRemove(bot, out _);

        var busy = _running.Ids;
        if (tools.Fetching.FetchesAtOnce - busy.Length is not (> 0 and var room))
            return;
        foreach (var file in await WaitingAsync(busy, room, ct))
            _running.Start(file.File.Id, () => FetchAsync(file, ct), wake);
    }

    /// <summary>After the token of the passes was cancelled: until nothing runs any more.</summary>
    public Task EndAsync() => _running.EndAsync();

    private async Task FetchAsync(BotFileRow row, CancellationToken ct)
    {
        try
        {
            if (await tools.Fetch.ExecuteAsync(row.File, claim, token => OpenAsync(row, token), ct) is { } wait)
                _resting[row.BotId] = tools.Time.GetUtcNow() + wait;
        }
        catch (Exception e) when (!ct.IsCancellationRequested && e is not StaleEpochException)
        {
            _resting[row.BotId] = tools.Time.GetUtcNow() + AfterFailure;
            LogUnsettled(_logger, e, row.File.Id);
        }
    }

    private async Task<Stream?> OpenAsync(BotFileRow row, CancellationToken ct)
    {
        if (row.Location is null || row.Token is null)
            return null;

        var token = BotToken.Parse(await OpenAsync(TelegramBot.TokenAddress(row.File.Tenant, row.BotId), row.Token, ct));
        var fileId = await OpenAsync(AddressOf(row.File.Tenant, row.File.Id), row.Location, ct);
        var file = await tools.Telemetry.MeasureAsync("getFile", () => tools.Api.GetFileAsync(token, fileId, ct));
        return file.FilePath is { } path ? await tools.Api.OpenFileAsync(token, path, ct) : null;
    }

    private async Task<string> OpenAsync(SecretAddress address, byte[] ciphertext, CancellationToken ct) =>
        Encoding.UTF8.GetString(await tools.Secrets.UnprotectAsync(address, ciphertext, ct));

    private Task<List<BotFileRow>> WaitingAsync(Guid[] busy, int limit, CancellationToken ct) => tools.Database.ThroughDoorsAsync(
        async (connection, transaction) =>
        {
            await using var command = new NpgsqlCommand(
                "select media_id, tenant_id, bot_id, attempts, location_sealed, token_sealed, passed_on from doors.waiting_bot_files($1, $2, $3, $4, $5, $6, $7)", connection, transaction)
                .With(claim.Shard).With(claim.Epoch).With(Words.Of(tools.Telegram.World)).With(busy).With(_resting.Keys.ToArray()).With(limit).With(tools.Fetching.FetchesOfOne);
            List<BotFileRow> waiting = [];
            try
            {
                await using var reader = await command.ExecuteReaderAsync(ct);
                while (await reader.ReadAsync(ct))
                {
                    waiting.Add(new BotFileRow(
                        new WaitingFile(reader.GetGuid(0), new TenantId(reader.GetGuid(1)), reader.GetInt32(3)) { IsPassedOn = reader.GetBoolean(6) },
                        reader.GetGuid(2),
                        await reader.ReferenceAsync<byte[]>(4, ct),
                        await reader.ReferenceAsync<byte[]>(5, ct)));
                }
            }
            catch (PostgresException e) when (e.SqlState == StaleEpochException.SqlState)
            {
                throw new StaleEpochException(claim, e);
            }

            return waiting;
        },
        ct);

    [LoggerMessage(EventId = 4421, Level = LogLevel.Warning, Message = "What became of file {MediaId} could not be stored; it is fetched again")]
    private static partial void LogUnsettled(ILogger logger, Exception exception, Guid mediaId);

    private sealed record BotFileRow(WaitingFile File, Guid BotId, byte[]? Location, byte[]? Token);
}
