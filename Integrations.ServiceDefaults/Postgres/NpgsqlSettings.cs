namespace Aspire.Npgsql;

/// <summary>Settings of <c>AddNpgsqlDataSource</c>; section <c>Aspire:Npgsql</c>, as in the package of that name.</summary>
public class NpgsqlSettings
{
    /// <summary><c>ConnectionStrings:{name}</c> wins over the value of the section.</summary>
    public string? ConnectionString { get; set; }

    /// <summary>Leaves the database out of <c>/health</c>.</summary>
    public bool DisableHealthChecks { get; set; }

    /// <summary>Leaves the commands out of the traces.</summary>
    public bool DisableTracing { get; set; }

    /// <summary>Leaves the pool and the commands out of the metrics.</summary>
    public bool DisableMetrics { get; set; }
}
