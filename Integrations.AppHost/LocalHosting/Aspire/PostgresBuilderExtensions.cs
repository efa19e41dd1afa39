using Aspire.Hosting.ApplicationModel;
using Integrations.AppHost.LocalHosting.Running;
using Integrations.AppHost.LocalHosting.Servers;

namespace Aspire.Hosting;

public static class PostgresBuilderExtensions
{
    public static IResourceBuilder<PostgresServerResource> AddPostgres(
        this IDistributedApplicationBuilder builder,
        string name,
        IResourceBuilder<ParameterResource>? userName = null,
        IResourceBuilder<ParameterResource>? password = null,
        int? port = null)
    {
        var server = new PostgresServerResource(
            name, userName?.Resource, password?.Resource ?? ParameterResourceBuilderExtensions.DefaultPassword(builder, name));
        server.Annotations.Add(new LocalEndpoint("tcp", "tcp", port));
        server.Annotations.Add(new LocalProgram(services => new PostgresProgram(server, services)));
        return builder.AddResource(server);
    }

    public static IResourceBuilder<PostgresDatabaseResource> AddDatabase(
        this IResourceBuilder<PostgresServerResource> builder, string name, string? databaseName = null)
    {
        var database = new PostgresDatabaseResource(name, databaseName ?? name, builder.Resource);
        builder.Resource.Add(database);
        return builder.ApplicationBuilder.AddResource(database);
    }

    /// <summary>Keeps the data between runs. LocalHosting always does, in the data directory.</summary>
    public static IResourceBuilder<PostgresServerResource> WithDataVolume(
        this IResourceBuilder<PostgresServerResource> builder, string? name = null, bool isReadOnly = false) => builder;
}
