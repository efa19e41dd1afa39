using System.Reflection;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Integrations.AppHost.LocalHosting.Data;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Integrations.AppHost.LocalHosting.Running;

/// <summary>Collects the resources and builds the host that runs them.</summary>
internal sealed class LocalApplicationBuilder : IDistributedApplicationBuilder
{
    /// <summary>Written into the application host's assembly by its project file, as Aspire's SDK does.</summary>
    private const string ProjectPathKey = "apphostprojectpath";

    private readonly HostApplicationBuilder _host;
    private readonly HostSettings _settings;
    private readonly List<IResource> _resources = [];
    private readonly bool _withDeveloperPage;

    public LocalApplicationBuilder(DistributedApplicationOptions options)
    {
        AppHostAssembly = options.AssemblyName is { } name ? Assembly.Load(name) : Assembly.GetEntryAssembly();
        AppHostDirectory = options.ProjectDirectory
            ?? AppHostAssembly?.GetCustomAttributes<AssemblyMetadataAttribute>().FirstOrDefault(a => a.Key == ProjectPathKey)?.Value
            ?? System.Environment.CurrentDirectory;
        _settings = HostSettings.Parse(options.Args ?? [], AppHostDirectory);
        _withDeveloperPage = !options.DisableDashboard;
        DotEnv.Load(Path.Combine(AppHostDirectory, "..", ".env"));
        _host = new HostApplicationBuilder(new HostApplicationBuilderSettings
        {
            DisableDefaults = true,
            // Nothing here is meant for production; the variable can still say otherwise.
            EnvironmentName = System.Environment.GetEnvironmentVariable("DOTNET_ENVIRONMENT") ?? Environments.Development,
            ContentRootPath = AppHostDirectory,
        });
        _host.Configuration.AddEnvironmentVariables();
        _host.Configuration.AddCommandLine([.. _settings.ConfigurationArguments]);
        // The system's signals belong to whoever runs the application: a test process must still end at Ctrl-C.
        _host.Services.AddSingleton<IHostLifetime, NoLifetime>();
        _host.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromMinutes(2));
        _host.Services.AddSingleton(TimeProvider.System);
    }

    public ConfigurationManager Configuration => _host.Configuration;

    public string AppHostDirectory { get; }

    public Assembly? AppHostAssembly { get; }

    public IHostEnvironment Environment => _host.Environment;

    public IServiceCollection Services => _host.Services;

    public ParameterStore Parameters { get; } = new();

    public IResourceBuilder<T> AddResource<T>(T resource)
        where T : IResource
    {
        if (_resources.Exists(r => string.Equals(r.Name, resource.Name, StringComparison.OrdinalIgnoreCase)))
        {
            throw new DistributedApplicationException($"Cannot add resource '{resource.Name}': there is already one with that name.");
        }

        _resources.Add(resource);
        return CreateResourceBuilder(resource);
    }

    public IResourceBuilder<T> CreateResourceBuilder<T>(T resource)
        where T : IResource => new LocalResourceBuilder<T>(this, resource);

    public DistributedApplication Build()
    {
        Services.AddSingleton<HostLog>();
        Services.AddSingleton<ILoggerProvider>(services => services.GetRequiredService<HostLog>());
        Services.AddSingleton(services => new LocalApplication(
            _resources,
            _settings,
            Parameters,
            Configuration,
            Environment,
            AppHostDirectory,
            _withDeveloperPage,
            services.GetRequiredService<TimeProvider>(),
            services.GetRequiredService<HostLog>(),
            services.GetRequiredService<ILogger<LocalApplication>>()));
        // First of the hosted services, whatever the application itself has registered: those may use the started resources.
        Services.Insert(0, ServiceDescriptor.Singleton<IHostedService>(services => services.GetRequiredService<LocalApplication>()));
        Services.AddSingleton(services => new ResourceNotificationService(services.GetRequiredService<LocalApplication>().Board));
        Services.AddSingleton(services => new ResourceCommandService(services.GetRequiredService<LocalApplication>()));
        return new DistributedApplication(_host.Build());
    }

    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}

internal sealed class LocalResourceBuilder<T>(IDistributedApplicationBuilder applicationBuilder, T resource) : IResourceBuilder<T>
    where T : IResource
{
    public IDistributedApplicationBuilder ApplicationBuilder => applicationBuilder;

    public T Resource => resource;
}
