using System.Security.Cryptography;
using System.Text.Json;
using Integrations.Core.Errors;
using Integrations.Core.Tenancy;
using Npgsql;
using NpgsqlTypes;

namespace Integrations.Core.Telegram.Sending;

/// <summary>The answer that a key was first given; a repetition gets it again.</summary>
/// <param name="MessageIds">All that the request made: of an album one for each of its files, <paramref name="Id"/> first.</param>
public sealed record AcceptedMessage(Guid Id, DateTimeOffset CreatedAt, bool Replayed, IReadOnlyList<Guid> MessageIds);

/// <summary>Keys that make a repeated request harmless. The row is written in the transaction that does the work, so neither is there without the other.</summary>
internal static class IdempotencyKeys
{
    public const string SendRoute = "telegram.send";

    /// <summary>Takes the key for this transaction, or finds what it was used for.</summary>
    /// <returns>Null when the key is free and now ours; else the first answer.</returns>
    /// <exception cref="IntegrationException">IDEMPOTENCY_MISMATCH for another body; IDEMPOTENCY_IN_PROGRESS when the first request is still under way after two seconds.</exception>
    public static async Task<AcceptedMessage?> TakeAsync(
        TenantTransaction transaction, Principal principal, string route, string key, byte[] bodyHash, TimeSpan lifetime, CancellationToken cancellationToken)
    {
        // A twin that is just being accepted holds the row; its end is awaited for a moment, because it is usually a matter of milliseconds.
        await using var batch = new NpgsqlBatch(transaction.Connection, transaction.Transaction)
        {
            BatchCommands =
            {
                new NpgsqlBatchCommand("set local lock_timeout = '2s'"),
                new NpgsqlBatchCommand(
                    """
                    insert into idempotency_keys (tenant_id, user_id, route, key, body_hash, expires_at)
                    values ($1, $2, $3, $4, $5, clock_timestamp() + $6)
                    on conflict (tenant_id, user_id, route, key) do update
                       set body_hash = excluded.body_hash, response = null, expires_at = excluded.expires_at, created_at = now()
                     where idempotency_keys.expires_at <= clock_timestamp()
                    returning true
                    """)
                {
                    Parameters =
                    {
                        new NpgsqlParameter<Guid> { TypedValue = transaction.Tenant.Value },
                        new NpgsqlParameter<int> { TypedValue = principal.UserId },
                        new NpgsqlParameter<string> { TypedValue = route },
                        new NpgsqlParameter<string> { TypedValue = key },
                        new NpgsqlParameter<byte[]> { TypedValue = bodyHash },
                        new NpgsqlParameter<TimeSpan> { TypedValue = lifetime, NpgsqlDbType = NpgsqlDbType.Interval },
                    },
                },
            },
        };
        try
        {
            if (await batch.ExecuteScalarAsync(cancellationToken) is true)
            {
                await using var reset = transaction.Command("set local lock_timeout = 0");
                await reset.ExecuteNonQueryAsync(cancellationToken);
                return null;
            }
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            throw new IntegrationException(ErrorCodes.IdempotencyInProgress, retryAfter: TimeSpan.FromSeconds(1), inner: e);
        }

        return await FirstAnswerAsync(transaction, principal, route, key, bodyHash, cancellationToken);
    }

    /// <summary>The command that stores the answer; part of the batch that does the work.</summary>
    public static NpgsqlBatchCommand Answer(TenantTransaction transaction, Principal principal, string route, string key, IReadOnlyList<Guid> ids, DateTimeOffset createdAt) =>
        new("update idempotency_keys set response = $5 where tenant_id = $1 and user_id = $2 and route = $3 and key = $4")
        {
            Parameters =
            {
                new NpgsqlParameter<Guid> { TypedValue = transaction.Tenant.Value },
                new NpgsqlParameter<int> { TypedValue = principal.UserId },
                new NpgsqlParameter<string> { TypedValue = route },
                new NpgsqlParameter<string> { TypedValue = key },
                new NpgsqlParameter { Value = JsonSerializer.Serialize(new { id = ids[0], created_at = createdAt, message_ids = ids }), NpgsqlDbType = NpgsqlDbType.Jsonb },
            },
        };

    private static async Task<AcceptedMessage> FirstAnswerAsync(
        TenantTransaction transaction, Principal principal, string route, string key, byte[] bodyHash, CancellationToken cancellationToken)
    {
        await using var command = transaction.Command(
            "select body_hash, response::text from idempotency_keys where user_id = $1 and route = $2 and key = $3");
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = principal.UserId });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = route });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = key });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        // Gone between the two statements, or without an answer: only a sweep at this very moment, or a hand at the table, leads here.
        if (!await reader.ReadAsync(cancellationToken) || await reader.IsDBNullAsync(1, cancellationToken))
            throw new IntegrationException(ErrorCodes.IdempotencyInProgress, retryAfter: TimeSpan.FromSeconds(1));
        if (!CryptographicOperations.FixedTimeEquals(reader.GetFieldValue<byte[]>(0), bodyHash))
            throw new IntegrationException(ErrorCodes.IdempotencyMismatch);

        using var answer = JsonDocument.Parse(reader.GetString(1));
        var id = answer.RootElement.GetProperty("id").GetGuid();
        // Answers of an earlier version name one message.
        IReadOnlyList<Guid> ids = answer.RootElement.TryGetProperty("message_ids", out var all) ? [.. all.EnumerateArray().Select(one => one.GetGuid())] : [id];
        return new AcceptedMessage(id, answer.RootElement.GetProperty("created_at").GetDateTimeOffset(), Replayed: true, ids);
    }
}
