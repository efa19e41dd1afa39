using Aspire.Hosting.ApplicationModel;
using Integrations.AppHost.LocalHosting.Running;
using Integrations.AppHost.LocalHosting.Servers;

namespace Aspire.Hosting;

public static class RedisBuilderExtensions
{
    public static IResourceBuilder<RedisResource> AddRedis(
        this IDistributedApplicationBuilder builder,
        string name,
        int? port = null,
        IResourceBuilder<ParameterResource>? password = null)
    {
        var server = new RedisResource(
            name, password?.Resource ?? ParameterResourceBuilderExtensions.DefaultPassword(builder, name));
        server.Annotations.Add(new LocalEndpoint("tcp", "tcp", port));
        server.Annotations.Add(new LocalProgram(services => new RedisProgram(server, services)));
        return builder.AddResource(server);
    }

    /// <summary>Keeps the data between runs. LocalHosting always does, in the data directory.</summary>
    public static IResourceBuilder<RedisResource> WithDataVolume(
        this IResourceBuilder<RedisResource> builder, string? name = null, bool isReadOnly = false) => builder;
}
