using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Integrations.ServiceDefaults.Tests.Postgres;
using Npgsql;

[assembly: AssemblyFixture(typeof(PostgresServer))]

namespace Integrations.ServiceDefaults.Tests.Postgres;

/// <summary>A PostgreSQL server of the system's packages in a temporary directory on a free port; it can be stopped and started again.</summary>
public sealed class PostgresServer : IAsyncLifetime
{
    private const string Binaries = "/usr/lib/postgresql/15/bin";

    private readonly string _directory = Directory.CreateTempSubdirectory("integrations-defaults-").FullName;
    private readonly int _port = FreePort();

    public string ConnectionString => $"Host=127.0.0.1;Port={_port};Username=tester;Database=postgres;Timeout=3;Pooling=true";

    public async ValueTask InitializeAsync()
    {
        // The server refuses to run as root, so under root everything is the postgres user's.
        if (Environment.UserName == "root")
            await RunAsync("chown", "postgres", _directory);

        await AsServerUserAsync("initdb", "--no-sync", "--auth=trust", "--username=tester", "--pgdata", Data);
        await StartAsync();
    }

    public Task StartAsync() => AsServerUserAsync(
        "pg_ctl", "start", "--wait", "--silent", "--pgdata", Data, "--log", Path.Combine(_directory, "log"),
        "--options", $"-c listen_addresses=127.0.0.1 -c port={_port} -c unix_socket_directories={_directory} -c fsync=off");

    public Task StopAsync()
    {
        NpgsqlConnection.ClearAllPools();
        return AsServerUserAsync("pg_ctl", "stop", "--wait", "--silent", "--mode=immediate", "--pgdata", Data);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Directory.Delete(_directory, recursive: true);
    }

    private string Data => Path.Combine(_directory, "data");

    private static Task AsServerUserAsync(string program, params string[] arguments)
    {
        var path = Path.Combine(Binaries, program);
        return Environment.UserName == "root" ? RunAsync("runuser", ["-u", "postgres", "--", path, .. arguments]) : RunAsync(path, arguments);
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        // Output goes nowhere: pg_ctl leaves the server behind, and a pipe that the server inherits would never close.
        using var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "exec \"$@\" >/dev/null 2>&1", "sh", program, .. arguments])
        {
            UseShellExecute = false,
            WorkingDirectory = "/",
        })!;
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}; is postgresql-15 installed?");
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
