using System.Diagnostics;
using System.Globalization;
using Integrations.Bench.Product;

namespace Integrations.Web.Tests.Browser;

/// <summary>Another copy of the Api on the same product, with settings of its own: it takes over the environment of the one that runs.</summary>
internal sealed class SecondApi : IAsyncDisposable
{
    private readonly Process _process;

    private SecondApi(Process process, Uri address) => (_process, Address) = (process, address);

    public Uri Address { get; }

    public static async Task<SecondApi> StartAsync(ProductProcess product, IReadOnlyDictionary<string, string> settings, CancellationToken cancellationToken)
    {
        var running = (await EnvironmentAsync(product, cancellationToken)).Split('\0', StringSplitOptions.RemoveEmptyEntries);
        var (process, address) = await SecondConsole.LaunchAsync("Integrations.Api", environment =>
        {
            environment.Clear();
            foreach (var (name, value) in running.Select(entry => entry.Split('=', 2)).Select(pair => (pair[0], pair[1])).Where(entry => !entry.Item1.EndsWith("_PORTS", StringComparison.Ordinal)))
                environment[name] = value;
            foreach (var (name, value) in settings)
                environment[name] = value;
        }, cancellationToken);
        return new SecondApi(process, address);
    }

    /// <summary>Of the copy that runs now: another test may have killed one a moment ago.</summary>
    private static async Task<string> EnvironmentAsync(ProductProcess product, CancellationToken cancellationToken)
    {
        var environment = "";
        await Office.UntilAsync(
            "the Api runs",
            async () =>
            {
                var pids = ProductAddresses.Read(product.DataDirectory).Pids("api");
                var file = pids.Count == 0 ? "" : $"/proc/{pids[0].ToString(CultureInfo.InvariantCulture)}/environ";
                if (!File.Exists(file))
                    return false;
                environment = await File.ReadAllTextAsync(file, cancellationToken);
                return environment.Length > 0;
            },
            TimeSpan.FromSeconds(120),
            cancellationToken);
        return environment;
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
