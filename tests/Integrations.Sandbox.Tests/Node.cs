using System.Diagnostics;

namespace Integrations.Sandbox.Tests;

/// <summary>A journey through a simulated platform by its official client for Node.</summary>
internal static class Node
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    /// <summary>Runs <c>journey.js</c> in a folder beside the tests, and gives the last line of its output: the number of its steps.</summary>
    /// <param name="order">Told every line that begins with <c>do</c>, without that word.</param>
    public static async Task<string> JourneyAsync(string folder, IEnumerable<string> arguments, Action<string>? order = null)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var start = new ProcessStartInfo("node", [Path.Combine(Folder(folder), "journey.js"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        using var node = Process.Start(start)!;
        var errors = node.StandardError.ReadToEndAsync(cancellationToken);
        var last = await ReadAsync(node.StandardOutput, order, cancellationToken).WaitAsync(Deadline, cancellationToken);
        await node.WaitForExitAsync(cancellationToken).WaitAsync(Deadline, cancellationToken);

        Assert.True(node.ExitCode == 0, await errors);
        return last;
    }

    private static async Task<string> ReadAsync(StreamReader output, Action<string>? order, CancellationToken cancellationToken)
    {
        var last = "";
        while (await output.ReadLineAsync(cancellationToken) is { } line)
        {
            last = line;
            if (line.StartsWith("do ", StringComparison.Ordinal))
                order!(line["do ".Length..]);
        }

        return last;
    }

    /// <summary>Where the client lies after <c>npm ci</c>, which <c>./test</c> does.</summary>
    private static string Folder(string name)
    {
        for (var directory = AppContext.BaseDirectory; directory is not null; directory = Path.GetDirectoryName(directory))
        {
            var folder = Path.Combine(directory, "tests", "Integrations.Sandbox.Tests", name);
            if (Directory.Exists(folder))
            {
                return Directory.Exists(Path.Combine(folder, "node_modules"))
                    ? folder
                    : throw new InvalidOperationException($"The client is not installed. Run: npm ci --prefix {folder}");
            }
        }

        throw new InvalidOperationException($"There is no repository above {AppContext.BaseDirectory}.");
    }
}
