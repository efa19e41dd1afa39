using System.ComponentModel.DataAnnotations;
using Integrations.Core.Tls;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Integrations.Core.Persistence;

/// <summary>How a host uses its database.</summary>
public sealed class DatabaseOptions
{
    public const string Section = "Database";

    /// <summary>Connections of one process for its ordinary work, unless the connection string says otherwise. PostgreSQL's own limit is 100 for all.</summary>
    [Range(2, 1000)]
    public int MaxPoolSize { get; set; } = 30;

    /// <summary>
    /// How long PostgreSQL lets a transaction of this process do nothing before it ends it, and with it the locks that it holds. A host
    /// that owns shards has its lease here, whatever is set.
    /// </summary>
    public TimeSpan IdleInTransaction { get; set; } = TimeSpan.FromSeconds(30);
}

internal static class DataSources
{
    public static NpgsqlDataSource Main(IServiceProvider provider)
    {
        var builder = Builder(provider);
        if (!builder.ConnectionStringBuilder.ShouldSerialize("Maximum Pool Size"))
            builder.ConnectionStringBuilder.MaxPoolSize = provider.GetRequiredService<IOptions<DatabaseOptions>>().Value.MaxPoolSize;

        return builder.Build();
    }

    /// <summary>
    /// A few connections for one purpose, apart from the ordinary ones: work that holds one of those and needs one of these cannot
    /// wait for itself.
    /// </summary>
    public static NpgsqlDataSource Apart(IServiceProvider provider, string purpose, int size)
    {
        var builder = Builder(provider);
        builder.ConnectionStringBuilder.MaxPoolSize = size;
        builder.ConnectionStringBuilder.MinPoolSize = 0;
        // A server that does not answer must show itself soon: these connections serve leases and keys.
        builder.ConnectionStringBuilder.Timeout = 3;
        builder.ConnectionStringBuilder.CommandTimeout = 5;
        builder.ConnectionStringBuilder.CancellationTimeout = 500;
        builder.ConnectionStringBuilder.ApplicationName = $"{builder.ConnectionStringBuilder.ApplicationName} {purpose}".Trim();
        return builder.Build();
    }

    private static NpgsqlDataSourceBuilder Builder(IServiceProvider provider)
    {
        var builder = new NpgsqlDataSourceBuilder(CoreHosting.Required(provider, "integrations"));
        builder.UseLoggerFactory(provider.GetRequiredService<ILoggerFactory>());
        // A process that is paused, or cut off, in the middle of a transaction would keep its locks. As an option of the start, because
        // the pool resets whatever is set later.
        var settings = ServerCertificates.Apply(provider.GetRequiredService<IOptions<TlsOptions>>().Value, builder.ConnectionStringBuilder);
        var idle = provider.GetRequiredService<IOptions<DatabaseOptions>>().Value.IdleInTransaction;
        settings.Options = FormattableString.Invariant($"{settings.Options} -c idle_in_transaction_session_timeout={(long)idle.TotalMilliseconds}").Trim();
        return builder;
    }
}
