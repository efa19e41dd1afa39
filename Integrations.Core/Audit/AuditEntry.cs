using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Integrations.Core.Events;
using Integrations.Core.IntegrationLogs;
using Integrations.Core.Tenancy;
using Npgsql;
using NpgsqlTypes;

namespace Integrations.Core.Audit;

/// <summary>Who changed what, and from where.</summary>
/// <param name="Seq">The order of writing.</param>
/// <param name="UserId">Null: nobody had signed in yet, or the person was erased.</param>
/// <param name="Objects">A JSON object: the ids in the request's path.</param>
/// <param name="Changes">A JSON array: what the log tells of it, before and after. Null where it tells nothing.</param>
/// <param name="Salt">Null once the person was erased.</param>
/// <param name="Position">The place in the tenant's chain; null until it is sealed.</param>
/// <param name="Commitment">SHA-256 over the salt and all that was written.</param>
/// <param name="Hash">The link to the entry before.</param>
public sealed record AuditEntry(
    Guid Id, long Seq, string Action, DateTimeOffset OccurredAt, int? UserId, bool ByKey, string? Address, string? UserAgent, string Objects, string? Changes,
    string? TraceId, byte[]? Salt, DateTimeOffset? ErasedAt, long? Position, byte[]? Commitment, byte[]? Hash)
{
    internal const string Columns =
        "id, seq, action, occurred_at, user_id, by_key, address, user_agent, objects::text, changes::text, trace_id, salt, erased_at, position, commitment, hash";

    /// <summary>Writes the scope's entry if the transaction has changed anything.</summary>
    internal static async Task WriteAsync(TenantTransaction transaction, AuditScope scope, CancellationToken ct)
    {
        await using var command = transaction.Command(
            """
            insert into audit_entries (tenant_id, action, user_id, by_key, address, user_agent, objects, changes, trace_id)
            select $1, $2, $3, $4, $5, $6, $7, $8, $9 where pg_current_xact_id_if_assigned() is not null
            """);
        Add(transaction.Tenant.Value, NpgsqlDbType.Uuid);
        Add(scope.Action, NpgsqlDbType.Varchar);
        Add(scope.UserId, NpgsqlDbType.Integer);
        Add(scope.ByKey, NpgsqlDbType.Boolean);
        Add(scope.Address, NpgsqlDbType.Varchar);
        Add(scope.UserAgent, NpgsqlDbType.Varchar);
        Add(JsonSerializer.Serialize(scope.Objects, EventJson.Options), NpgsqlDbType.Jsonb);
        Add(transaction.Changes.Count == 0 ? null : JsonSerializer.Serialize(transaction.Changes, EventJson.Options), NpgsqlDbType.Jsonb);
        Add(IntegrationLog.RunningTrace, NpgsqlDbType.Varchar);
        await command.ExecuteNonQueryAsync(ct);

        void Add(object? value, NpgsqlDbType type) =>
            command.Parameters.Add(new NpgsqlParameter { Value = value ?? DBNull.Value, NpgsqlDbType = type });
    }

    /// <summary>Reads the <see cref="Columns"/> of the row that the reader is at.</summary>
    internal static AuditEntry Read(NpgsqlDataReader reader) => new(
        reader.GetGuid(0),
        reader.GetInt64(1),
        reader.GetString(2),
        reader.GetFieldValue<DateTimeOffset>(3),
        reader.IsDBNull(4) ? null : reader.GetInt32(4),
        reader.GetBoolean(5),
        Text(reader, 6),
        Text(reader, 7),
        reader.GetString(8),
        Text(reader, 9),
        Text(reader, 10),
        Bytes(reader, 11),
        reader.IsDBNull(12) ? null : reader.GetFieldValue<DateTimeOffset>(12),
        reader.IsDBNull(13) ? null : reader.GetInt64(13),
        Bytes(reader, 14),
        Bytes(reader, 15));

    /// <summary>The digest of what is written, hidden by the salt: it says nothing of an entry whose salt is gone.</summary>
    internal byte[] Commit()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Salt ?? throw new InvalidOperationException("An erased entry cannot be committed to again."));
        hash.AppendData(Id.ToByteArray(bigEndian: true));
        Span<byte> number = stackalloc byte[sizeof(long)];
        Number(number, Seq);
        Number(number, OccurredAt.UtcTicks);
        Number(number, UserId ?? long.MinValue);
        Number(number, ByKey ? 1 : 0);
        foreach (var text in (ReadOnlySpan<string?>)[Action, Address, UserAgent, Objects, Changes, TraceId])
        {
            // The length before each, so that no two entries are written the same way.
            var bytes = text is null ? null : Encoding.UTF8.GetBytes(text);
            Number(number, bytes?.Length ?? -1);
            if (bytes is not null)
                hash.AppendData(bytes);
        }

        return hash.GetHashAndReset();

        void Number(Span<byte> buffer, long value)
        {
            BinaryPrimitives.WriteInt64BigEndian(buffer, value);
            hash.AppendData(buffer);
        }
    }

    private static string? Text(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    private static byte[]? Bytes(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetFieldValue<byte[]>(column);
}
