using System.Diagnostics;
using System.Text.RegularExpressions;
using Integrations.Bench.Product;

namespace Integrations.Web.Tests.Browser;

/// <summary>Another copy of the console on the same product, with settings of its own.</summary>
internal sealed partial class SecondConsole : IAsyncDisposable
{
    private readonly Process _process;

    private SecondConsole(Process process, Uri address) => (_process, Address) = (process, address);

    public Uri Address { get; }

    public static async Task<SecondConsole> StartAsync(ProductAddresses product, IReadOnlyDictionary<string, string> settings, CancellationToken cancellationToken)
    {
        var (process, address) = await LaunchAsync("Integrations.Web", environment =>
        {
            environment["ASPNETCORE_ENVIRONMENT"] = "Development";
            environment["services__api__http__0"] = product.Api.ToString();
            environment["INTERNAL_SERVICE_KEY"] = product.InternalKey;
            foreach (var (name, value) in settings)
                environment[name] = value;
        }, cancellationToken);
        return new SecondConsole(process, address);
    }

    /// <summary>Starts a host of the product on a free port and waits until it listens.</summary>
    internal static async Task<(Process Process, Uri Address)> LaunchAsync(string room, Action<IDictionary<string, string?>> configure, CancellationToken cancellationToken)
    {
        var project = Path.Combine(Root(), room);
        var dll = Directory.EnumerateFiles(Path.Combine(project, "bin"), $"{room}.dll", SearchOption.AllDirectories)
            .OrderByDescending(File.GetLastWriteTimeUtc).First();
        var start = new ProcessStartInfo("dotnet", [dll]) { WorkingDirectory = project, RedirectStandardOutput = true, UseShellExecute = false };
        configure(start.Environment);
        start.Environment["ASPNETCORE_URLS"] = "http://127.0.0.1:0";
        var process = Process.Start(start) ?? throw new InvalidOperationException($"{room} could not be started.");
        var listening = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        process.OutputDataReceived += (_, line) =>
        {
            if (line.Data is null)
                listening.TrySetException(new InvalidOperationException($"{room} ended before it listened."));
            else if (line.Data.Contains("Now listening on", StringComparison.Ordinal) && Listening().Match(line.Data) is { Success: true } match)
                listening.TrySetResult(new Uri(match.Value));
        };
        process.BeginOutputReadLine();
        return (process, await listening.Task.WaitAsync(TimeSpan.FromSeconds(120), cancellationToken));
    }

    /// <summary>The directory of the solution.</summary>
    public static string Root()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "Integrations.sln")))
            root = root.Parent ?? throw new InvalidOperationException("The tests run from inside the repository.");
        return root.FullName;
    }

    /// <summary>kill -9.</summary>
    public void Kill() => _process.Kill();

    public async ValueTask DisposeAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    [GeneratedRegex(@"http://127\.0\.0\.1:\d+")]
    private static partial Regex Listening();
}
