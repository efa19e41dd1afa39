using Integrations.Core;
using Integrations.Core.Persistence;
using Integrations.Core.Secrets;
using Integrations.Sandbox.Telegram;
using Integrations.Sandbox.Telegram.BotApi;
using Integrations.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Integrations.Workers.Tests;

/// <summary>One installation for one test: a migrated database, key files, a sandbox of its own, and a customer who uses it.</summary>
public sealed class TestInstallation : IAsyncDisposable
{
    public const int ShardCount = 4;

    // The roles belong to the whole server, which other test projects share: they agree on the passwords.
    private const string ApiPassword = "api-test-password";
    private const string WorkerPassword = "worker-test-password";
    private static readonly SemaphoreSlim TemplateLock = new(1);
    private static string? _template;

    private readonly DirectoryInfo _keys = Directory.CreateTempSubdirectory("integrations-workers-tests-");
    private readonly Servers _servers;
    private readonly string _database;
    private readonly WebApplication _sandboxHost;
    private readonly IHost _api;

    private TestInstallation(Servers servers, string database, SandboxTelegramOptions options)
    {
        (_servers, _database) = (servers, database);
        Admin = NpgsqlDataSource.Create(database);
        _sandboxHost = SandboxHost(options);
        _api = ApiHost();
    }

    /// <summary>The superuser: to look, never the thing under test.</summary>
    public NpgsqlDataSource Admin { get; }

    /// <summary>Where the sandbox serves its HTTP side.</summary>
    public string SandboxAddress => _sandboxHost.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();

    public SandboxTelegram Telegram => _sandboxHost.Services.GetRequiredService<SandboxTelegram>();

    public Customer Customer { get; private set; } = null!;

    /// <summary>The Api's way to what it seals for workers.</summary>
    public ISecretProtector Secrets => _api.Services.GetRequiredService<ISecretProtector>();

    public static async Task<TestInstallation> StartAsync(Servers servers, Action<SandboxTelegramOptions>? sandbox = null)
    {
        var options = new SandboxTelegramOptions { Dc1Port = 0, Dc2Port = 0, CodesPerHour = 100 };
        sandbox?.Invoke(options);
        var installation = new TestInstallation(servers, await CloneAsync(servers), options);
        var cancellationToken = TestContext.Current.CancellationToken;
        await installation._sandboxHost.StartAsync(cancellationToken);
        await installation._api.StartAsync(cancellationToken);
        installation.Customer = await Customer.RegisterAsync(installation, installation._api.Services);
        return installation;
    }

    /// <summary>What a worker of this installation is configured with.</summary>
    public Dictionary<string, string?> WorkerSettings() => new()
    {
        ["ConnectionStrings:integrations"] = As("integrations_worker", WorkerPassword),
        ["ConnectionStrings:rabbitmq"] = _servers.RabbitMq,
        ["Secrets:Directory"] = _keys.FullName,
        ["services:sandbox:http:0"] = SandboxAddress,
        ["Ownership:ShardCount"] = $"{ShardCount}",
        ["Ownership:Lease"] = "00:00:03",
        ["Ownership:RenewInterval"] = "00:00:00.5",
        ["Accounts:FirstRestartDelay"] = "00:00:00.1",
        ["Accounts:CallTimeout"] = "00:00:15",
    };

    /// <summary>What a host that people ask is configured with.</summary>
    public Dictionary<string, string?> ApiSettings() => new()
    {
        ["ConnectionStrings:integrations"] = As("integrations_api", ApiPassword),
        ["ConnectionStrings:rabbitmq"] = _servers.RabbitMq,
        ["Secrets:Directory"] = _keys.FullName,
        ["Ownership:ShardCount"] = $"{ShardCount}",
        ["services:sandbox:http:0"] = SandboxAddress,
    };

    public async Task<T> ScalarAsync<T>(string sql)
    {
        await using var command = Admin.CreateCommand(sql);
        return await command.ExecuteScalarAsync(TestContext.Current.CancellationToken) is T value ? value : default!;
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var command = Admin.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Sessions of the hosts that wait for somebody's lock.</summary>
    public Task<long> WaitingSessionsAsync() =>
        ScalarAsync<long>(
            "select count(*) from pg_stat_activity where datname = current_database() and usename like 'integrations%' and wait_event_type = 'Lock'");

    public async ValueTask DisposeAsync()
    {
        await _api.StopAsync();
        _api.Dispose();
        await _sandboxHost.DisposeAsync();
        await Admin.DisposeAsync();
        _keys.Delete(recursive: true);
    }

    /// <summary>Every installation is a copy of one migrated database.</summary>
    private static async Task<string> CloneAsync(Servers servers)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        await TemplateLock.WaitAsync(cancellationToken);
        try
        {
            if (_template is null)
            {
                var template = await servers.CreateDatabaseAsync(cancellationToken);
                await new Migrator(new MigratorSettings(template, ApiPassword, WorkerPassword, ShardCount), NullLogger<Migrator>.Instance).RunAsync(cancellationToken);
                _template = template;
            }

            var name = $"test_{Customer.NewId():n}";
            await using var source = NpgsqlDataSource.Create(servers.PostgresAdmin);
            await using var command = source.CreateCommand($"create database {name} template {new NpgsqlConnectionStringBuilder(_template).Database}");
            await command.ExecuteNonQueryAsync(cancellationToken);
            // A copy has the tables and functions, but not the privileges of the database itself.
            await using var grant = source.CreateCommand($"grant connect on database {name} to integrations_api, integrations_worker");
            await grant.ExecuteNonQueryAsync(cancellationToken);
            return new NpgsqlConnectionStringBuilder(_template) { Database = name }.ConnectionString;
        }
        finally
        {
            TemplateLock.Release();
        }
    }

    private static WebApplication SandboxHost(SandboxTelegramOptions options)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(new SandboxTelegram(options));
        builder.Services.AddHostedService<Listening>();
        var app = builder.Build();
        app.MapGet("/sandbox/telegram", (SandboxTelegram telegram) => Results.Json(new
        {
            dc_id = SandboxTelegram.MainDc,
            dcs = telegram.Dcs.Select(dc => new { id = dc.Id, host = dc.Host, port = dc.Port }),
            public_key_pem = telegram.PublicKeyPem,
        }));
        app.MapBotApi();
        return app;
    }

    private IHost ApiHost()
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true, EnvironmentName = Environments.Development });
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["ConnectionStrings:integrations"] = As("integrations_api", ApiPassword),
            ["ConnectionStrings:rabbitmq"] = _servers.RabbitMq,
            ["Secrets:Directory"] = _keys.FullName,
            ["Ownership:ShardCount"] = $"{ShardCount}",
        });
        builder.Services.AddMetrics();
        builder.AddIntegrationsCore();
        builder.AddSecrets();
        return builder.Build();
    }

    private string As(string user, string password) =>
        new NpgsqlConnectionStringBuilder(_database) { Username = user, Password = password, MaxPoolSize = 20 }.ConnectionString;

    private sealed class Listening(SandboxTelegram telegram) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => telegram.StartAsync(cancellationToken);

        public Task StopAsync(CancellationToken cancellationToken) => telegram.StopAsync();
    }
}
