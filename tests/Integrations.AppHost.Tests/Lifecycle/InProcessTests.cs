using Aspire.Hosting.Testing;
using Integrations.AppHost.LocalHosting.Processes;
using Integrations.AppHost.TestHost;

namespace Integrations.AppHost.Tests.Lifecycle;

/// <summary>The application as a library inside a test, in Aspire's calls alone.</summary>
public sealed class InProcessTests : IDisposable
{
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;
    private readonly TemporaryData _data = new();

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task It_starts_is_asked_and_leaves_nothing()
    {
        var data = _data.New();
        var builder = DistributedApplication.CreateBuilder(new DistributedApplicationOptions
        {
            Args = ["--data", data, "--ports", "auto"],
            ProjectDirectory = Path.GetDirectoryName(typeof(TestApplication).Assembly.Location)! + "/../../../../Integrations.AppHost.TestHost",
            DisableDashboard = true,
        });
        TestApplication.Describe(builder);
        IReadOnlyList<ProcessIdentity> children;
        await using (var application = builder.Build())
        {
            await application.StartAsync(_cancel);
            await application.ResourceNotifications.WaitForResourceHealthyAsync("copies", _cancel);
            children = [.. Directory.GetFiles(Path.Combine(data, "run", "processes")).Select(file => ProcessRecord.Read(file)!.Process)];
            var redis = await application.GetConnectionStringAsync("redis", _cancel);
            var pid = await PidAsync(application);

            Assert.Matches(@"^127\.0\.0\.1:\d+,password=\w{22}$", redis);
            Assert.Contains(children, child => child.Pid == pid);

            var stopped = await application.ResourceCommands.ExecuteCommandAsync("host", KnownResourceCommands.StopCommand, _cancel);
            Assert.True(stopped.Success);
            await application.ResourceNotifications.WaitForResourceAsync("host", KnownResourceStates.Exited, _cancel);
            await application.ResourceCommands.ExecuteCommandAsync("host", KnownResourceCommands.StartCommand, _cancel);
            await application.ResourceNotifications.WaitForResourceHealthyAsync("host", _cancel);
            Assert.NotEqual(pid, await PidAsync(application));

            await Assert.ThrowsAsync<ArgumentException>(
                () => application.ResourceNotifications.WaitForResourceHealthyAsync("nothing", _cancel));
            var unknown = await application.ResourceCommands.ExecuteCommandAsync("nothing", KnownResourceCommands.StopCommand, _cancel);
            Assert.Equal((false, "There is no resource 'nothing'."), (unknown.Success, unknown.Message));
        }

        Assert.Equal(4, children.Count);
        Assert.DoesNotContain(children, child => child.IsAlive);
        Assert.Empty(Directory.GetFiles(Path.Combine(data, "run", "processes")));
    }

    private async Task<int> PidAsync(DistributedApplication application) =>
        int.Parse(
            await AppHostProcess.Http.GetStringAsync(new Uri(application.GetEndpoint("host"), "pid"), _cancel),
            System.Globalization.CultureInfo.InvariantCulture);
}
