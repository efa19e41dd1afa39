using System.Text.Json;
using Aspire.Hosting;
using Aspire.Hosting.Testing;
using Integrations.AppHost.LocalHosting.Data;
using Integrations.AppHost.LocalHosting.Processes;
using Npgsql;
using Xunit;

namespace Integrations.Testing;

/// <summary>
/// Real PostgreSQL, Redis and RabbitMQ for the tests of one process: <c>[assembly: AssemblyFixture(typeof(Servers))]</c>, then a
/// constructor parameter of the test class.
/// </summary>
/// <remarks>
/// They are started on free ports with data in a temporary directory and stopped with the test process. When the variable
/// <c>INTEGRATIONS_TEST_SERVERS</c> names the <c>run/addresses.json</c> of a running application host
/// (<c>--only postgres,redis,rabbitmq --ports auto --data DIR</c>), that one's servers are used instead, so that several test processes
/// share one set; tests must therefore take a database of their own and name queues of their own. A server that is missing or does not
/// start fails the tests.
/// </remarks>
public sealed class Servers : IAsyncLifetime
{
    public const string SharedServersVariable = "INTEGRATIONS_TEST_SERVERS";

    /// <summary>How long the three servers may take to start, on a busy machine.</summary>
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(3);

    private static readonly string Parent = Path.Combine(Path.GetTempPath(), $"integrations-tests-{Environment.UserName}");

    private DistributedApplication? _application;
    private string _directory = "";

    /// <summary>
    /// The superuser's connection string, on the database <c>postgres</c>. Tests use <see cref="CreateDatabaseAsync"/>.
    /// </summary>
    public string PostgresAdmin { get; private set; } = "";

    /// <summary>StackExchange.Redis' form: <c>host:port,password=…</c>.</summary>
    public string Redis { get; private set; } = "";

    /// <summary><c>amqp://user:password@host:port</c>.</summary>
    public string RabbitMq { get; private set; } = "";

    /// <summary>Creates an empty database with a name of its own and returns the superuser's connection string to it.</summary>
    public async Task<string> CreateDatabaseAsync(CancellationToken cancellationToken = default)
    {
        var name = $"test_{Guid.CreateVersion7():n}";
        await using var source = NpgsqlDataSource.Create(PostgresAdmin);
        await using var command = source.CreateCommand($"create database {name}");
        await command.ExecuteNonQueryAsync(cancellationToken);
        return new NpgsqlConnectionStringBuilder(PostgresAdmin) { Database = name }.ConnectionString;
    }

    public async ValueTask InitializeAsync()
    {
        if (Environment.GetEnvironmentVariable(SharedServersVariable) is { Length: > 0 } shared)
        {
            await JoinAsync(shared);
        }
        else
        {
            await StartAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_application is not null)
        {
            await _application.DisposeAsync();
            Delete(_directory);
        }
    }

    /// <summary>Stops and deletes what test processes that were killed have left.</summary>
    private static async Task SweepAsync(CancellationToken cancellationToken)
    {
        foreach (var directory in Directory.Exists(Parent) ? Directory.GetDirectories(Parent) : [])
        {
            if (Directory.Exists($"/proc/{Path.GetFileName(directory).Split('-')[0]}"))
            {
                // Its test process lives, and may be about to take it.
                continue;
            }

            using var data = TryOpen(directory);
            if (data is not null)
            {
                await Leftovers.StopAsync(data.Processes, TimeSpan.FromSeconds(5), TimeProvider.System, cancellationToken);
                Delete(directory);
            }
        }

        static DataDirectory? TryOpen(string directory)
        {
            try
            {
                return DataDirectory.TryOpen(directory);
            }
            catch (Exception e) when (e is IOException or StartRefusedException)
            {
                // Another test process is sweeping it.
                return null;
            }
        }
    }

    /// <summary>A directory that has just been given up is deleted by its owner and by whoever sweeps, whichever comes first.</summary>
    private static void Delete(string directory)
    {
        try
        {
            Directory.Delete(directory, recursive: true);
        }
        catch (IOException)
        {
            // The other one is at it; what should remain is left for the next sweep.
        }
    }

    private async Task StartAsync()
    {
        using var limit = new CancellationTokenSource(StartLimit);
        await SweepAsync(limit.Token);
        PrivateFile.CreateDirectory(Parent);
        _directory = Path.Combine(Parent, $"{Environment.ProcessId}-{Guid.CreateVersion7():n}");
        var builder = DistributedApplication.CreateBuilder(new DistributedApplicationOptions
        {
            Args = ["--data", _directory, "--ports", "auto"],
            DisableDashboard = true,
        });
        builder.AddPostgres("postgres");
        builder.AddRedis("redis");
        builder.AddRabbitMQ("rabbitmq");
        _application = builder.Build();
        await _application.StartAsync(limit.Token);
        string[] names = ["postgres", "redis", "rabbitmq"];
        try
        {
            await Task.WhenAll(names.Select(name => _application.ResourceNotifications.WaitForResourceHealthyAsync(name, limit.Token)));
        }
        catch (OperationCanceledException e) when (limit.IsCancellationRequested)
        {
            var addresses = File.ReadAllText(DataDirectory.StateOf(_directory));
            await DisposeAsync();
            throw new InvalidOperationException($"The servers were not ready after {StartLimit.TotalMinutes} minutes: {addresses}", e);
        }

        PostgresAdmin = ForTests(await _application.GetConnectionStringAsync("postgres", limit.Token));
        Redis = await _application.GetConnectionStringAsync("redis", limit.Token) ?? "";
        RabbitMq = await _application.GetConnectionStringAsync("rabbitmq", limit.Token) ?? "";
    }

    private async Task JoinAsync(string addressFile)
    {
        using var addresses = JsonDocument.Parse(await File.ReadAllTextAsync(addressFile));
        string Text(string name) => addresses.RootElement.GetProperty(name).GetString()!;
        var parameters = JsonSerializer.Deserialize<Dictionary<string, string>>(await File.ReadAllTextAsync(Text("parameters_file")))!;
        var postgres = new Uri(Text("postgres"));
        PostgresAdmin = ForTests($"Host={postgres.Host};Port={postgres.Port};Username=postgres;Password={parameters["postgres-password"]}");
        Redis = $"{new Uri(Text("redis")).Authority},password={parameters["redis-password"]}";
        RabbitMq = $"amqp://guest:{parameters["rabbitmq-password"]}@{new Uri(Text("rabbitmq")).Authority}";
    }

    private static string ForTests(string? connectionString) =>
        new NpgsqlConnectionStringBuilder(connectionString) { Database = "postgres", IncludeErrorDetail = true }.ConnectionString;
}
