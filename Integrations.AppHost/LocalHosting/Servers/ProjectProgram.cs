using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using Aspire.Hosting.ApplicationModel;
using Integrations.AppHost.LocalHosting.Processes;
using Integrations.AppHost.LocalHosting.Running;
using Microsoft.Extensions.Hosting;

namespace Integrations.AppHost.LocalHosting.Servers;

/// <summary>A built .NET project, with the environment that Aspire gives a project.</summary>
internal sealed class ProjectProgram(ProjectResource project, string projectFile, ProgramServices services) : ServerProgram
{
    /// <summary>Variables of the caller that would change what a host does; they were meant for the application host.</summary>
    private static readonly string[] NotInherited =
    [
        "ASPNETCORE_", "ASPIRE_", "DOTNET_ENVIRONMENT", "DOTNET_LAUNCH_PROFILE", "DOTNET_URLS", "HTTP_PORTS", "HTTPS_PORTS", "Kestrel__",
        "ConnectionStrings__", "services__",
    ];

    private readonly LocalHttpCheck? _check = project.Annotations.OfType<LocalHttpCheck>().LastOrDefault();
    private readonly HttpClient _client = new() { Timeout = TimeSpan.FromSeconds(5) };

    public override string Kind => "Project";

    public override bool HasHealthCheck => _check is not null;

    private string ProjectDirectory => Path.GetDirectoryName(projectFile)!;

    public override async Task<ProcessPlan> PlanAsync(int copy, CancellationToken cancellationToken)
    {
        var assembly = BuiltAssembly();
        if (!File.Exists(assembly))
        {
            throw new ProgramException($"{assembly} is not there. Build the solution first.");
        }

        var arguments = project.Annotations.OfType<LocalArguments>().SelectMany(a => a.Values);
        return new ProcessPlan(DotNetHost(), ["exec", assembly, .. arguments])
        {
            WorkingDirectory = ProjectDirectory,
            Environment = await EnvironmentAsync(copy, cancellationToken),
            Grace = TimeSpan.FromSeconds(20),
        };
    }

    public override async Task<string?> CheckAsync(int copy, CancellationToken cancellationToken)
    {
        if (_check is null)
        {
            return null;
        }

        var endpoint = _check.Endpoint.Endpoint;
        var address = string.Create(
            CultureInfo.InvariantCulture, $"{endpoint.Scheme}://{LocalEndpoint.Loopback}:{endpoint.Ports[copy]}{_check.Path}");
        try
        {
            using var response = await _client.GetAsync(new Uri(address), cancellationToken);
            return (int)response.StatusCode == _check.StatusCode
                ? null
                : $"GET {_check.Path} was answered with {(int)response.StatusCode}.";
        }
        catch (HttpRequestException e)
        {
            return e.Message;
        }
        catch (TaskCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return $"GET {_check.Path} was not answered within {_client.Timeout.TotalSeconds} seconds.";
        }
    }

    public override ValueTask DisposeAsync()
    {
        _client.Dispose();
        return base.DisposeAsync();
    }

    /// <summary>What the model gives the project, without what it inherits.</summary>
    public async Task<IReadOnlyDictionary<string, string>> InjectedAsync(int copy, CancellationToken cancellationToken)
    {
        var variables = new SortedDictionary<string, string>(StringComparer.Ordinal);
        AddTelemetry(variables, copy);
        var urls = new List<string>();
        foreach (var endpoint in project.Endpoints())
        {
            var port = endpoint.Ports[copy].ToString(CultureInfo.InvariantCulture);
            if (endpoint.Scheme is "http" or "https")
            {
                urls.Add($"{endpoint.Scheme}://{LocalEndpoint.Loopback}:{port}");
            }

            if (endpoint.Variable is { } variable)
            {
                variables[variable] = port;
            }
        }

        if (urls.Count > 0)
        {
            variables["ASPNETCORE_URLS"] = string.Join(';', urls);
        }

        foreach (var reference in project.Annotations.OfType<LocalReference>())
        {
            AddReference(variables, reference.Target);
        }

        foreach (var variable in project.Annotations.OfType<LocalVariable>())
        {
            variables[variable.Name] = await ValueOfAsync(variable.Value, cancellationToken);
        }

        return variables;
    }

    private static void AddReference(SortedDictionary<string, string> variables, IResourceWithEndpoints target)
    {
        // services__api__http__0: the index counts endpoints of one scheme, or is 0 for an endpoint with a name of its own.
        var counts = new Dictionary<string, int>();
        foreach (var endpoint in target.Endpoints())
        {
            var url = new EndpointReference(target, endpoint.Name).Url;
            var index = counts.TryGetValue(endpoint.Name, out var next) ? next : 0;
            counts[endpoint.Name] = index + 1;
            variables[string.Create(CultureInfo.InvariantCulture, $"services__{target.Name}__{endpoint.Name}__{index}")] = url;
            variables[$"{target.Name}_{endpoint.Name}".Replace('-', '_').ToUpperInvariant()] = url;
        }
    }

    private async Task<IReadOnlyDictionary<string, string>> EnvironmentAsync(int copy, CancellationToken cancellationToken)
    {
        var environment = new Dictionary<string, string>();
        foreach (DictionaryEntry inherited in Environment.GetEnvironmentVariables())
        {
            var name = (string)inherited.Key;
            if (!NotInherited.Any(prefix => name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)))
            {
                environment[name] = (string?)inherited.Value ?? "";
            }
        }

        foreach (var (name, value) in await InjectedAsync(copy, cancellationToken))
        {
            environment[name] = value;
        }

        return environment;
    }

    private void AddTelemetry(SortedDictionary<string, string> variables, int copy)
    {
        variables["OTEL_SERVICE_NAME"] = project.Name;
        variables["OTEL_RESOURCE_ATTRIBUTES"] = string.Create(CultureInfo.InvariantCulture, $"service.instance.id={copy + 1}");
        variables["OTEL_DOTNET_EXPERIMENTAL_OTLP_RETRY"] = "in_memory";
        variables["LOGGING__CONSOLE__FORMATTERNAME"] = "simple";
        variables["DOTNET_SYSTEM_CONSOLE_ALLOW_ANSI_COLOR_REDIRECTION"] = "true";
        if (services.Environment.IsDevelopment())
        {
            variables["OTEL_BLRP_SCHEDULE_DELAY"] = "1000";
            variables["OTEL_BSP_SCHEDULE_DELAY"] = "1000";
            variables["OTEL_METRIC_EXPORT_INTERVAL"] = "1000";
            variables["OTEL_TRACES_SAMPLER"] = "always_on";
            variables["OTEL_METRICS_EXEMPLAR_FILTER"] = "trace_based";
        }
    }

    /// <summary>Where the SDK puts the project's output in the configuration that the application host itself was built in.</summary>
    private string BuiltAssembly()
    {
        var configuration =
            typeof(ProjectProgram).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()?.Configuration ?? "Debug";
        var name = Path.GetFileNameWithoutExtension(projectFile) + ".dll";
        return Path.Combine(ProjectDirectory, "bin", configuration, $"net{Environment.Version.Major}.0", name);
    }

    /// <summary>
    /// The <c>dotnet</c> that runs this process: /usr/share/dotnet/shared/Microsoft.NETCore.App/10.0.1/ → /usr/share/dotnet/dotnet.
    /// </summary>
    private static string DotNetHost() =>
        Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet"));
}
