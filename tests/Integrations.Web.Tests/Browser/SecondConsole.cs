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
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "Integrations.sln")))
            root = root.Parent ?? throw new InvalidOperationException("The tests run from inside the repository.");
        var project = Path.Combine(root.FullName, "Integrations.Web");
        var dll = Directory.EnumerateFiles(Path.Combine(project, "bin"), "Integrations.Web.dll", SearchOption.AllDirectories)
            .OrderByDescending(File.GetLastWriteTimeUtc).First();
        var start = new ProcessStartInfo("dotnet", [dll]) { WorkingDirectory = project, RedirectStandardOutput = true, UseShellExecute = false };
        start.Environment["ASPNETCORE_ENVIRONMENT"] = "Development";
        start.Environment["ASPNETCORE_URLS"] = "http://127.0.0.1:0";
        start.Environment["services__api__http__0"] = product.Api.ToString();
        start.Environment["INTERNAL_SERVICE_KEY"] = product.InternalKey;
        foreach (var (name, value) in settings)
            start.Environment[name] = value;
        var process = Process.Start(start) ?? throw new InvalidOperationException("The console could not be started.");
        var listening = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        process.OutputDataReceived += (_, line) =>
        {
            if (line.Data is null)
                listening.TrySetException(new InvalidOperationException("The console ended before it listened."));
            else if (Listening().Match(line.Data) is { Success: true } match)
                listening.TrySetResult(new Uri(match.Value));
        };
        process.BeginOutputReadLine();
        return new SecondConsole(process, await listening.Task.WaitAsync(TimeSpan.FromSeconds(120), cancellationToken));
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    [GeneratedRegex(@"http://127\.0\.0\.1:\d+")]
    private static partial Regex Listening();
}
