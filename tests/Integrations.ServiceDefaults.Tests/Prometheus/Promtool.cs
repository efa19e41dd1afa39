using System.Diagnostics;

namespace Integrations.ServiceDefaults.Tests.Prometheus;

/// <summary>Prometheus' own judge of an exposition: exit code 0 fine, 1 cannot be parsed, 3 a lint finding.</summary>
internal static class Promtool
{
    public static async Task<(int ExitCode, string Messages)> CheckMetricsAsync(string exposition)
    {
        using var process = Process.Start(new ProcessStartInfo("promtool", ["check", "metrics"])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        }) ?? throw new InvalidOperationException("promtool did not start; install the package prometheus.");
        await process.StandardInput.WriteAsync(exposition);
        process.StandardInput.Close();
        var messages = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, messages);
    }

    public static async Task AssertAcceptsAsync(string exposition)
    {
        var (exitCode, messages) = await CheckMetricsAsync(exposition);
        Assert.True(exitCode == 0, $"promtool exited with {exitCode}:\n{messages}\n{exposition}");
    }
}
