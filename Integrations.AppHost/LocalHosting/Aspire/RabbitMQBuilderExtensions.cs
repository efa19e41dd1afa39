using Aspire.Hosting.ApplicationModel;
using Integrations.AppHost.LocalHosting.Running;
using Integrations.AppHost.LocalHosting.Servers;

namespace Aspire.Hosting;

public static class RabbitMQBuilderExtensions
{
    public static IResourceBuilder<RabbitMQServerResource> AddRabbitMQ(
        this IDistributedApplicationBuilder builder,
        string name,
        IResourceBuilder<ParameterResource>? userName = null,
        IResourceBuilder<ParameterResource>? password = null,
        int? port = null)
    {
        // Erlang's port mapper, which RabbitMQ would otherwise leave behind as a daemon on a port shared with the whole machine.
        var portMapper = new PortMapperResource(name);
        portMapper.Annotations.Add(new LocalEndpoint("tcp", "tcp", port is null ? null : PortMapperResource.DefaultPort));
        portMapper.Annotations.Add(new LocalProgram(services => new PortMapperProgram(portMapper, services)));
        builder.AddResource(portMapper);

        var server = new RabbitMQServerResource(
            name, userName?.Resource, password?.Resource ?? ParameterResourceBuilderExtensions.DefaultPassword(builder, name));
        server.Annotations.Add(new LocalEndpoint("tcp", "tcp", port));
        server.Annotations.Add(new LocalEndpoint("dist", "tcp", port + 1));
        server.Annotations.Add(new LocalProgram(services => new RabbitMQProgram(server, portMapper, services)));
        server.Annotations.Add(new LocalWait(portMapper, WaitKind.Healthy));
        return builder.AddResource(server);
    }

    /// <summary>Keeps the data between runs. LocalHosting always does, in the data directory.</summary>
    public static IResourceBuilder<RabbitMQServerResource> WithDataVolume(
        this IResourceBuilder<RabbitMQServerResource> builder, string? name = null, bool isReadOnly = false) => builder;
}
