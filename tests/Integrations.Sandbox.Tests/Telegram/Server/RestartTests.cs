using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using Integrations.Mtproto.Schema;
using Integrations.Sandbox.Telegram;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Tests.Telegram.Server;

public sealed class RestartTests : IDisposable
{
    private const string Token = "a-token-for-tests-only";

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private readonly string _directory = Directory.CreateTempSubdirectory("sandbox-restart-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task A_client_goes_on_with_its_key_after_the_sandbox_was_started_again()
    {
        RawClient client;
        string key;
        await using (var before = await StartAsync())
        {
            client = await RawClient.WithKeyAsync(before);
            await client.SignInAsync("9996620001");
            key = before.PublicKeyPem;
        }

        await using var after = await StartAsync();
        await using var again = await client.ReconnectAsync(to: after);
        var state = await again.InvokeAsync(new UpdatesGetState());
        after.PhoneOf("boris").Send(PeerRef.User(Seed.Anna), "After the restart");

        Assert.Equal(key, after.PublicKeyPem);
        await again.NextAsync<NewSessionCreated>();
        var update = Assert.IsType<UpdateNewMessage>(Assert.Single((await again.NextAsync<Updates>()).UpdatesValue));
        Assert.Equal(state.Pts + 1, update.Pts);
        await client.DisposeAsync();
    }

    [Fact]
    public async Task Every_message_that_was_answered_for_is_there_after_kill_9()
    {
        var sent = 0;
        using (var host = Launch(out var address))
        using (var http = await ClientAsync(host, address))
        {
            for (; sent < 20; sent++)
            {
                using var answer = await http.PostAsJsonAsync(Chat(Seed.Boris, Seed.Anna), new { text = $"Message {sent}" }, Cancellation);
                Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
            }
            await KillAsync(host);
        }

        using var second = Launch(out var secondAddress);
        using var reader = await ClientAsync(second, secondAddress);
        var messages = await reader.GetFromJsonAsync<JsonElement>(Chat(Seed.Anna, Seed.Boris), Cancellation);
        await KillAsync(second);

        Assert.Equal(
            Enumerable.Range(0, sent).Select(i => $"Message {i}"),
            messages.EnumerateArray().Select(message => message.GetProperty("text").GetString()));
    }

    private static Uri Chat(long ownerId, long otherId) => new($"sandbox/people/{ownerId}/chats/{otherId}/messages", UriKind.Relative);

    private async Task<SandboxTelegram> StartAsync()
    {
        var sandbox = new SandboxTelegram(new SandboxTelegramOptions { Dc1Port = 0, Dc2Port = 0, Directory = _directory });
        await sandbox.StartAsync(Cancellation);
        return sandbox;
    }

    private Process Launch(out Uri address)
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        address = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}/"));
        probe.Stop();
        var start = new ProcessStartInfo("dotnet") { UseShellExecute = false, RedirectStandardOutput = true };
        start.ArgumentList.Add(typeof(SandboxTelegram).Assembly.Location);
        start.Environment["ASPNETCORE_URLS"] = address.ToString();
        start.Environment["SANDBOX_TOKEN"] = Token;
        start.Environment["Sandbox__Directory"] = _directory;
        start.Environment["Sandbox__Dc1Port"] = "0";
        start.Environment["Sandbox__Dc2Port"] = "0";
        var process = Process.Start(start) ?? throw new InvalidOperationException("dotnet did not start.");
        // Nobody reads the log, and a full pipe would stop the host.
        process.OutputDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        return process;
    }

    private static async Task<HttpClient> ClientAsync(Process host, Uri address)
    {
        var http = new HttpClient { BaseAddress = address };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        var started = Stopwatch.StartNew();
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (true)
        {
            try
            {
                using var answer = await http.GetAsync(new Uri("sandbox/people", UriKind.Relative), Cancellation);
                answer.EnsureSuccessStatusCode();
                return http;
            }
            catch (HttpRequestException e)
            {
                Assert.False(host.HasExited, "The sandbox ended while it started.");
                if (started.Elapsed > Deadline)
                    throw new TimeoutException($"The sandbox did not answer within {Deadline}.", e);
            }
            await pace.WaitForNextTickAsync(Cancellation);
        }
    }

    /// <summary>On Unix this is SIGKILL: nothing of the process runs any more.</summary>
    private static async Task KillAsync(Process host)
    {
        host.Kill();
        await host.WaitForExitAsync(Cancellation);
    }
}
