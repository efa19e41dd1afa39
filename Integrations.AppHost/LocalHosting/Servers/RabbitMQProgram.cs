using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using Aspire.Hosting.ApplicationModel;
using Integrations.AppHost.LocalHosting.Data;
using Integrations.AppHost.LocalHosting.Processes;
using Integrations.AppHost.LocalHosting.Running;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Integrations.AppHost.LocalHosting.Servers;

/// <summary>Erlang's port mapper for one broker.</summary>
internal sealed class PortMapperResource(string broker) : Resource($"{broker}-epmd"), IResourceWithEndpoints
{
    public const int DefaultPort = 43699;

    /// <summary>Name of the broker.</summary>
    public string Broker { get; } = broker;

    public EndpointReference Endpoint => new(this, "tcp");
}

/// <summary>
/// The port mapper as a process of ours in the foreground. RabbitMQ would start one as a daemon, which outlives it and is shared by all
/// nodes of the machine.
/// </summary>
internal sealed class PortMapperProgram(PortMapperResource resource, ProgramServices services) : ServerProgram
{
    private const string Program = "/usr/bin/epmd";

    public override string Kind => "Erlang port mapper";

    public override IEnumerable<Prerequisite> Prerequisites => [new("rabbitmq-server", File.Exists(Program) ? Program : null)];

    public override Task<ProcessPlan> PlanAsync(int copy, CancellationToken cancellationToken) =>
        Task.FromResult(new ProcessPlan(
            Program, ["-port", resource.Endpoint.Port.ToString(CultureInfo.InvariantCulture), "-address", LocalEndpoint.Loopback])
        { Environment = PlainEnvironment(), Grace = TimeSpan.FromSeconds(2) });

    public override async Task<string?> CheckAsync(int copy, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(3), services.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            using var client = new System.Net.Sockets.TcpClient();
            await client.ConnectAsync(LocalEndpoint.Loopback, resource.Endpoint.Port, either.Token);
            // NAMES_REQ: a length of two bytes, then 'n'. The answer begins with the mapper's own port, in four bytes.
            var stream = client.GetStream();
            await stream.WriteAsync(new byte[] { 0, 1, (byte)'n' }, either.Token);
            var answer = new byte[4];
            await stream.ReadExactlyAsync(answer, either.Token);
            return BinaryPrimitives.ReadInt32BigEndian(answer) == resource.Endpoint.Port ? null : "Another port mapper answers.";
        }
        catch (Exception e) when (e is System.Net.Sockets.SocketException or IOException)
        {
            return e.Message;
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested)
        {
            return "It does not answer within 3 seconds.";
        }
    }
}

/// <summary>RabbitMQ from the system's packages, as a node of its own.</summary>
internal sealed class RabbitMQProgram(RabbitMQServerResource server, PortMapperResource portMapper, ProgramServices services)
    : ServerProgram
{
    // The wrapper in /usr/sbin insists on root or the user rabbitmq and on the system's directories.
    private const string Program = "/usr/lib/rabbitmq/bin/rabbitmq-server";

    private IConnection? _connection;

    public override string Kind => "RabbitMQ";

    public override IEnumerable<Prerequisite> Prerequisites => [new("rabbitmq-server", File.Exists(Program) ? Program : null)];

    public override async Task<ProcessPlan> PlanAsync(int copy, CancellationToken cancellationToken)
    {
        var directory = services.Data.Subdirectory(server.Name);
        var configuration = Path.Combine(directory, "rabbitmq.conf");
        var port = server.PrimaryEndpoint.Port.ToString(CultureInfo.InvariantCulture);
        var user = await ValueOfAsync(server.UserNameReference, cancellationToken);
        var password = await ValueOfAsync(server.PasswordParameter, cancellationToken);
        PrivateFile.Write(configuration, $"""
            listeners.tcp.1 = {LocalEndpoint.Loopback}:{port}
            default_user = {user}
            default_pass = {password}
            log.file = false
            log.console = true
            log.console.level = info

            """);
        PrivateFile.Write(Path.Combine(directory, "enabled_plugins"), "[].\n");
        return new ProcessPlan(Program, [])
        {
            WorkingDirectory = directory,
            Environment = PlainEnvironment(new Dictionary<string, string>
            {
                // The Erlang cookie is created here.
                ["HOME"] = directory,
                ["RABBITMQ_NODENAME"] = $"{NodeName(directory)}@localhost",
                ["RABBITMQ_NODE_IP_ADDRESS"] = LocalEndpoint.Loopback,
                ["RABBITMQ_NODE_PORT"] = port,
                ["RABBITMQ_DIST_PORT"] = new EndpointReference(server, "dist").Port.ToString(CultureInfo.InvariantCulture),
                ["RABBITMQ_MNESIA_BASE"] = Path.Combine(directory, "data"),
                ["RABBITMQ_LOG_BASE"] = Path.Combine(directory, "log"),
                ["RABBITMQ_CONFIG_FILE"] = configuration,
                ["RABBITMQ_ENABLED_PLUGINS_FILE"] = Path.Combine(directory, "enabled_plugins"),
                // A file that does not exist: the system's settings are not ours.
                ["RABBITMQ_CONF_ENV_FILE"] = Path.Combine(directory, "no-rabbitmq-env.conf"),
                ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] = "-kernel inet_dist_use_interface {127,0,0,1}",
                ["ERL_EPMD_PORT"] = portMapper.Endpoint.Port.ToString(CultureInfo.InvariantCulture),
                ["ERL_EPMD_ADDRESS"] = LocalEndpoint.Loopback,
                // Makes the start script become the virtual machine instead of standing between it and our signals.
                ["RUNNING_UNDER_SYSTEMD"] = "true",
            }),
            Grace = TimeSpan.FromSeconds(30),
        };
    }

    public override async Task<string?> CheckAsync(int copy, CancellationToken cancellationToken)
    {
        try
        {
            if (_connection is { IsOpen: false } closed)
            {
                _connection = null;
                await closed.DisposeAsync();
            }

            // One connection is kept: the broker logs each new one.
            _connection ??= await ConnectAsync(cancellationToken);
            await using var channel = await _connection.CreateChannelAsync(cancellationToken: cancellationToken);
            return null;
        }
        catch (BrokerUnreachableException e)
        {
            return e.InnerException is AuthenticationFailureException
                ? "The password in parameters.json is not the one that the data was created with. Restore it, or start over with --fresh."
                : (e.InnerException ?? e).Message;
        }
        catch (Exception e) when (e is OperationInterruptedException or IOException or TimeoutException)
        {
            return e.Message;
        }
    }

    public override async ValueTask DisposeAsync()
    {
        if (_connection is not null)
        {
            await _connection.DisposeAsync();
        }

        await base.DisposeAsync();
    }

    /// <summary>
    /// The name is part of the data, so it is chosen once for each data directory; copies that run at once differ in it.
    /// </summary>
    private static string NodeName(string directory)
    {
        var file = Path.Combine(directory, "node-name");
        if (!File.Exists(file))
        {
            PrivateFile.Write(file, $"integrations-{RandomNumberGenerator.GetHexString(8, lowercase: true)}");
        }

        return File.ReadAllText(file).Trim();
    }

    private async Task<IConnection> ConnectAsync(CancellationToken cancellationToken) =>
        await new ConnectionFactory
        {
            Uri = new Uri(await ValueOfAsync(server.ConnectionStringExpression, cancellationToken)),
            ClientProvidedName = "apphost health",
            AutomaticRecoveryEnabled = false,
            RequestedConnectionTimeout = TimeSpan.FromSeconds(3),
        }.CreateConnectionAsync(cancellationToken);
}
