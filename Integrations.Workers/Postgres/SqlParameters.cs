using Npgsql;
using NpgsqlTypes;

namespace Integrations.Workers.Postgres;

/// <summary>Positional parameters in the order of the statement.</summary>
internal static class SqlParameters
{
    public static NpgsqlCommand With<T>(this NpgsqlCommand command, T value) where T : notnull
    {
        command.Parameters.Add(new NpgsqlParameter<T> { TypedValue = value });
        return command;
    }

    /// <summary>For values that may be null, and for arrays of such values: PostgreSQL needs their type told.</summary>
    public static NpgsqlCommand With(this NpgsqlCommand command, object? value, NpgsqlDbType type)
    {
        command.Parameters.Add(new NpgsqlParameter { Value = value ?? DBNull.Value, NpgsqlDbType = type });
        return command;
    }

    public static async Task<T?> NullableAsync<T>(this NpgsqlDataReader reader, int column, CancellationToken ct) where T : struct =>
        await reader.IsDBNullAsync(column, ct) ? null : reader.GetFieldValue<T>(column);

    public static async Task<T?> ReferenceAsync<T>(this NpgsqlDataReader reader, int column, CancellationToken ct) where T : class =>
        await reader.IsDBNullAsync(column, ct) ? null : reader.GetFieldValue<T>(column);
}
