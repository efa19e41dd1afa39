using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Integrations.Bench.Product;

/// <summary>A copy of the whole product in its own data directory on free ports: the same processes as <c>./run</c> starts.</summary>
internal sealed class ProductProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(300);
    private readonly string _directory;
    private readonly string _log;
    private Process? _appHost;

    private readonly string _temporary;
    private readonly IReadOnlyDictionary<string, string> _settings;

    private ProductProcess(string temporary, IReadOnlyDictionary<string, string> settings)
    {
        (_temporary, _settings) = (temporary, settings);
        _directory = Path.Combine(temporary, "data");
        _log = Path.Combine(temporary, "apphost-console.log");
    }

    public ProductAddresses Addresses { get; private set; } = null!;

    /// <summary>Where everything lies that it writes: servers' data, keys, logs.</summary>
    public string DataDirectory => _directory;

    /// <summary>What the AppHost printed, with the logs of all hosts in it.</summary>
    public string ConsoleLog => _log;

    /// <summary>Starts the product in a new temporary directory and waits until every resource is healthy.</summary>
    /// <param name="settings">Environment variables for all of it, as a user's .env would set them.</param>
    public static async Task<ProductProcess> StartNewAsync(CancellationToken cancellationToken, IReadOnlyDictionary<string, string>? settings = null)
    {
        var product = new ProductProcess(Directory.CreateTempSubdirectory("integrations-").FullName, settings ?? new Dictionary<string, string>());
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
        foreach (var (name, value) in _settings)
            start.Environment[name] = value;
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

    public static string RepositoryRoot()
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

    /// <summary>The local host's page, locked.</summary>
    public Uri DeveloperPage => new(new Uri(_addresses.Text("developer_page")).GetLeftPart(UriPartial.Path));

    public string DeveloperPageToken => _parameters.Text("developer-page-token");

    /// <summary>The database as its superuser, past every wall: for what a test arranges behind the Api's back.</summary>
    public string Database => DatabaseAs("postgres", "postgres-password");

    /// <summary>The database as a worker sees it.</summary>
    public string ApiDatabase => DatabaseAs("integrations_api", "api-db-password");

    public string WorkerDatabase => DatabaseAs("integrations_worker", "worker-db-password");

    /// <summary>Port and password of the product's Redis.</summary>
    public (int Port, string Password) Redis =>
        (new Uri(_addresses["resources"]!["redis"]?["endpoints"].OptionalText("tcp") ?? throw new ScenarioException("'redis' has no address")).Port, _parameters.Text("redis-password"));

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

    private string DatabaseAs(string user, string password)
    {
        var address = new Uri(_addresses["resources"]!["postgres"]?["endpoints"].OptionalText("tcp") ?? throw new ScenarioException("'postgres' has no address"));
        return $"Host={address.Host};Port={address.Port};Username={user};Password={_parameters.Text(password)};Database=integration_db";
    }

    private Uri Http(string resource) =>
        new(_addresses["resources"]![resource]?["endpoints"].OptionalText("http") ?? throw new ScenarioException($"'{resource}' has no HTTP address"));
}
