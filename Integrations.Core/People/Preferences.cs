using Integrations.Core.Tenancy;
using Npgsql;
using NpgsqlTypes;

namespace Integrations.Core.People;

/// <summary>How a person likes the console. Null: never chosen, or as the browser says.</summary>
/// <param name="Language">en, ru or uk.</param>
/// <param name="Theme">auto, light or dark.</param>
/// <param name="TimeZone">A zone of the IANA database.</param>
public sealed record Preferences(string? Language, string? Theme, string? TimeZone);

/// <summary>The caller's preferences, and changing them. A new choice replaces only what it names.</summary>
public sealed class OwnPreferences(TenantDatabase database)
{
    /// <summary>Asks for what is chosen.</summary>
    public Task<Preferences> ReadAsync(Principal principal, CancellationToken cancellationToken) =>
        ExecuteAsync(principal, "select language, theme, time_zone from user_preferences where user_id = $2 and tenant_id = $1", null, cancellationToken);

    /// <param name="change">Null leaves a thing as it is; an empty text forgets the choice.</param>
    public Task<Preferences> ChangeAsync(Principal principal, Preferences change, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(change);
        return ExecuteAsync(
            principal,
            """
            insert into user_preferences as p (tenant_id, user_id, language, theme, time_zone) values ($1, $2, nullif($3, ''), nullif($4, ''), nullif($5, ''))
            on conflict (tenant_id, user_id) do update set
                language = nullif(coalesce($3, p.language), ''), theme = nullif(coalesce($4, p.theme), ''), time_zone = nullif(coalesce($5, p.time_zone), '')
            returning language, theme, time_zone
            """,
            change,
            cancellationToken);
    }

    private Task<Preferences> ExecuteAsync(Principal principal, string sql, Preferences? change, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                await using var command = transaction.Command(sql);
                command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = transaction.Tenant.Value });
                command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = principal.UserId });
                if (change is not null)
                {
                    foreach (var text in new[] { change.Language, change.Theme, change.TimeZone })
                        command.Parameters.Add(new NpgsqlParameter { Value = (object?)text ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
                }

                await using var reader = await command.ExecuteReaderAsync(cancellationToken);
                return await reader.ReadAsync(cancellationToken)
                    ? new Preferences(Text(reader, 0), Text(reader, 1), Text(reader, 2))
                    : new Preferences(null, null, null);
            },
            cancellationToken);
    }

    private static string? Text(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
}
