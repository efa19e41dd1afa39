using Integrations.Core.Ownership;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Integrations.Workers.Tests;

/// <summary>A worker of an installation, inside the test's process.</summary>
public sealed class TestWorker : IAsyncDisposable
{
    private readonly IHost _host;
    private bool _ended;

    private TestWorker(IHost host) => _host = host;

    public IServiceProvider Services => _host.Services;

    /// <summary>In the registry of workers; rendezvous hashing tells from it which shards are this one's.</summary>
    public Guid Id => Services.GetRequiredService<ShardLeases>().WorkerId;

    public static Task<TestWorker> StartAsync(TestInstallation installation, params IEnumerable<(string Key, string? Value)> settings) =>
        StartAsync(installation, static _ => { }, settings);

    /// <param name="installation">Whose worker.</param>
    /// <param name="services">What stands in for the product's own.</param>
    /// <param name="settings">Besides those of the installation.</param>
    public static async Task<TestWorker> StartAsync(
        TestInstallation installation, Action<IServiceCollection> services, params IEnumerable<(string Key, string? Value)> settings)
    {
        var worker = Create(installation, services, settings);
        await worker._host.StartAsync(TestContext.Current.CancellationToken);
        return worker;
    }

    /// <summary>A second worker, to whom the other has to hand over some of its shards, that of the account among them, but not all.</summary>
    /// <remarks>A worker's id is new each time, and of two workers one in eight pairs would leave one of them without any shard.</remarks>
    public static async Task<TestWorker> StartBesideAsync(TestInstallation installation, TestWorker other, Guid account)
    {
        while (true)
        {
            var worker = Create(installation, static _ => { });
            Guid[] both = [other.Id, worker.Id];
            var owners = Enumerable.Range(0, TestInstallation.ShardCount).Select(shard => Shards.Preferred(shard, both)).ToArray();
            if (owners[Shards.ShardOf(account, TestInstallation.ShardCount)] == worker.Id && owners.Contains(other.Id))
            {
                await worker._host.StartAsync(TestContext.Current.CancellationToken);
                return worker;
            }

            await ((IAsyncDisposable)worker._host).DisposeAsync();
        }
    }

    /// <summary>One that is not started, for tests that drive its parts themselves.</summary>
    public static TestWorker Create(TestInstallation installation, Action<IServiceCollection> services, params IEnumerable<(string Key, string? Value)> settings)
    {
        var configuration = installation.WorkerSettings();
        foreach (var (key, value) in settings)
            configuration[key] = value;

        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true, EnvironmentName = Environments.Development });
        builder.Configuration.AddInMemoryCollection(configuration);
        builder.Logging.AddProvider(new TestOutput()).SetMinimumLevel(LogLevel.Information).AddFilter("Npgsql", LogLevel.Warning);
        builder.Services.AddMetrics();
        services(builder.Services);
        builder.AddAccounts();
        return new TestWorker(builder.Build());
    }

    /// <summary>As a deployment does: hands everything over.</summary>
    public async Task StopAsync()
    {
        _ended = true;
        await _host.StopAsync(TestContext.Current.CancellationToken);
        await ((IAsyncDisposable)_host).DisposeAsync();
    }

    /// <summary>As near to kill -9 as a process can come that goes on: sockets are aborted, nothing is handed over or stored.</summary>
    public async Task KillAsync()
    {
        _ended = true;
        await Services.GetRequiredService<ShardLeases>().DisposeAsync();
        await ((IAsyncDisposable)_host).DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_ended)
            await StopAsync();
    }

    /// <summary>The worker's log in the output of the test that started it.</summary>
    private sealed class TestOutput : ILoggerProvider
    {
        private readonly ITestOutputHelper? _output = TestContext.Current.TestOutputHelper;

        public ILogger CreateLogger(string categoryName) => new Lines(_output, categoryName);

        public void Dispose()
        {
            // Nothing is held.
        }
    }

    private sealed class Lines(ITestOutputHelper? output, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => output is not null && logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel))
                return;

            try
            {
                output!.WriteLine($"{logLevel} {category[(category.LastIndexOf('.') + 1)..]}: {formatter(state, exception)}{(exception is null ? "" : $"\n{exception}")}");
            }
            catch (InvalidOperationException)
            {
                // The test has ended; its worker is ending too.
                return;
            }
        }
    }
}
