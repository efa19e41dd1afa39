using System.Diagnostics;
using System.Text;
using Xunit;

namespace Integrations.Testing;

/// <summary>Programs of Node.js under <c>tests/Integrations.Sandbox.Tests</c>, with the clients that their lock files name.</summary>
public static class NodeScript
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(120);

    /// <summary>What it printed. Where it ends with another code than 0, its errors are the exception.</summary>
    /// <param name="folder">Where the client lies after <c>npm ci</c>, which <c>./test</c> does.</param>
    public static Task<string> RunAsync(string folder, string script, params string[] arguments) => RunAsync(folder, script, null, arguments);

    /// <inheritdoc cref="RunAsync(string, string, string[])"/>
    /// <param name="order">Told every line that begins with <c>do</c>, without that word; it is no part of what was printed.</param>
    public static async Task<string> RunAsync(string folder, string script, Action<string>? order, params string[] arguments)
    {
        var start = new ProcessStartInfo("node", [Path.Combine(Folder(folder), script), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };

        var cancellationToken = TestContext.Current.CancellationToken;
        using var node = Process.Start(start)!;
        var (output, errors) = (ReadAsync(node.StandardOutput, order, cancellationToken), node.StandardError.ReadToEndAsync(cancellationToken));
        await node.WaitForExitAsync(cancellationToken).WaitAsync(Deadline, cancellationToken);

        return node.ExitCode == 0 ? (await output).Trim() : throw new InvalidOperationException($"{folder}/{script} ended with {node.ExitCode}: {await errors}");
    }

    private static async Task<string> ReadAsync(StreamReader output, Action<string>? order, CancellationToken cancellationToken)
    {
        const string Order = "do ";
        var printed = new StringBuilder();
        while (await output.ReadLineAsync(cancellationToken) is { } line)
        {
            if (order is not null && line.StartsWith(Order, StringComparison.Ordinal))
                order(line[Order.Length..]);
            else
                printed.AppendLine(line);
        }

        return printed.ToString();
    }

    private static string Folder(string name)
    {
        for (var directory = AppContext.BaseDirectory; directory is not null; directory = Path.GetDirectoryName(directory))
        {
            var folder = Path.Combine(directory, "tests", "Integrations.Sandbox.Tests", name);
            if (Directory.Exists(folder))
            {
                return Directory.Exists(Path.Combine(folder, "node_modules"))
                    ? folder
                    : throw new InvalidOperationException($"The client of {name} is not installed. Run: npm ci --prefix {folder}");
            }
        }

        throw new InvalidOperationException($"There is no repository above {AppContext.BaseDirectory}.");
    }
}
