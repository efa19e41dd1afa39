using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Aspire.Hosting.ApplicationModel;
using Integrations.AppHost.LocalHosting.Data;
using Integrations.AppHost.LocalHosting.DeveloperPage;
using Integrations.AppHost.LocalHosting.Processes;
using Integrations.AppHost.LocalHosting.Servers;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Integrations.AppHost.LocalHosting.Running;

/// <summary>The whole application as processes of this machine.</summary>
[SuppressMessage("Reliability", "CA2213", Justification = "The source of the end is asked again when the container disposes this twice.")]
internal sealed partial class LocalApplication(
    IReadOnlyList<IResource> resources,
    HostSettings settings,
    ParameterStore parameters,
    IConfiguration configuration,
    IHostEnvironment environment,
    string appHostDirectory,
    bool withDeveloperPage,
    TimeProvider time,
    HostLog hostLog,
    ILogger<LocalApplication> logger) : IHostedService, IAsyncDisposable
{
    /// <summary>A shorter text would be found in too many places that have nothing to do with it.</summary>
    private const int ShortestMasked = 6;

    private static readonly TimeSpan LeftoverGrace = TimeSpan.FromSeconds(15);

    private readonly CancellationTokenSource _ended = new();
    private readonly List<CopyRunner> _runners = [];

    /// <summary>Values of the model's secret parameters, whether generated or given by configuration.</summary>
    private readonly HashSet<string> _secrets = [];
    private DataDirectory? _data;
    private LogStore? _logs;
    private PortBlock? _ports;
    private Page? _page;
    private Task _following = Task.CompletedTask;

    public TimeProvider Time => time;

    public StateBoard Board { get; } = new();

    public DataDirectory Data => _data ?? throw new InvalidOperationException("The application has not started.");

    public LogStore Logs => _logs ?? throw new InvalidOperationException("The application has not started.");

    public HostSettings Settings => settings;

    public IReadOnlyList<CopyRunner> Runners => _runners;

    public ParameterStore Parameters => parameters;

    /// <summary>Address of the developer page with its token; null when there is none.</summary>
    public string? DeveloperPageLink => _page?.Link;

    /// <summary>Whatever has an output: each copy of each resource, and the application host itself.</summary>
    public IReadOnlyList<string> LogIds => [.. _runners.Select(runner => runner.Id), HostLog.Id];

    public DateTimeOffset StartedAt { get; private set; }

    /// <summary>Takes the data directory and the ports, and begins to start the resources; it does not wait for them.</summary>
    /// <exception cref="StartRefusedException">Something stands in the way that the user can remove.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        StartedAt = time.GetUtcNow();
        _data = DataDirectory.TryOpen(settings.DataDirectory)
            ?? throw new StartRefusedException(AlreadyRunning.Describe(settings.DataDirectory));
        foreach (var name in await Leftovers.StopAsync(Data.Processes, LeftoverGrace, time, cancellationToken))
        {
            LogLeftover(name);
        }

        if (settings.Fresh)
        {
            Data.Clear();
        }

        Data.Prepare();
        parameters.Open(Data.Parameters);
        await ReadSecretsAsync(cancellationToken);
        _logs = new LogStore(Data.Logs, Mask, time);
        hostLog.Open(_logs.Of(HostLog.Id));
        var services = new ProgramServices(Data, configuration, environment, appHostDirectory, time);
        Board.Absent.UnionWith(resources.Where(resource => !IsIncluded(resource)).Select(resource => resource.Name));
        foreach (var resource in resources.Where(IsIncluded))
        {
            if (resource.Annotations.OfType<LocalProgram>().FirstOrDefault() is { } program)
            {
                for (var copy = 0; copy < resource.Replicas(); copy++)
                {
                    _runners.Add(new CopyRunner(resource, copy, program.Create(services), this, logger));
                }
            }
        }

        CheckPrerequisites();
        AllocatePorts();
        MirrorChildren();
        if (withDeveloperPage)
        {
            _page = await Page.StartAsync(this, settings.FreePorts ? _ports!.Next() : HostSettings.DeveloperPagePort, cancellationToken);
        }

        // A test process that ends without stopping the application, or one that is asked to end, leaves nothing behind either.
        AppDomain.CurrentDomain.ProcessExit += KillAll;
        _runners.ForEach(runner => runner.Begin(_ended.Token));
        _following = FollowAsync();
    }

    /// <summary>Stops everything, what depends on something before that thing.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        var left = _runners.ToList();
        while (left.Count > 0)
        {
            bool IsNeeded(CopyRunner runner) =>
                left.Exists(other => other != runner && WaitsOf(other.Resource).Any(wait => wait.Resource == runner.Resource));
            var now = left.Where(runner => !IsNeeded(runner)).ToList();
            if (now.Count == 0)
            {
                // They wait for each other, so no order is better than another.
                now = [.. left];
            }

            await Task.WhenAll(now.Select(runner => runner.StopAsync(cancellationToken)));
            left.RemoveAll(now.Contains);
        }
    }

    public async ValueTask DisposeAsync()
    {
        // The container knows this object as two services and disposes it for each.
        if (_ended.IsCancellationRequested)
        {
            return;
        }

        await _ended.CancelAsync();
        await _following;
        foreach (var runner in _runners)
        {
            await runner.DisposeAsync();
        }

        AppDomain.CurrentDomain.ProcessExit -= KillAll;
        if (_page is not null)
        {
            await _page.DisposeAsync();
        }

        if (_data is not null)
        {
            File.Delete(_data.State);
            File.Delete(_data.Addresses);
        }

        _ports?.Dispose();
        _logs?.Dispose();
        _data?.Dispose();
    }

    /// <summary>Kills every process now, for a user who will not wait.</summary>
    public void KillAll()
    {
        // None of them is to be started again.
        _runners.ForEach(runner => runner.Abandon());
        foreach (var record in _data is null ? [] : Directory.GetFiles(_data.Processes).Select(ProcessRecord.Read))
        {
            if (record is { Process.IsAlive: true })
            {
                Posix.SignalGroup(record.Process.Pid, Posix.SignalKill);
            }
        }
    }

    /// <summary>What the resource waits for in this run; a database is waited for at its server.</summary>
    public IEnumerable<LocalWait> WaitsOf(IResource resource) => resource.Waits()
        .Select(wait => wait.Resource is IResourceWithParent child ? wait with { Resource = child.Parent } : wait)
        .Where(wait => IsIncluded(wait.Resource))
        .Distinct();

    public Task WaitForAsync(LocalWait wait, CancellationToken cancellationToken) => Board.WaitAsync(
        wait.Resource.Name,
        wait.Kind == WaitKind.Completed ? state => state.State == KnownResourceStates.Finished : state => state.IsReady,
        cancellationToken);

    public async Task<ExecuteCommandResult> ExecuteAsync(string id, string command, CancellationToken cancellationToken)
    {
        var targets = _runners.Where(runner => string.Equals(runner.Id, id, StringComparison.OrdinalIgnoreCase)
            || string.Equals(runner.Resource.Name, id, StringComparison.OrdinalIgnoreCase)).ToList();
        if (targets.Count == 0)
        {
            return new ExecuteCommandResult { Success = false, Message = $"There is no resource '{id}'." };
        }

        if (command != KnownResourceCommands.StartCommand && command != KnownResourceCommands.StopCommand
            && command != KnownResourceCommands.RestartCommand)
        {
            return new ExecuteCommandResult { Success = false, Message = $"There is no command '{command}'." };
        }

        LogCommand(command, id);
        if (command != KnownResourceCommands.StartCommand)
        {
            await Task.WhenAll(targets.Select(runner => runner.StopAsync(cancellationToken)));
        }

        if (command != KnownResourceCommands.StopCommand)
        {
            targets.ForEach(runner => runner.Start());
        }

        return new ExecuteCommandResult { Success = true };
    }

    /// <summary>The text with every secret in it replaced.</summary>
    public string Mask(string text)
    {
        foreach (var secret in parameters.Values.Concat(_secrets))
        {
            text = text.Replace(secret, "••••••", StringComparison.Ordinal);
        }

        return text;
    }

    /// <summary>Settles all parameters now, so that each is kept from the first start on and none is unknown when text is masked.</summary>
    private async Task ReadSecretsAsync(CancellationToken cancellationToken)
    {
        foreach (var parameter in resources.OfType<ParameterResource>().Where(parameter => parameter.Secret))
        {
            if (await parameter.GetValueAsync(cancellationToken) is { Length: >= ShortestMasked } value)
            {
                _secrets.Add(value);
            }
        }
    }

    private bool IsIncluded(IResource resource) => settings.Only is not { } only || only.Contains(resource.Name)
        || (resource is IResourceWithParent child && only.Contains(child.Parent.Name))
        // The broker cannot do without, and whoever names the broker need not know.
        || (resource is PortMapperResource mapper && only.Contains(mapper.Broker));

    private void CheckPrerequisites()
    {
        var missing = _runners.SelectMany(runner => runner.Program.Prerequisites)
            .Where(prerequisite => prerequisite.Program is null)
            .Select(prerequisite => prerequisite.Package)
            .Distinct()
            .ToList();
        if (missing.Count > 0)
        {
            throw new StartRefusedException(
                $"Missing on this machine: {string.Join(", ", missing)}. On Debian 12: apt-get install {string.Join(' ', missing)}", exitCode: 2);
        }
    }

    private void AllocatePorts()
    {
        _ports = PortBlock.Take();
        var taken = new List<string>();
        if (withDeveloperPage && !settings.FreePorts && !PortBlock.IsFree(HostSettings.DeveloperPagePort))
        {
            taken.Add(Taken(HostSettings.DeveloperPagePort, "the developer page"));
        }

        // Also those that do not run this time: others may refer to them.
        foreach (var (resource, endpoint) in resources.SelectMany(r => r.Endpoints().Select(e => (r, e))))
        {
            endpoint.Ports = [.. Enumerable.Range(0, resource.Replicas())
                .Select(copy => settings.FreePorts || endpoint.Wanted is not { } wanted || copy > 0 ? _ports.Next() : wanted)];
            if (!settings.FreePorts && endpoint.Wanted is { } port && IsIncluded(resource) && !PortBlock.IsFree(port))
            {
                taken.Add(Taken(port, resource.Name));
            }
        }

        if (taken.Count > 0)
        {
            throw new StartRefusedException(
                $"{string.Join(Environment.NewLine, taken)}{Environment.NewLine}Free the port, or take any free ones with --ports auto.");
        }

        static string Taken(int port, string whose) => string.Create(
            CultureInfo.InvariantCulture,
            $"Port {port} of {whose} is taken{(PortOwner.Describe(port) is { } owner ? $" by {owner}" : "")}.");
    }

    /// <summary>Keeps the files for other programs and the states of child resources up with the board.</summary>
    private async Task FollowAsync()
    {
        var addresses = new AddressFile(this);
        while (!_ended.IsCancellationRequested)
        {
            var changed = Board.Changed;
            MirrorChildren();
            addresses.Write();
            await Task.WhenAny(changed, Task.Delay(Timeout.InfiniteTimeSpan, time, _ended.Token));
        }
    }

    /// <summary>A database is what its server is: it is created before the server is called healthy.</summary>
    private void MirrorChildren()
    {
        foreach (var child in resources.OfType<IResourceWithParent>().Where(IsIncluded))
        {
            if (Board.Find(child.Parent.Name) is { } parent)
            {
                Board.Set(new CopyState(child, child.Name, parent.State)
                {
                    HasHealthCheck = parent.HasHealthCheck,
                    Health = parent.Health,
                    HealthText = parent.HealthText,
                    StartedAt = parent.StartedAt,
                    AtRest = parent.AtRest,
                });
            }
        }
    }

    private void KillAll(object? sender, EventArgs e) => KillAll();

    [LoggerMessage(EventId = 120, Level = LogLevel.Warning, Message = "Stopped {Process}, which an earlier run had left behind")]
    private partial void LogLeftover(string process);

    [LoggerMessage(EventId = 121, Level = LogLevel.Information, Message = "Asked to {Command} {Resource}")]
    private partial void LogCommand(string command, string resource);
}
