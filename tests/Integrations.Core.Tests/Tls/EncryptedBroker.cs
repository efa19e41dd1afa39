using System.Collections.Concurrent;
using System.Diagnostics;
using Integrations.Testing;

namespace Integrations.Core.Tests.Tls;

/// <summary>
/// A RabbitMQ that speaks TLS, with two certificates: whoever asks for <c>localhost</c> is shown one that has expired; whoever comes by an
/// address, which is not told to the server, one for 127.0.0.2.
/// </summary>
internal sealed class EncryptedBroker(TestAuthority authority) : IAsyncDisposable
{
    public const string RightHost = "127.0.0.2";
    public const string WrongHost = "127.0.0.1";
    public const string ExpiredHost = "localhost";

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("integrations-broker-");
    private readonly ConcurrentQueue<string> _output = new();
    private readonly int _mapperPort = FreePort.Next();
    private readonly int _port = FreePort.Next();
    private Process? _mapper;
    private Process? _broker;

    public Uri At(string host) => new($"amqps://tls:tls@{host}:{_port}");

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var (right, expired) = (authority.Issue(RightHost), authority.Issue(ExpiredHost, expired: true));
        var advanced = Write("advanced.config", $$"""
            [{rabbit, [
              {tcp_listeners, []},
              {ssl_listeners, [{"127.0.0.1", {{_port}}}, {"127.0.0.2", {{_port}}}]},
              {ssl_options, [
                {certfile, "{{right.CertificateFile}}"}, {keyfile, "{{right.KeyFile}}"}, {verify, verify_none},
                {sni_hosts, [{"localhost", [{certfile, "{{expired.CertificateFile}}"}, {keyfile, "{{expired.KeyFile}}"}]}]}]}]}].
            """);
        var settings = Write("rabbitmq.conf", """
            default_user = tls
            default_pass = tls
            log.file = false
            log.console = true
            """);
        Write("enabled_plugins", "[].");
        _mapper = Start("/usr/bin/epmd", ["-port", $"{_mapperPort}", "-address", "127.0.0.1"], []);
        _broker = Start("/usr/lib/rabbitmq/bin/rabbitmq-server", [], new()
        {
            ["HOME"] = _directory.FullName,
            ["RABBITMQ_NODENAME"] = $"tls-{Environment.ProcessId}@localhost",
            ["RABBITMQ_DIST_PORT"] = $"{FreePort.Next()}",
            ["RABBITMQ_MNESIA_BASE"] = Path.Combine(_directory.FullName, "data"),
            ["RABBITMQ_LOG_BASE"] = Path.Combine(_directory.FullName, "log"),
            ["RABBITMQ_CONFIG_FILE"] = settings,
            ["RABBITMQ_ADVANCED_CONFIG_FILE"] = advanced,
            ["RABBITMQ_ENABLED_PLUGINS_FILE"] = Path.Combine(_directory.FullName, "enabled_plugins"),
            ["RABBITMQ_CONF_ENV_FILE"] = Path.Combine(_directory.FullName, "none.conf"),
            ["ERL_EPMD_PORT"] = $"{_mapperPort}",
            ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
            // The start script becomes the virtual machine, so that what is stopped is the broker.
            ["RUNNING_UNDER_SYSTEMD"] = "true",
        });
        await Eventually.IsAsync(
            () => _broker.HasExited
                ? throw new InvalidOperationException($"The broker ended: {string.Join('\n', _output)}")
                : _output.Any(line => line.Contains("Server startup complete", StringComparison.Ordinal)),
            () => string.Join('\n', _output.TakeLast(20)));
        cancellationToken.ThrowIfCancellationRequested();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in new[] { _broker, _mapper }.OfType<Process>())
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
            process.Dispose();
        }

        _directory.Delete(recursive: true);
    }

    private Process Start(string program, string[] arguments, Dictionary<string, string> environment)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false, WorkingDirectory = _directory.FullName };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} could not be started.");
        process.OutputDataReceived += (_, line) => _output.Enqueue(line.Data ?? "");
        process.ErrorDataReceived += (_, line) => _output.Enqueue(line.Data ?? "");
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private string Write(string name, string text)
    {
        var path = Path.Combine(_directory.FullName, name);
        File.WriteAllText(path, text + "\n");
        return path;
    }
}
