using System.Reflection;
using Aspire.Hosting.ApplicationModel;
using Integrations.AppHost.LocalHosting.Running;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting;

/// <summary>The application could not be described or started.</summary>
public class DistributedApplicationException : Exception
{
    public DistributedApplicationException()
    {
    }

    public DistributedApplicationException(string message)
        : base(message)
    {
    }

    public DistributedApplicationException(string message, Exception inner)
        : base(message, inner)
    {
    }
}

public sealed class DistributedApplicationOptions
{
    /// <summary>The command line.</summary>
    public string[]? Args { get; set; }

    /// <summary>The assembly whose project is the application host; the entry assembly when left out.</summary>
    public string? AssemblyName { get; set; }

    /// <summary>Directory that paths of projects are relative to; the application host's own when left out.</summary>
    public string? ProjectDirectory { get; set; }

    /// <summary>Runs without the developer page.</summary>
    public bool DisableDashboard { get; set; }
}

/// <summary>Collects what the application consists of.</summary>
public interface IDistributedApplicationBuilder
{
    ConfigurationManager Configuration { get; }

    string AppHostDirectory { get; }

    Assembly? AppHostAssembly { get; }

    IHostEnvironment Environment { get; }

    IServiceCollection Services { get; }

    IResourceBuilder<T> AddResource<T>(T resource)
        where T : IResource;

    IResourceBuilder<T> CreateResourceBuilder<T>(T resource)
        where T : IResource;

    DistributedApplication Build();
}

/// <summary>An application made of several programs.</summary>
public class DistributedApplication : IHost, IAsyncDisposable
{
    private readonly IHost _host;

    public DistributedApplication(IHost host) => _host = host;

    public IServiceProvider Services => _host.Services;

    public ResourceNotificationService ResourceNotifications => Services.GetRequiredService<ResourceNotificationService>();

    public ResourceCommandService ResourceCommands => Services.GetRequiredService<ResourceCommandService>();

    public static IDistributedApplicationBuilder CreateBuilder() => CreateBuilder([]);

    public static IDistributedApplicationBuilder CreateBuilder(string[] args) =>
        CreateBuilder(new DistributedApplicationOptions { Args = args });

    /// <exception cref="DistributedApplicationException">An option is not understood.</exception>
    public static IDistributedApplicationBuilder CreateBuilder(DistributedApplicationOptions options) =>
        new LocalApplicationBuilder(options);

    /// <summary>Runs until the process is asked to end (Ctrl-C, SIGTERM, SIGHUP), then stops everything.</summary>
    public void Run() => RunAsync().GetAwaiter().GetResult();

    /// <inheritdoc cref="Run"/>
    public virtual Task RunAsync(CancellationToken cancellationToken = default) =>
        TerminalRun.RunAsync(this, Services.GetRequiredService<LocalApplication>(), cancellationToken);

    /// <summary>Begins to start all resources. It does not wait for them: see <see cref="ResourceNotifications"/>.</summary>
    public virtual Task StartAsync(CancellationToken cancellationToken = default) => _host.StartAsync(cancellationToken);

    /// <summary>Stops all resources.</summary>
    public virtual Task StopAsync(CancellationToken cancellationToken = default) => _host.StopAsync(cancellationToken);

    public virtual void Dispose()
    {
        GC.SuppressFinalize(this);
        DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    /// <summary>Stops what still runs and gives the data directory back.</summary>
    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await Services.GetRequiredService<LocalApplication>().StopAsync(CancellationToken.None);
        if (_host is IAsyncDisposable host)
        {
            await host.DisposeAsync();
        }
    }
}
