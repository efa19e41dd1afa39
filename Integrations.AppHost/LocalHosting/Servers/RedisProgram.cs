using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Aspire.Hosting.ApplicationModel;
using Integrations.AppHost.LocalHosting.Data;
using Integrations.AppHost.LocalHosting.Processes;

namespace Integrations.AppHost.LocalHosting.Servers;

/// <summary>Redis from the system's packages, with its own configuration and data.</summary>
internal sealed class RedisProgram(RedisResource server, ProgramServices services) : ServerProgram
{
    private const string Program = "/usr/bin/redis-server";

    public override string Kind => "Redis";

    public override IEnumerable<Prerequisite> Prerequisites => [new("redis-server", File.Exists(Program) ? Program : null)];

    public override async Task<ProcessPlan> PlanAsync(int copy, CancellationToken cancellationToken)
    {
        var directory = services.Data.Subdirectory(server.Name);
        var configuration = Path.Combine(directory, "redis.conf");
        var password = await ValueOfAsync(server.PasswordParameter!, cancellationToken);
        // In a file, because arguments are visible to every user of the machine.
        PrivateFile.Write(configuration, string.Create(CultureInfo.InvariantCulture, $"""
            bind {LocalHost}
            port {server.PrimaryEndpoint.Port}
            protected-mode yes
            requirepass {password}
            dir "{directory}"
            appendonly yes
            appendfsync everysec
            save 60 1
            daemonize no
            logfile ""

            """));
        return new ProcessPlan(Program, [configuration]) { Environment = PlainEnvironment(), WorkingDirectory = directory };
    }

    public override async Task<string?> CheckAsync(int copy, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(3), services.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(LocalHost, server.PrimaryEndpoint.Port, either.Token);
            var stream = client.GetStream();
            var password = await ValueOfAsync(server.PasswordParameter!, cancellationToken);
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"AUTH {password}\r\nPING\r\n"), either.Token);
            using var reader = new StreamReader(stream);
            var authenticated = await reader.ReadLineAsync(either.Token);
            if (authenticated != "+OK")
            {
                return $"AUTH was answered with '{authenticated}'.";
            }

            // "-LOADING" while it reads its data.
            var pong = await reader.ReadLineAsync(either.Token);
            return pong == "+PONG" ? null : $"PING was answered with '{pong}'.";
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return e.Message;
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested)
        {
            return "PING was not answered within 3 seconds.";
        }
    }

    private const string LocalHost = Running.LocalEndpoint.Loopback;
}
