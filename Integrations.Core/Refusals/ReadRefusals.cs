using Integrations.Core.Persistence;
using Integrations.Core.Tenancy;
using Npgsql;
using NpgsqlTypes;

namespace Integrations.Core.Refusals;

/// <summary>Which refusals are asked for; null leaves none out.</summary>
/// <param name="Before">Only lines before this place (<see cref="RefusalLine.Seq"/>).</param>
public sealed record RefusalFilter(RefusalKind? Kind, int? UserId, string? Address, DateTimeOffset Since, long? Before);

/// <summary>How often the same was refused in one minute.</summary>
/// <param name="Seq">The order of writing.</param>
/// <param name="UserId">Who asked, or, at a sign-in, whose account was tried; null for nobody that is known.</param>
/// <param name="Route">The name of the route; * for all that found no line of its own.</param>
public sealed record RefusalLine(
    long Seq, DateTimeOffset Minute, RefusalKind Kind, int? UserId, string? UserName, bool ByKey, string? Address, string Route, long Times);

/// <summary>All of one kind in one day (UTC).</summary>
public sealed record RefusalDay(DateOnly Day, RefusalKind Kind, long Times);

/// <summary>What was refused in a tenant: the lines, the newest first, and the numbers of its days.</summary>
public sealed class ReadRefusals(TenantDatabase database)
{
    public Task<List<RefusalLine>> ExecuteAsync(TenantId tenant, RefusalFilter filter, int limit, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(filter);
        return database.InTenantAsync(
            tenant,
            async transaction =>
            {
                await using var command = transaction.Command(
                    """
                    select r.seq, r.minute, r.kind, r.user_id, (select coalesce(u.display_name, u.email) from users u where u.user_id = r.user_id),
                           r.by_key, r.address, r.route, r.times
                      from refusals r
                     where ($1 is null or r.kind = $1) and ($2 is null or r.user_id = $2) and ($3 is null or r.address = $3)
                       and r.minute >= $4 and ($5 is null or r.seq < $5)
                     order by r.seq desc limit $6
                    """);
                Add(filter.Kind is { } kind ? Words.Of(kind) : null, NpgsqlDbType.Text);
                Add(filter.UserId, NpgsqlDbType.Integer);
                Add(filter.Address, NpgsqlDbType.Text);
                Add(filter.Since.ToUniversalTime(), NpgsqlDbType.TimestampTz);
                Add(filter.Before, NpgsqlDbType.Bigint);
                Add(limit, NpgsqlDbType.Integer);
                List<RefusalLine> lines = [];
                await using var reader = await command.ExecuteReaderAsync(cancellationToken);
                while (await reader.ReadAsync(cancellationToken))
                {
                    lines.Add(new(
                        reader.GetInt64(0),
                        reader.GetFieldValue<DateTimeOffset>(1),
                        Words.Read<RefusalKind>(reader.GetString(2)),
                        await reader.IsDBNullAsync(3, cancellationToken) ? null : reader.GetInt32(3),
                        await reader.IsDBNullAsync(4, cancellationToken) ? null : reader.GetString(4),
                        reader.GetBoolean(5),
                        await reader.IsDBNullAsync(6, cancellationToken) ? null : reader.GetString(6),
                        reader.GetString(7),
                        reader.GetInt64(8)));
                }

                return lines;

                void Add(object? value, NpgsqlDbType type) =>
                    command.Parameters.Add(new NpgsqlParameter { Value = value ?? DBNull.Value, NpgsqlDbType = type });
            },
            cancellationToken);
    }

    /// <summary>The newest day first; a day without any is left out.</summary>
    public Task<List<RefusalDay>> DaysAsync(TenantId tenant, DateOnly since, CancellationToken cancellationToken) => database.InTenantAsync(
        tenant,
        async transaction =>
        {
            await using var command = transaction.Command("select day, kind, times from refusal_days where day >= $1 order by day desc, kind");
            command.Parameters.Add(new NpgsqlParameter<DateOnly> { TypedValue = since });
            List<RefusalDay> days = [];
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
                days.Add(new(reader.GetFieldValue<DateOnly>(0), Words.Read<RefusalKind>(reader.GetString(1)), reader.GetInt64(2)));
            return days;
        },
        cancellationToken);
}
