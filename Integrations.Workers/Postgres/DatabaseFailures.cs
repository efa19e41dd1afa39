using Npgsql;

namespace Integrations.Workers.Postgres;

internal static class DatabaseFailures
{
    /// <summary>True for a failure that says nothing about the statement: the server is away, stops, or is short of something.</summary>
    public static bool MayPass(Exception exception) => exception switch
    {
        PostgresException e => e.IsTransient || e.SqlState[..2] is "08" or "53" or "57" or "58",
        NpgsqlException or IOException or TimeoutException => true,
        _ => false,
    };
}
