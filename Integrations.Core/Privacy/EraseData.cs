using System.Diagnostics.Metrics;
using System.Text.Json;
using Integrations.Core.Events;
using Integrations.Core.Messaging;
using Integrations.Core.Persistence;
using Integrations.Core.Secrets;
using Integrations.Core.Telegram.BotApi;
using Integrations.Core.Telegram.Bots;
using Integrations.Core.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;

namespace Integrations.Core.Privacy;

/// <summary>
/// Does what an erasure asks for: ends the sessions at Telegram, takes the rows out a little at a time, destroys the tenant's key, and signs what it did.
/// </summary>
/// <remarks>
/// Each step is a transaction that also writes how far it got, and bears being done again, so it goes on after a kill where it stood. Nothing is
/// sealed into memory: what is left to do is always asked of the database, and a step is over when a whole look finds nothing.
/// </remarks>
internal sealed partial class EraseData(
    TenantDatabase database, ISecretProtector secrets, RegisterWebhook webhook, IOptions<PrivacyOptions> options, TimeProvider time, IMeterFactory meters, ILogger<EraseData> logger)
{
    /// <summary>Rows of one transaction, so that nobody waits long for a lock of it.</summary>
    internal const int BatchSize = 1000;

    private readonly Receipts _receipts = new(secrets);
    private readonly Counter<long> _erased = meters.Create("Integrations.Privacy").CreateCounter<long>(
        "erased_rows", description: "Rows that erasures took out or blanked.");

    /// <summary>Goes as far as it can now.</summary>
    /// <returns>Whether it is done.</returns>
    public async Task<bool> AdvanceAsync(TenantId tenant, Guid id, CancellationToken ct)
    {
        while (await LoadAsync(tenant, id, ct) is { } job)
        {
            var moved = job.State switch
            {
                ErasureState.Sessions => await SessionsAsync(tenant, job, ct),
                ErasureState.Rows => await RowsAsync(tenant, job, ct),
                ErasureState.Key => await KeyAsync(tenant, job, ct),
                _ => throw new InvalidOperationException($"Erasure {id} is {job.State}."),
            };
            if (!moved)
                return false;
        }

        return true;
    }

    private Task<Job?> LoadAsync(TenantId tenant, Guid id, CancellationToken ct) =>
        database.InTenantAsync(tenant, transaction => LockAsync(transaction, id, null, ct), ct);

    /// <summary>Null when it is done, or no longer in that state: at a hand-over two workers may be at it.</summary>
    private static async Task<Job?> LockAsync(TenantTransaction transaction, Guid id, ErasureState? state, CancellationToken ct)
    {
        await using var command = transaction.Command(
            "select subject, state, traces::text, created_at, give_up_at, sessions, sessions_left, key_destroyed, erased::text, digest, webhooks, webhooks_left from erasures where id = $1 and state <> 'done' for update");
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        await using var reader = await command.ExecuteReaderAsync(ct);
        if (!await reader.ReadAsync(ct))
            return null;
        var job = new Job(
            id,
            Words.Read<SubjectKind>(reader.GetString(0)),
            Words.Read<ErasureState>(reader.GetString(1)),
            Traces.Read(reader.GetString(2)),
            reader.GetFieldValue<DateTimeOffset>(3),
            reader.GetFieldValue<DateTimeOffset>(4),
            reader.GetInt32(5),
            reader.GetInt32(6),
            await reader.IsDBNullAsync(7, ct) ? null : reader.GetBoolean(7),
            reader.GetString(8),
            reader.GetFieldValue<byte[]>(9),
            reader.GetInt32(10),
            reader.GetInt32(11));
        return state is null || job.State == state ? job : null;
    }

    /// <summary>
    /// Takes the bots' webhooks back at Telegram, and has the owners of the shards sign the accounts out; waits for both, and past its time goes on
    /// without.
    /// </summary>
    private async Task<bool> SessionsAsync(TenantId tenant, Job seen, CancellationToken ct)
    {
        if (seen.Subject is SubjectKind.Tenant)
            await WebhooksAsync(tenant, seen, ct);
        return await SignOutAsync(tenant, seen, ct);
    }

    /// <summary>While the tenant's key is there: without it no token opens, and Telegram would go on sending to an address that nobody answers for.</summary>
    private async Task WebhooksAsync(TenantId tenant, Job seen, CancellationToken ct)
    {
        var bots = await database.InTenantAsync(
            tenant, async transaction => (await BotRows.Of(transaction).ToListAsync(ct)).FindAll(bot => bot.Bot.IsActive), ct);
        var left = 0;
        foreach (var bot in bots)
        {
            try
            {
                await webhook.RemoveAsync(bot.Bot, ct);
            }
            catch (Exception e) when (e is BotApiException or SecretUnavailableException)
            {
                LogWebhookLeft(logger, e, seen.Id, bot.Bot.Id);
                left++;
                continue;
            }

            await database.InTenantAsync(
                tenant,
                async transaction =>
                {
                    if (await LockAsync(transaction, seen.Id, ErasureState.Sessions, ct) is null || await BotRows.TryLockAsync(transaction, bot.Bot.Id, ct) is not { Bot.IsActive: true } taken)
                        return;
                    taken.Integration.Deactivate();
                    taken.Bot.Deactivate();
                    await transaction.Db.SaveChangesAsync(ct);
                    await CountWebhooksAsync(transaction, seen.Id, "webhooks = webhooks + $2", 1, ct);
                },
                ct);
        }

        await database.InTenantAsync(tenant, transaction => CountWebhooksAsync(transaction, seen.Id, "webhooks_left = $2", left, ct), ct);
    }

    private static async Task CountWebhooksAsync(TenantTransaction transaction, Guid id, string assignment, int count, CancellationToken ct)
    {
#pragma warning disable CA2100 // Constant texts.
        await using var command = transaction.Command($"update erasures set {assignment} where id = $1");
#pragma warning restore CA2100
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = count });
        await command.ExecuteNonQueryAsync(ct);
    }

    private Task<bool> SignOutAsync(TenantId tenant, Job seen, CancellationToken ct) => database.InTenantAsync(
        tenant,
        async transaction =>
        {
            if (await LockAsync(transaction, seen.Id, ErasureState.Sessions, ct) is not { } job)
                return true;
            if (job.Subject is SubjectKind.Person)
                return await MoveAsync(transaction, job, ErasureState.Rows, 0, 0, ct);

            var mine = job.Subject is SubjectKind.Tenant ? "true" : "user_id = @user";
#pragma warning disable CA2100 // Constant texts.
            var sessions = job.Sessions;
            await using (var ask = transaction.Command(
                $"""
                update telegram_accounts
                   set goal = 'deleted', is_active = is_active and session_payload is not null,
                       deleted_at = case when status = 'disconnected' and session_payload is null then clock_timestamp() else deleted_at end
                 where {mine} and goal <> 'deleted'
                returning shard, session_payload is not null
                """))
            {
                job.Traces.AddTo(ask, tenant);
                await using var reader = await ask.ExecuteReaderAsync(ct);
                while (await reader.ReadAsync(ct))
                {
                    transaction.AfterCommit(Ring.Shard(reader.GetInt32(0)));
                    sessions += reader.GetBoolean(1) ? 1 : 0;
                }
            }

            await using var look = transaction.Command(
                $"select count(*), count(*) filter (where session_payload is not null) from telegram_accounts where {mine} and deleted_at is null");
#pragma warning restore CA2100
            job.Traces.AddTo(look, tenant);
            long open, left;
            await using (var reader = await look.ExecuteReaderAsync(ct))
            {
                await reader.ReadAsync(ct);
                (open, left) = (reader.GetInt64(0), reader.GetInt64(1));
            }

            var over = (open == 0 && job.WebhooksLeft == 0) || time.GetUtcNow() >= job.GiveUpAt;
            if (over && left > 0)
                LogSessionsLeft(logger, job.Id, left);
            return await MoveAsync(transaction, job, over ? ErasureState.Rows : ErasureState.Sessions, sessions, (int)left, ct);
        },
        ct);

    private static async Task<bool> MoveAsync(TenantTransaction transaction, Job job, ErasureState state, int sessions, int left, CancellationToken ct)
    {
        await using var command = transaction.Command("update erasures set state = $2, sessions = $3, sessions_left = $4 where id = $1");
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = job.Id });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Words.Of(state) });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = sessions });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = left });
        await command.ExecuteNonQueryAsync(ct);
        return state != job.State;
    }

    /// <summary>Goes over all tables until a whole round finds nothing, and until nobody can have been at work for the subject any more.</summary>
    private async Task<bool> RowsAsync(TenantId tenant, Job job, CancellationToken ct)
    {
        while (true)
        {
            var traces = await WidenAsync(tenant, job, ct);
            long found = 0;
            foreach (var table in KeptData.All)
            {
                foreach (var share in table.Of(job.Subject))
                {
                    for (long batch = -1; batch != 0; found += batch)
                        batch = await BatchAsync(tenant, job, traces, table, share, ct);
                }
            }

            if (found == 0)
                break;
        }

        if (job.Subject is not SubjectKind.Person && time.GetUtcNow() < job.CreatedAt + options.Value.SettleFor)
            return false;
        return await database.InTenantAsync(
            tenant,
            async transaction => await LockAsync(transaction, job.Id, ErasureState.Rows, ct) is not { } still
                || await MoveAsync(transaction, still, ErasureState.Key, still.Sessions, still.SessionsLeft, ct),
            ct);
    }

    /// <summary>What has come since is the subject's too; once its names are gone, what is written down here still finds it.</summary>
    private Task<Traces> WidenAsync(TenantId tenant, Job seen, CancellationToken ct) => database.InTenantAsync(
        tenant,
        async transaction =>
        {
            if (await LockAsync(transaction, seen.Id, ErasureState.Rows, ct) is not { } job)
                return seen.Traces;
            var traces = await job.Traces.AgainAsync(transaction, ct);
            await using var command = transaction.Command("update erasures set traces = $2 where id = $1");
            command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = job.Id });
            command.Parameters.Add(new NpgsqlParameter { Value = traces.ToJson(), NpgsqlDbType = NpgsqlDbType.Jsonb });
            await command.ExecuteNonQueryAsync(ct);
            return traces;
        },
        ct);

    private Task<long> BatchAsync(TenantId tenant, Job job, Traces traces, KeptTable table, Share share, CancellationToken ct) => database.InTenantAsync(
        tenant,
        async transaction =>
        {
            if (await LockAsync(transaction, job.Id, ErasureState.Rows, ct) is null)
                return 0L;

#pragma warning disable CA2100 // Constant texts of KeptData.
            await using var command = transaction.Command(Statement(table.Table, share));
#pragma warning restore CA2100
            traces.AddTo(command, tenant);
            var count = (long)(await command.ExecuteScalarAsync(ct))!;
            if (count > 0)
                await CountAsync(transaction, job, share.Blank is null ? table.Table : $"{table.Table}.blanked", count, ct);
            return count;
        },
        ct);

    private static string Statement(string table, Share share)
    {
        var found = $"with found as (select t.ctid from {table} t where {share.Where} limit {BatchSize})";
        if (share.Blank is { } blank)
            return $"{found}, gone as (update {table} t set {blank} from found f where t.ctid = f.ctid returning 1) select count(*) from gone";
        // What was accepted and is erased is neither lost nor delivered: the law of sending must go on holding.
        return table == "messages"
            ? $"""
               {found}, gone as (delete from messages t using found f where t.ctid = f.ctid returning t.tenant_id, t.direction, t.accepted_at),
               counted as (insert into message_counters (tenant_id, channel, stripe, erased)
                           select g.tenant_id, case g.direction when 'telegram_bot_out' then 'telegram_bot' else 'personal_telegram' end, 0, count(*)
                             from gone g where g.direction in ('personal_telegram_out', 'telegram_bot_out') and g.accepted_at is not null group by 1, 2
                           on conflict (tenant_id, channel, stripe) do update set erased = message_counters.erased + excluded.erased)
               select count(*) from gone
               """
            : $"{found}, gone as (delete from {table} t using found f where t.ctid = f.ctid returning 1) select count(*) from gone";
    }

    private async Task CountAsync(TenantTransaction transaction, Job job, string what, long count, CancellationToken ct)
    {
        await using var command = transaction.Command(
            "update erasures set erased = erased || jsonb_build_object($2, coalesce((erased ->> $2)::bigint, 0) + $3) where id = $1");
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = job.Id });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = what });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = count });
        await command.ExecuteNonQueryAsync(ct);
        _erased.Add(count, new KeyValuePair<string, object?>("subject", Words.Of(job.Subject)));
    }

    private async Task<bool> KeyAsync(TenantId tenant, Job job, CancellationToken ct)
    {
        bool? destroyed = null;
        if (job.Subject is SubjectKind.Tenant)
        {
            try
            {
                await secrets.DestroyTenantAsync(tenant, ct);
                destroyed = true;
            }
            catch (SecretUnavailableException e)
            {
                LogKeyLeft(logger, e, job.Id);
                if (time.GetUtcNow() < job.GiveUpAt)
                    return false;
                destroyed = false;
            }
        }

        await database.InTenantAsync(
            tenant,
            async transaction =>
            {
                if (await LockAsync(transaction, job.Id, ErasureState.Key, ct) is { } last)
                    await FinishAsync(transaction, last, destroyed, ct);
            },
            ct);
        return true;
    }

    private async Task FinishAsync(TenantTransaction transaction, Job job, bool? keyDestroyed, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        List<string> remains = ["Backups, and write-ahead logs, that were made before hold what was erased until they are rotated out."];
        if (job.SessionsLeft > 0)
            remains.Add("Sessions that could not be ended at Telegram are ended by the account's owner: in Telegram, Settings, Devices.");
        if (job.WebhooksLeft > 0)
            remains.Add("Webhooks that could not be taken back at Telegram are ended by the bots' owner: with BotFather, a new token for each.");
        if (keyDestroyed is false)
            remains.Add("The tenant's wrapping key could not be destroyed; whoever runs Vault deletes it by hand.");
        var receipt = JsonSerializer.Serialize(
            new
            {
                Format = "integrations-erasure-1",
                job.Id,
                Tenant = transaction.Tenant.ToString(),
                Subject = Words.Of(job.Subject),
                SubjectDigest = Convert.ToHexStringLower(job.Digest),
                RequestedAt = job.CreatedAt,
                FinishedAt = now,
                Rows = JsonElement.Parse(job.Erased),
                SessionsRevoked = job.Sessions - job.SessionsLeft,
                SessionsNotRevoked = job.SessionsLeft,
                WebhooksRemoved = job.Webhooks,
                WebhooksNotRemoved = job.WebhooksLeft,
                WrappingKeyDestroyed = keyDestroyed,
                Remains = remains,
            },
            EventJson.Options);
        await using var command = transaction.Command(
            "update erasures set state = 'done', traces = null, key_destroyed = $2, receipt = $3, signature = $4, finished_at = $5 where id = $1");
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = job.Id });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)keyDestroyed ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Boolean });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = receipt });
        command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = await _receipts.SignAsync(receipt, ct) });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now });
        await command.ExecuteNonQueryAsync(ct);
        LogDone(logger, job.Id, Words.Of(job.Subject));
    }

    [LoggerMessage(EventId = 3601, Level = LogLevel.Information, Message = "Erasure {ErasureId} of a {Subject} is done and has its receipt")]
    private static partial void LogDone(ILogger logger, Guid erasureId, string subject);

    [LoggerMessage(EventId = 3602, Level = LogLevel.Warning, Message = "Erasure {ErasureId} goes on without having ended {Count} sessions at Telegram; its receipt says so")]
    private static partial void LogSessionsLeft(ILogger logger, Guid erasureId, long count);

    [LoggerMessage(EventId = 3603, Level = LogLevel.Warning, Message = "The key of the tenant of erasure {ErasureId} cannot be destroyed yet; with Vault the workers' role needs the policy eraser.hcl")]
    private static partial void LogKeyLeft(ILogger logger, Exception exception, Guid erasureId);

    [LoggerMessage(EventId = 3604, Level = LogLevel.Warning, Message = "Erasure {ErasureId} could not take back the webhook of bot {BotId} at Telegram; it is tried again until the erasure goes on without")]
    private static partial void LogWebhookLeft(ILogger logger, Exception exception, Guid erasureId, Guid botId);

    private sealed record Job(
        Guid Id, SubjectKind Subject, ErasureState State, Traces Traces, DateTimeOffset CreatedAt, DateTimeOffset GiveUpAt, int Sessions, int SessionsLeft, bool? KeyDestroyed,
        string Erased, byte[] Digest, int Webhooks, int WebhooksLeft);
}
