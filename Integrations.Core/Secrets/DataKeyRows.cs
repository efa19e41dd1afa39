using Integrations.Core.Tenancy;
using Npgsql;
using NpgsqlTypes;

namespace Integrations.Core.Secrets;

/// <summary>A wrapped data key as it is stored.</summary>
internal sealed record DataKeyRow(int Version, byte[] Wrapped, DateTimeOffset CreatedAt);

/// <summary>The table <c>data_keys</c>.</summary>
/// <param name="database">With connections of its own: a caller may hold an ordinary one while it asks for a secret.</param>
internal sealed class DataKeyRows(TenantDatabase database)
{
    public const string Provider = "local";

    public Task<DataKeyRow?> NewestAsync(TenantId tenant, CancellationToken ct) =>
        ReadAsync(tenant, "select version, wrapped, created_at from data_keys order by version desc limit 1", version: null, ct);

    public Task<DataKeyRow?> FindAsync(TenantId tenant, int version, CancellationToken ct) =>
        ReadAsync(tenant, "select version, wrapped, created_at from data_keys where version = $1", version, ct);

    /// <summary>False when another process has stored this version first.</summary>
    public Task<bool> AddAsync(TenantId tenant, DataKeyRow row, CancellationToken ct) =>
        database.InTenantAsync(
            tenant,
            async transaction =>
            {
                await using var command = transaction.Command(
                    "insert into data_keys (tenant_id, version, provider, wrapped, created_at) values ($1, $2, $3, $4, $5) on conflict do nothing");
                command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = tenant.Value });
                command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = row.Version });
                command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Provider });
                command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = row.Wrapped });
                command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = row.CreatedAt, NpgsqlDbType = NpgsqlDbType.TimestampTz });
                return await command.ExecuteNonQueryAsync(ct) == 1;
            },
            ct);

    private Task<DataKeyRow?> ReadAsync(TenantId tenant, string sql, int? version, CancellationToken ct) =>
        database.InTenantAsync(
            tenant,
            async transaction =>
            {
                await using var command = transaction.Command(sql);
                if (version is { } value)
                    command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = value });

                await using var reader = await command.ExecuteReaderAsync(ct);
                return await reader.ReadAsync(ct)
                    ? new DataKeyRow(reader.GetInt32(0), reader.GetFieldValue<byte[]>(1), reader.GetFieldValue<DateTimeOffset>(2))
                    : null;
            },
            ct);
}
