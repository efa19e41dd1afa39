using System.Diagnostics;
using Integrations.Testing;

namespace Integrations.Api.Tests.RateLimits;

/// <summary>A Redis of one test's own, to be killed. It keeps nothing: after a start it knows no key and no script.</summary>
/// <param name="certificate">With one it speaks TLS and nothing else.</param>
internal sealed class OwnRedis(TestCertificate? certificate = null) : IAsyncDisposable
{
    private readonly int _port = FreePort.Next();
    private Process? _process;

    /// <summary>Short timeouts, so that the client notices soon that it is back.</summary>
    public string ConnectionString => $"127.0.0.1:{_port},connectTimeout=1000,syncTimeout=1000{(certificate is null ? "" : ",ssl=true")}";

    private string[] Listening => certificate is null
        ? ["--port", $"{_port}"]
        : ["--port", "0", "--tls-port", $"{_port}", "--tls-cert-file", certificate.CertificateFile, "--tls-key-file", certificate.KeyFile, "--tls-ca-cert-file", certificate.CertificateFile, "--tls-auth-clients", "no"];

    public async Task StartAsync()
    {
        var start = new ProcessStartInfo("redis-server", [.. Listening, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]) { RedirectStandardOutput = true, UseShellExecute = false };
        _process = Process.Start(start) ?? throw new InvalidOperationException("redis-server could not be started.");
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _process.OutputDataReceived += (_, line) =>
        {
            if (line.Data is null)
                ready.TrySetException(new InvalidOperationException("redis-server ended before it was ready."));
            else if (line.Data.Contains("Ready to accept connections", StringComparison.Ordinal))
                ready.TrySetResult();
        };
        _process.BeginOutputReadLine();
        await ready.Task.WaitAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>As kill -9.</summary>
    public async Task KillAsync()
    {
        if (_process is null)
            return;
        _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
        _process = null;
    }

    public async ValueTask DisposeAsync() => await KillAsync();
}
