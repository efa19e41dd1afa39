using System.Runtime.CompilerServices;
using Integrations.Core.Tenancy;
using Npgsql;
using NpgsqlTypes;

namespace Integrations.Core.Audit;

/// <summary>Which entries are asked for; null leaves none out.</summary>
/// <param name="Before">Only what was written before this place (<see cref="AuditEntry.Seq"/>).</param>
public sealed record AuditFilter(int? UserId, string? Action, DateTimeOffset Since, long? Before);

/// <summary>An entry and what its user is called.</summary>
public sealed record NamedAuditEntry(AuditEntry Entry, string? UserName);

/// <summary>The entries of a tenant, the newest first.</summary>
public sealed class ReadAudit(TenantDatabase database)
{
    /// <summary>Entries of one transaction of a stream.</summary>
    private const int Batch = 1000;

    public Task<List<NamedAuditEntry>> ExecuteAsync(TenantId tenant, AuditFilter filter, int limit, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(filter);
        return database.InTenantAsync(
            tenant,
            async transaction =>
            {
#pragma warning disable CA2100 // Constant texts.
                await using var command = transaction.Command(
                    $"""
                    select {AuditEntry.Columns}, (select coalesce(u.display_name, u.email) from users u where u.user_id = e.user_id)
                      from audit_entries e
                     where ($1 is null or e.user_id = $1) and ($2 is null or e.action = $2) and e.occurred_at >= $3 and ($4 is null or e.seq < $4)
                     order by e.seq desc limit $5
                    """);
#pragma warning restore CA2100
                Add(filter.UserId, NpgsqlDbType.Integer);
                Add(filter.Action, NpgsqlDbType.Text);
                Add(filter.Since.ToUniversalTime(), NpgsqlDbType.TimestampTz);
                Add(filter.Before, NpgsqlDbType.Bigint);
                Add(limit, NpgsqlDbType.Integer);
                List<NamedAuditEntry> entries = [];
                await using var reader = await command.ExecuteReaderAsync(cancellationToken);
                while (await reader.ReadAsync(cancellationToken))
                    entries.Add(new(AuditEntry.Read(reader), await reader.IsDBNullAsync(16, cancellationToken) ? null : reader.GetString(16)));
                return entries;

                void Add(object? value, NpgsqlDbType type) =>
                    command.Parameters.Add(new NpgsqlParameter { Value = value ?? DBNull.Value, NpgsqlDbType = type });
            },
            cancellationToken);
    }

    /// <summary>The same entries one after another.</summary>
    public async IAsyncEnumerable<NamedAuditEntry> StreamAsync(TenantId tenant, AuditFilter filter, int most, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(filter);
        while (most > 0)
        {
            var take = Math.Min(Batch, most);
            var entries = await ExecuteAsync(tenant, filter, take, cancellationToken);
            foreach (var entry in entries)
                yield return entry;
            if (entries.Count < take)
                yield break;
            filter = filter with { Before = entries[^1].Entry.Seq };
            most -= take;
        }
    }
}
