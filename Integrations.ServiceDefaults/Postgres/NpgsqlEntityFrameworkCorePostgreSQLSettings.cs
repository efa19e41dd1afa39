namespace Aspire.Npgsql.EntityFrameworkCore.PostgreSQL;

/// <summary>
/// Settings of <c>AddNpgsqlDbContext</c>; section <c>Aspire:Npgsql:EntityFrameworkCore:PostgreSQL</c> and below it the context's class name,
/// as in the package of that name.
/// </summary>
public class NpgsqlEntityFrameworkCorePostgreSQLSettings
{
    /// <summary><c>ConnectionStrings:{name}</c> wins over the value of the section.</summary>
    public string? ConnectionString { get; set; }

    /// <summary>Switches off the execution strategy that repeats a command after a transient failure.</summary>
    public bool DisableRetry { get; set; }

    /// <summary>Leaves the database out of <c>/health</c>.</summary>
    public bool DisableHealthChecks { get; set; }

    /// <summary>Leaves the commands out of the traces.</summary>
    public bool DisableTracing { get; set; }

    /// <summary>Leaves the pool and the commands out of the metrics.</summary>
    public bool DisableMetrics { get; set; }

    /// <summary>Seconds that a command may take; null leaves the connection string's value (30 s by default).</summary>
    public int? CommandTimeout { get; set; }
}
