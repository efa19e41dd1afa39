using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Integrations.Bench.Product;

namespace Integrations.Web.Tests.Browser;

/// <summary>nginx in front of two copies of the console, with the very file that is deployed; it runs as a process of this test, in a directory of its own.</summary>
internal sealed class ConsoleProxy : IAsyncDisposable
{
    private readonly Process _process;
    private readonly string _directory;

    private ConsoleProxy(Process process, string directory, Uri address) => (_process, _directory, Address) = (process, directory, address);

    public Uri Address { get; }

    public static async Task<ConsoleProxy> StartAsync(Uri first, Uri second, CancellationToken cancellationToken)
    {
        var directory = Directory.CreateTempSubdirectory("integrations-nginx-").FullName;
        var port = FreePort();
        var deployed = await File.ReadAllTextAsync(Path.Combine(SecondConsole.Root(), "deploy", "nginx", "integrations-console.conf"), cancellationToken);
        var adapted = Replace(Replace(Replace(deployed, "listen 80;", $"listen 127.0.0.1:{port};"), "server 127.0.0.1:8080 ", $"server {first.Authority} "), "server 127.0.0.1:8081 ", $"server {second.Authority} ");
        await File.WriteAllTextAsync(Path.Combine(directory, "console.conf"), adapted, cancellationToken);
        await File.WriteAllTextAsync(
            Path.Combine(directory, "nginx.conf"),
            $$"""
            daemon off;
            {{(Environment.UserName is "root" ? "user root;" : "")}}
            worker_processes 1;
            pid nginx.pid;
            error_log error.log warn;
            events { worker_connections 512; }
            http {
              access_log off;
              client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
              include console.conf;
            }
            """,
            cancellationToken);
        var start = new ProcessStartInfo("/usr/sbin/nginx", ["-p", directory + "/", "-c", "nginx.conf", "-e", "error.log"]) { UseShellExecute = false };
        var proxy = new ConsoleProxy(
            Process.Start(start) ?? throw new InvalidOperationException("nginx could not be started."), directory, new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}/")));
        using var http = new HttpClient();
        await Office.UntilAsync("nginx answers", async () =>
        {
            Assert.False(proxy._process.HasExited, "nginx ended");
            try
            {
                using var answer = await http.GetAsync(new Uri(proxy.Address, "alive"), cancellationToken);
                return answer.IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false; // not listening yet
            }
        }, TimeSpan.FromSeconds(30), cancellationToken);
        return proxy;
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private static string Replace(string text, string what, string with)
    {
        Assert.Contains(what, text, StringComparison.Ordinal);
        return text.Replace(what, with, StringComparison.Ordinal);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
