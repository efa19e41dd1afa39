using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using Integrations.Core.Tenancy;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Integrations.Core.Secrets.Rotation;

/// <summary>What one pass has done.</summary>
/// <param name="Tenants">Whose keys were looked at.</param>
/// <param name="Made">New data keys.</param>
/// <param name="Resealed">Secrets that are under a newer key now.</param>
/// <param name="Left">Secrets that stay under an old key, because they do not open.</param>
/// <param name="Trimmed">Data keys that were forgotten.</param>
/// <param name="Unavailable">Tenants whose own key is gone or out of reach.</param>
public sealed record RotationReport(int Tenants, int Made, int Resealed, int Left, int Trimmed, int Unavailable);

/// <summary>
/// Gives each tenant a new data key when its newest has served <see cref="SecretsOptions.RotateAfter"/>, seals under it what lies under an
/// older one, and forgets those under which nothing lies when they are older than the oldest kept backup.
/// </summary>
/// <remarks>
/// It can be stopped at any point: a secret is replaced in one statement, if it is still the one that was opened, and the key that it lay
/// under outlives it. So it needs no epoch either: whatever the owner of an account writes meanwhile stays.
/// </remarks>
internal sealed partial class SecretRotation
{
    private const int BatchSize = 100;

    private readonly TenantDatabase _database;
    private readonly DataKeys _keys;
    private readonly ISecretProtector _secrets;
    private readonly SecretsOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<SecretRotation> _logger;
    private readonly Counter<long> _made;
    private readonly Counter<long> _resealed;
    private readonly Counter<long> _trimmed;

    /// <summary>The newest key of each tenant that has nothing under older ones any more; saves looking again.</summary>
    private readonly Dictionary<TenantId, int> _clean = [];
    private volatile int _left;
    private volatile int _unavailable;

    public SecretRotation(
        TenantDatabase database, DataKeys keys, ISecretProtector secrets, SecretsOptions options, TimeProvider time, IMeterFactory meters, ILogger<SecretRotation> logger)
    {
        (_database, _keys, _secrets, _options, _time, _logger) = (database, keys, secrets, options, time, logger);
        var meter = meters.Create("Integrations.Secrets");
        _made = meter.CreateCounter<long>("data_keys_made", description: "Data keys that rotation has made.");
        _resealed = meter.CreateCounter<long>("secrets_resealed", description: "Secrets that rotation has sealed under a newer data key.");
        _trimmed = meter.CreateCounter<long>("data_keys_trimmed", description: "Data keys that rotation has forgotten.");
        meter.CreateObservableGauge("secrets_not_resealed", () => _left, description: "Secrets that the last pass left under an old key, because they did not open.");
        meter.CreateObservableGauge("data_key_tenants_unavailable", () => _unavailable, description: "Tenants whose own key the last pass could not use.");
    }

    /// <param name="force">A new data key for everybody, however young the newest is.</param>
    public async Task<RotationReport> RunAsync(bool force, CancellationToken ct)
    {
        var report = new RotationReport(0, 0, 0, 0, 0, 0);
        foreach (var holder in await HoldersAsync(ct))
        {
            report = report with { Tenants = report.Tenants + 1 };
            try
            {
                report = await RotateAsync(holder, force, report, ct);
            }
            catch (SecretUnavailableException e)
            {
                // An erased tenant stays like this, and the others go on.
                LogUnavailable(holder.Tenant.Value, e.Message);
                report = report with { Unavailable = report.Unavailable + 1 };
                // It is so for all of them, and the next pass knows more.
                if (e.Obstacle is SecretObstacle.Sealed)
                    break;
            }
        }

        (_left, _unavailable) = (report.Left, report.Unavailable);
        if (report is not { Made: 0, Resealed: 0, Trimmed: 0 })
            LogDone(report.Made, report.Resealed, report.Trimmed);
        return report;
    }

    private async Task<RotationReport> RotateAsync(Holder holder, bool force, RotationReport report, CancellationToken ct)
    {
        var (newest, since) = (holder.Newest, holder.NewestAt);
        if (force || _time.GetUtcNow() - since >= _options.RotateAfter)
        {
            var renewed = await _keys.RenewAsync(holder.Tenant, force, ct);
            (newest, since) = (renewed.Version, renewed.CreatedAt);
        }

        if (newest != holder.Newest)
        {
            _made.Add(1);
            report = report with { Made = report.Made + 1 };
        }
        else if (holder.SupersededAt is null)
        {
            return report;
        }

        if (_clean.GetValueOrDefault(holder.Tenant) != newest)
        {
            var began = _time.GetUtcNow();
            var left = 0;
            foreach (var column in SealedColumns.All)
            {
                var (resealed, notOpened) = await ResealAsync(holder.Tenant, column, newest, ct);
                report = report with { Resealed = report.Resealed + resealed, Left = report.Left + notOpened };
                left += notOpened;
            }

            // Others seal with the key before it until the one in their memory runs out.
            if (left == 0 && began - since > _options.KeyCacheLifetime)
                _clean[holder.Tenant] = newest;
        }

        if (!(holder.SupersededAt < _time.GetUtcNow() - _options.KeepKeysFor))
            return report;

        var trimmed = await TrimAsync(holder.Tenant, newest, ct);
        _trimmed.Add(trimmed);
        return report with { Trimmed = report.Trimmed + trimmed };
    }

    private async Task<(int Resealed, int Left)> ResealAsync(TenantId tenant, SealedColumn column, int newest, CancellationToken ct)
    {
        var (resealed, left) = (0, 0);
        var after = Guid.Empty;
        while (true)
        {
            var batch = await OlderAsync(tenant, column, newest, after, ct);
            var changes = new List<(Guid Id, byte[] Before, byte[] After)>(batch.Count);
            foreach (var (id, row, before) in batch)
            {
                try
                {
                    changes.Add((id, before, await ResealAsync(column.AddressOf(tenant, row), before, ct)));
                }
                catch (SecretUnavailableException e) when (e.Obstacle is SecretObstacle.Lasting)
                {
                    LogLeft(e.Message);
                    left++;
                }
            }

            var written = await ReplaceAsync(tenant, column, changes, ct);
            _resealed.Add(written);
            resealed += written;
            if (batch.Count < BatchSize)
                return (resealed, left);

            after = batch[^1].Id;
        }
    }

    private async Task<byte[]> ResealAsync(SecretAddress address, byte[] before, CancellationToken ct)
    {
        var clear = await _secrets.UnprotectAsync(address, before, ct);
        try
        {
            return await _secrets.ProtectAsync(address, clear, ct);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(clear);
        }
    }

    /// <summary>Ciphertexts carry the version of their key from the third byte on, most significant byte first.</summary>
    private Task<List<(Guid Id, Guid Row, byte[] Sealed)>> OlderAsync(TenantId tenant, SealedColumn column, int newest, Guid after, CancellationToken ct) =>
        _database.InTenantAsync(
            tenant,
            async transaction =>
            {
                await using var command = transaction.Command(
                    $"""
                     select id, {column.Row}, {column.Column} from {column.Table}
                      where id > $1 and substring({column.Column} from 3 for 4) < int4send($2) order by id limit $3
                     """);
                command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = after });
                command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = newest });
                command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = BatchSize });
                var found = new List<(Guid, Guid, byte[])>();
                await using var reader = await command.ExecuteReaderAsync(ct);
                while (await reader.ReadAsync(ct))
                    found.Add((reader.GetGuid(0), reader.GetGuid(1), reader.GetFieldValue<byte[]>(2)));
                return found;
            },
            ct);

    /// <summary>Only where it still is what was opened.</summary>
    private Task<int> ReplaceAsync(TenantId tenant, SealedColumn column, List<(Guid Id, byte[] Before, byte[] After)> changes, CancellationToken ct) =>
        changes.Count == 0
            ? Task.FromResult(0)
            : _database.InTenantAsync(
                tenant,
                async transaction =>
                {
                    await using var command = transaction.Command(
                        $"""
                         update {column.Table} t set {column.Column} = c.after
                           from unnest($1, $2, $3) c (id, before, after)
                          where t.id = c.id and t.{column.Column} = c.before
                         """);
                    command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = [.. changes.Select(change => change.Id)] });
                    command.Parameters.Add(new NpgsqlParameter<byte[][]> { TypedValue = [.. changes.Select(change => change.Before)] });
                    command.Parameters.Add(new NpgsqlParameter<byte[][]> { TypedValue = [.. changes.Select(change => change.After)] });
                    return await command.ExecuteNonQueryAsync(ct);
                },
                ct);

    /// <summary>A backup that is still kept may be of a time when that key sealed; restored in part, it needs it.</summary>
    private Task<int> TrimAsync(TenantId tenant, int newest, CancellationToken ct) =>
        _database.InTenantAsync(
            tenant,
            async transaction =>
            {
                var unused = string.Concat(SealedColumns.All.Select(column =>
                    $" and not exists (select from {column.Table} t where substring(t.{column.Column} from 3 for 4) = int4send(k.version))"));
                await using var command = transaction.Command(
                    $"""
                     delete from data_keys k
                      where k.version < $1 and (select min(n.created_at) from data_keys n where n.version > k.version) < $2 {unused}
                     """);
                command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = newest });
                command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = _time.GetUtcNow() - _options.KeepKeysFor });
                return await command.ExecuteNonQueryAsync(ct);
            },
            ct);

    private Task<List<Holder>> HoldersAsync(CancellationToken ct) =>
        _database.ThroughDoorsAsync(
            async (connection, transaction) =>
            {
                await using var command = new NpgsqlCommand("select tenant_id, newest, newest_at, superseded_at from doors.data_key_holders()", connection, transaction);
                await using var reader = await command.ExecuteReaderAsync(ct);
                var holders = new List<Holder>();
                while (await reader.ReadAsync(ct))
                {
                    holders.Add(new Holder(
                        new TenantId(reader.GetGuid(0)), reader.GetInt32(1), reader.GetFieldValue<DateTimeOffset>(2), reader.GetFieldValue<DateTimeOffset?>(3)));
                }

                return holders;
            },
            ct);

    [LoggerMessage(EventId = 3310, Level = LogLevel.Information, Message = "Keys were rotated: {Made} data keys made, {Resealed} secrets sealed anew, {Trimmed} old data keys forgotten")]
    private partial void LogDone(int made, int resealed, int trimmed);

    [LoggerMessage(EventId = 3311, Level = LogLevel.Warning, Message = "The keys of tenant {Tenant} are not rotated: {Reason}")]
    private partial void LogUnavailable(Guid tenant, string reason);

    [LoggerMessage(EventId = 3312, Level = LogLevel.Error, Message = "A secret stays under its old key: {Reason}")]
    private partial void LogLeft(string reason);

    private sealed record Holder(TenantId Tenant, int Newest, DateTimeOffset NewestAt, DateTimeOffset? SupersededAt);
}
