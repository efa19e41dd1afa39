using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Integrations.Bench.Product;

/// <summary>A copy of the whole product in its own data directory on free ports: the same processes as <c>./run</c> starts.</summary>
internal sealed class ProductProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(120);
    private readonly string _directory;
    private readonly string _log;
    private Process? _appHost;

    private readonly string _temporary;

    private ProductProcess(string temporary)
    {
        _temporary = temporary;
        _directory = Path.Combine(temporary, "data");
        _log = Path.Combine(temporary, "apphost-console.log");
    }

    public ProductAddresses Addresses { get; private set; } = null!;

    /// <summary>Starts the product in a new temporary directory and waits until every resource is healthy.</summary>
    public static async Task<ProductProcess> StartNewAsync(CancellationToken cancellationToken)
    {
        var product = new ProductProcess(Directory.CreateTempSubdirectory("integrations-").FullName);
        if (!OperatingSystem.IsWindows())
        {
            // PostgreSQL runs as another user and must be able to reach its own directory inside.
            File.SetUnixFileMode(product._temporary, (UnixFileMode)Convert.ToInt32("755", 8));
        }

        try
        {
            await product.StartAsync(cancellationToken);
            return product;
        }
        catch
        {
            await product.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts the product on the data that it left; the ports may be others than before.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var addresses = ProductAddresses.FileIn(_directory);
        if (File.Exists(addresses))
            File.Delete(addresses);
        var root = RepositoryRoot();
        var dll = Directory.EnumerateFiles(Path.Combine(root, "Integrations.AppHost", "bin"), "Integrations.AppHost.dll", SearchOption.AllDirectories)
            .OrderByDescending(File.GetLastWriteTimeUtc)
            .FirstOrDefault() ?? throw new ScenarioException("Integrations.AppHost is not built; run ./run once, or dotnet build Integrations.AppHost");
        var log = new StreamWriter(_log, append: true) { AutoFlush = true };
        var start = new ProcessStartInfo("dotnet", [dll, "--data", _directory, "--ports", "auto"])
        {
            WorkingDirectory = root,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        _appHost = Process.Start(start) ?? throw new ScenarioException("the AppHost could not be started");
        void Write(object _, DataReceivedEventArgs line)
        {
            lock (log)
            {
                log.WriteLine(line.Data);
            }
        }

        _appHost.OutputDataReceived += Write;
        _appHost.ErrorDataReceived += Write;
        _appHost.BeginOutputReadLine();
        _appHost.BeginErrorReadLine();

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(StartLimit);
        using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        try
        {
            while (!ProductAddresses.IsReady(_directory))
            {
                if (_appHost.HasExited)
                    throw new ScenarioException($"the AppHost ended with {_appHost.ExitCode} before it was ready:\n{Tail()}");
                await poll.WaitForNextTickAsync(limit.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ScenarioException($"the product was not ready within {StartLimit.TotalSeconds:0} s:\n{Tail()}");
        }

        Addresses = ProductAddresses.Read(_directory);
    }

    /// <summary>Stops everything the way Ctrl-C does, and waits until no process is left.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_appHost is null)
            return;
        if (!_appHost.HasExited)
        {
            Signal(_appHost.Id, "TERM");
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(TimeSpan.FromSeconds(40));
            await _appHost.WaitForExitAsync(limit.Token);
        }

        _appHost.Dispose();
        _appHost = null;
    }

    /// <summary>kill -9 of every process of a resource; returns the pids that were killed.</summary>
    public IReadOnlyList<int> Kill(string resource)
    {
        var pids = ProductAddresses.Read(_directory).Pids(resource);
        foreach (var pid in pids)
            Signal(pid, "KILL");
        return pids;
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await StopAsync(CancellationToken.None);
        }
        catch (OperationCanceledException)
        {
            _appHost?.Kill(entireProcessTree: true);
        }

        if (Environment.GetEnvironmentVariable("INTEGRATIONS_KEEP_DATA") is null)
            Directory.Delete(_temporary, recursive: true);
        else
            Console.Error.WriteLine($"kept: {_temporary}");
    }

    /// <summary>The last lines of what the AppHost printed.</summary>
    public string Tail() => File.Exists(_log) ? string.Join('\n', ReadShared(_log).TakeLast(30)) : "(nothing was printed)";

    private static List<string> ReadShared(string file)
    {
        using var reader = new StreamReader(new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        List<string> lines = [];
        while (reader.ReadLine() is { } line)
            lines.Add(line);
        return lines;
    }

    private static void Signal(int pid, string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", pid.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    private static string RepositoryRoot()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "Integrations.sln")))
                return directory.FullName;
        }

        throw new ScenarioException("this program runs from inside the repository: Integrations.sln was not found above it");
    }
}

/// <summary>What the AppHost writes about a running copy: addresses and processes in <c>run/state.json</c>, generated secrets in <c>parameters.json</c>.</summary>
internal sealed class ProductAddresses
{
    private readonly JsonNode _addresses;
    private readonly JsonNode _parameters;

    private ProductAddresses(JsonNode addresses, JsonNode parameters) => (_addresses, _parameters) = (addresses, parameters);

    public Uri Api => Http("api");

    public Uri Web => Http("web");

    public Uri Sandbox => Http("sandbox");

    public string SandboxToken => _parameters.Text("sandbox-token");

    public string JwtSecret => _parameters.Text("jwt-secret");

    public string InternalKey => _parameters.Text("internal-service-key");

    public static string FileIn(string directory) => Path.Combine(directory, "run", "state.json");

    public static ProductAddresses Read(string directory) => new(
        JsonNode.Parse(File.ReadAllText(FileIn(directory)))!,
        JsonNode.Parse(File.ReadAllText(Path.Combine(directory, "parameters.json")))!);

    /// <summary>Whether every resource of the copy in this directory is up.</summary>
    public static bool IsReady(string directory) =>
        File.Exists(FileIn(directory)) && JsonNode.Parse(File.ReadAllText(FileIn(directory)))!["ready"]?.GetValue<bool>() == true;

    /// <summary>The process ids of a resource; several when it has replicas.</summary>
    public IReadOnlyList<int> Pids(string resource) =>
        [.. _addresses["resources"]!.AsObject().Select(r => r.Value!)
            .Where(r => r.Text("resource") == resource && r["pid"] is not null)
            .Select(r => r["pid"]!.GetValue<int>())];

    private Uri Http(string resource) =>
        new(_addresses["resources"]![resource]?["endpoints"].OptionalText("http") ?? throw new ScenarioException($"'{resource}' has no HTTP address"));
}
