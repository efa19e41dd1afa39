using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using Integrations.AppHost.LocalHosting.Processes;

namespace Integrations.AppHost.Tests.Lifecycle;

/// <summary>Real processes: an application host with Redis, a job, a host, and two copies of another.</summary>
public sealed class LifecycleTests : IDisposable
{
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;
    private readonly TemporaryData _data = new();

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task Everything_starts_in_order_and_is_told_in_the_addresses()
    {
        await using var host = AppHostProcess.Start(_data.New());
        var addresses = await host.ReadyAsync();
        var state = host.Read()!;

        Assert.Equal(host.Pid, (int)addresses["pid"]!);
        Assert.Equal("Finished", state.Resources["job"].State);
        Assert.True(state.Resources["job"].StartedAt < state.Resources["host"].StartedAt, "the host waits for the job");
        Assert.True(state.Resources["host"].StartedAt < state.Resources["copies-1"].StartedAt, "the copies wait for the host");
        Assert.Equal((int)addresses["pids"]!["host"]!, await GetAsync<int>($"{addresses["host"]}/pid"));
        Assert.NotEqual((string?)addresses["copies-1"], (string?)addresses["copies-2"]);
        Assert.Equal(["--word", "spoken"], await GetAsync<string[]>($"{addresses["host"]}/arguments"));
        var listed = $"The host             {addresses["host"]}";
        await host.EventuallyAsync(() => host.Output.Contains(listed, StringComparison.Ordinal) ? listed : null, "the list");
    }

    [Fact]
    public async Task A_project_gets_the_variables_that_Aspire_injects()
    {
        await using var host = AppHostProcess.Start(_data.New());
        var addresses = await host.ReadyAsync();
        var redis = new Uri((string)addresses["redis"]!);
        var password = host.Parameters()["redis-password"];
        var environment = await GetAsync<Dictionary<string, string>>($"{addresses["host"]}/environment");
        var copy = await GetAsync<Dictionary<string, string>>($"{addresses["copies-2"]}/environment");

        Assert.Equal($"{redis.Authority},password={password}", environment["ConnectionStrings__redis"]);
        Assert.Equal($"{redis.Port}", environment["REDIS_PORT"]);
        Assert.Equal(password, environment["REDIS_PASSWORD"]);
        Assert.Equal($"cache at {redis.Authority}, password={password}", environment["CACHE"]);
        Assert.Equal((string?)addresses["host"], environment["ASPNETCORE_URLS"]);
        Assert.Equal(host.Read()!.Resources["host"].Endpoints["line"], $"tcp://127.0.0.1:{environment["Host__LinePort"]}");
        Assert.Equal("host", environment["OTEL_SERVICE_NAME"]);
        Assert.Equal("simple", environment["LOGGING__CONSOLE__FORMATTERNAME"]);
        Assert.Equal("copies", copy["OTEL_SERVICE_NAME"]);
        Assert.Equal("service.instance.id=2", copy["OTEL_RESOURCE_ATTRIBUTES"]);
        Assert.Equal((string?)addresses["host"], copy["services__host__http__0"]);
        Assert.Equal((string?)addresses["host"], copy["HOST_HTTP"]);
        Assert.False(copy.ContainsKey("SECRET_VALUE"), "what one project is given is not given to another");
    }

    [Fact]
    public async Task A_killed_process_is_started_again_later_each_time()
    {
        await using var host = AppHostProcess.Start(_data.New());
        await host.ReadyAsync();
        var first = await host.StateAsync("host", copy => copy.Health == "Healthy");
        Posix.Signal(first.Pid!.Value, Posix.SignalKill);
        var killedAt = DateTimeOffset.UtcNow;
        var second = await host.StateAsync("host", copy => copy is { Restarts: 1, Health: "Healthy" });
        Posix.Signal(second.Pid!.Value, Posix.SignalKill);
        var killedAgainAt = DateTimeOffset.UtcNow;
        var third = await host.StateAsync("host", copy => copy is { Restarts: 2, Health: "Healthy" });

        Assert.True(second.StartedAt - killedAt >= TimeSpan.FromSeconds(0.9), $"first delay {second.StartedAt - killedAt}");
        Assert.True(third.StartedAt - killedAgainAt >= TimeSpan.FromSeconds(1.9), $"second delay {third.StartedAt - killedAgainAt}");
        Assert.Equal(first.Endpoints, third.Endpoints);
    }

    [Theory]
    [InlineData(Posix.SignalTerminate)]
    [InlineData(Posix.SignalInterrupt)]
    public async Task Nothing_is_left_after_a_signal(int signal)
    {
        await using var host = AppHostProcess.Start(_data.New());
        await host.ReadyAsync();
        var children = host.Children();
        host.Signal(signal);

        Assert.Equal(0, await host.ExitAsync());
        Assert.Equal(4, children.Count);
        Assert.DoesNotContain(children, child => child.IsAlive);
        Assert.Empty(host.Children());
        Assert.Null(host.ReadAddresses());
    }

    [Fact]
    public async Task The_next_start_cleans_up_after_a_killed_one_and_finds_the_data()
    {
        var data = _data.New();
        await using var killed = AppHostProcess.Start(data);
        var before = await killed.ReadyAsync();
        await RedisAsync(killed, "SET kept yes");
        var orphans = killed.Children();
        killed.Signal(Posix.SignalKill);
        await killed.ExitAsync();
        Assert.All(orphans, orphan => Assert.True(orphan.IsAlive, "kill -9 leaves the children running"));

        await using var next = AppHostProcess.Start(data);
        var after = await next.ReadyAsync();

        Assert.DoesNotContain(orphans, orphan => orphan.IsAlive);
        Assert.NotEqual((int)before["pids"]!["host"]!, (int)after["pids"]!["host"]!);
        Assert.Equal("yes", await RedisAsync(next, "GET kept"));
    }

    [Fact]
    public async Task A_record_whose_pid_now_belongs_to_another_process_is_left_alone()
    {
        var data = _data.New();
        await using (var first = AppHostProcess.Start(data))
        {
            await first.ReadyAsync();
        }

        // This test's own pid, with the start time of a process that is long gone.
        var self = ProcessIdentity.Of(Environment.ProcessId)!;
        await File.WriteAllTextAsync(
            Path.Combine(data, "run", "processes", "redis"), $"{self.Pid} {self.StartTicks - 1} {self.Boot} {Posix.SignalKill}\n", _cancel);
        await using var next = AppHostProcess.Start(data);

        await next.ReadyAsync();
    }

    [Fact]
    public async Task A_second_start_says_what_runs_and_where()
    {
        var data = _data.New();
        await using var first = AppHostProcess.Start(data);
        var addresses = await first.ReadyAsync();
        await using var second = AppHostProcess.Start(data);

        Assert.Equal(1, await second.ExitAsync());
        Assert.Contains($"Already running as process {first.Pid}", second.Output, StringComparison.Ordinal);
        Assert.Contains((string)addresses["host"]!, second.Output, StringComparison.Ordinal);
        Assert.Contains(data, second.Output, StringComparison.Ordinal);
        Assert.Contains((string)addresses["developer_page"]!.ToString().TrimEnd('/'), second.Output, StringComparison.Ordinal);
        Assert.False(first.HasExited);
    }

    [Fact]
    public async Task A_taken_port_is_named_with_its_owner()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        await using var host = AppHostProcess.Start(_data.New(), "--ports", "fixed", $"--port={port}", "--only", "host");

        Assert.Equal(1, await host.ExitAsync());
        Assert.Contains($"Port {port} of host is taken by process {Environment.ProcessId} ", host.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failed_job_is_repeated_while_what_needs_it_waits()
    {
        var data = _data.New();
        var file = Path.Combine(Path.GetDirectoryName(data)!, "exit-code");
        await File.WriteAllTextAsync(file, "3", _cancel);
        await using var host = AppHostProcess.Start(data, $"--job-file={file}");
        await host.StateAsync("job", job => job.Restarts >= 1);
        Assert.Equal("Waiting", host.Read()!.Resources["host"].State);
        File.Delete(file);

        await host.ReadyAsync();
    }

    [Fact]
    public async Task Starting_fresh_deletes_our_data_and_nothing_else()
    {
        var data = _data.New();
        await using (var first = AppHostProcess.Start(data, "--only", "redis"))
        {
            await first.ReadyAsync();
            await RedisAsync(first, "SET kept yes");
        }

        var password = await File.ReadAllTextAsync(Path.Combine(data, "parameters.json"), _cancel);
        await File.WriteAllTextAsync(Path.Combine(data, "note.txt"), "mine", _cancel);
        await using var fresh = AppHostProcess.Start(data, "--only", "redis", "--fresh");
        await fresh.ReadyAsync();

        Assert.Equal("", await RedisAsync(fresh, "GET kept"));
        Assert.NotEqual(password, await File.ReadAllTextAsync(Path.Combine(data, "parameters.json"), _cancel));
        Assert.Equal("mine", await File.ReadAllTextAsync(Path.Combine(data, "note.txt"), _cancel));
    }

    [Fact]
    public async Task A_directory_with_something_that_would_be_taken_for_ours_is_refused()
    {
        var data = _data.New();
        Directory.CreateDirectory(Path.Combine(data, "postgres"));
        await using var host = AppHostProcess.Start(data, "--fresh");

        Assert.Equal(1, await host.ExitAsync());
        Assert.Contains($"{data} has a 'postgres' that this program did not make", host.Output, StringComparison.Ordinal);
        Assert.True(Directory.Exists(Path.Combine(data, "postgres")));
    }

    [Fact]
    public async Task Secrets_are_kept_for_the_owner_alone()
    {
        await using var host = AppHostProcess.Start(_data.New(), "--only", "redis");
        await host.ReadyAsync();
        const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        var secret = host.Parameters()["redis-password"];
        var tellers = Directory.GetFiles(host.Data, "*", SearchOption.AllDirectories)
            .Where(file => Path.GetFileName(file) != "lock" && File.ReadAllText(file).Contains(secret, StringComparison.Ordinal));

        Assert.Equal(Owner, File.GetUnixFileMode(Path.Combine(host.Data, "parameters.json")));
        Assert.Equal(Owner | UnixFileMode.UserExecute, File.GetUnixFileMode(host.Data));
        Assert.Equal(["parameters.json", "redis.conf"], tellers.Select(Path.GetFileName).Order());
        Assert.DoesNotContain(secret, host.Output, StringComparison.Ordinal);
    }

    private async Task<T> GetAsync<T>(string url) => (await AppHostProcess.Http.GetFromJsonAsync<T>(url, _cancel))!;

    /// <summary>Sends one command and returns the text of its answer.</summary>
    private async Task<string?> RedisAsync(AppHostProcess host, string command)
    {
        var address = new Uri((await host.ReadyAsync())["redis"]!.ToString());
        using var client = new TcpClient();
        await client.ConnectAsync(address.Host, address.Port, _cancel);
        await using var writer = new StreamWriter(client.GetStream()) { AutoFlush = true };
        using var reader = new StreamReader(client.GetStream());
        await writer.WriteAsync($"AUTH {host.Parameters()["redis-password"]}\r\n{command}\r\n");
        Assert.Equal("+OK", await reader.ReadLineAsync(_cancel));
        // "+OK", or "$3" and then the three characters, or "$-1" for nothing.
        var answer = await reader.ReadLineAsync(_cancel);
        return answer!.StartsWith('$') ? answer == "$-1" ? "" : await reader.ReadLineAsync(_cancel) : answer;
    }
}
