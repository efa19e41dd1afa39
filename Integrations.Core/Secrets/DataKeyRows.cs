using Integrations.Core.Tenancy;
using Npgsql;
using NpgsqlTypes;

namespace Integrations.Core.Secrets;

/// <summary>A wrapped data key as it is stored.</summary>
/// <param name="Provider">Whose key wraps it: <see cref="IWrappingKeys.Provider"/>.</param>
internal sealed record DataKeyRow(int Version, string Provider, byte[] Wrapped, DateTimeOffset CreatedAt);

/// <summary>The table <c>data_keys</c>.</summary>
/// <param name="database">With connections of its own: a caller may hold an ordinary one while it asks for a secret.</param>
internal sealed class DataKeyRows(TenantDatabase database)
{
    public const string Columns = "version, provider, wrapped, created_at";

    public async Task<DataKeyRow?> NewestAsync(TenantId tenant, CancellationToken ct) =>
        await ReadAsync(tenant, $"select {Columns} from data_keys order by version desc limit 1", version: null, ct) is [var newest] ? newest : null;

    /// <summary>That version and the two newest, newest first: between two rotations a tenant's secrets are under those.</summary>
    public Task<IReadOnlyList<DataKeyRow>> FindAsync(TenantId tenant, int version, CancellationToken ct) =>
        ReadAsync(tenant, $"select {Columns} from data_keys where version = $1 or version >= (select max(version) - 1 from data_keys) order by version desc", version, ct);

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
                command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = row.Provider });
                command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = row.Wrapped });
                command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = row.CreatedAt, NpgsqlDbType = NpgsqlDbType.TimestampTz });
                return await command.ExecuteNonQueryAsync(ct) == 1;
            },
            ct);

    private Task<IReadOnlyList<DataKeyRow>> ReadAsync(TenantId tenant, string sql, int? version, CancellationToken ct) =>
        database.InTenantAsync<IReadOnlyList<DataKeyRow>>(
            tenant,
            async transaction =>
            {
                await using var command = transaction.Command(sql);
                if (version is { } value)
                    command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = value });

                return await ReadAsync(command, ct);
            },
            ct);

    /// <summary>What a query of <see cref="Columns"/> finds.</summary>
    public static async Task<List<DataKeyRow>> ReadAsync(NpgsqlCommand command, CancellationToken ct)
    {
        var found = new List<DataKeyRow>();
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            found.Add(new DataKeyRow(reader.GetInt32(0), reader.GetString(1), reader.GetFieldValue<byte[]>(2), reader.GetFieldValue<DateTimeOffset>(3)));

        return found;
    }
}
