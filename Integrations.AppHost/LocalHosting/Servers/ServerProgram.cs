using Aspire.Hosting.ApplicationModel;
using Integrations.AppHost.LocalHosting.Data;
using Integrations.AppHost.LocalHosting.Processes;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

namespace Integrations.AppHost.LocalHosting.Servers;

/// <summary>What a program needs to be started.</summary>
internal sealed record ProgramServices(
    DataDirectory Data, IConfiguration Configuration, IHostEnvironment Environment, string AppHostDirectory, TimeProvider Time);

/// <summary>How one kind of resource is started and how one tells that it works. One instance per copy.</summary>
internal abstract class ServerProgram : IAsyncDisposable
{
    /// <summary>By this mark, which <c>./test</c> sets, it finds what its tests have left behind.</summary>
    private const string TestRunVariable = "INTEGRATIONS_TEST_RUN";

    /// <summary>Whether <see cref="CheckAsync"/> says anything.</summary>
    public virtual bool HasHealthCheck => true;

    /// <summary>What must be installed: the Debian package and what to look for.</summary>
    public virtual IEnumerable<Prerequisite> Prerequisites => [];

    /// <summary>What is shown as the resource's kind.</summary>
    public abstract string Kind { get; }

    /// <summary>Prepares files and says what to start.</summary>
    /// <param name="copy">Which copy, from 0.</param>
    /// <exception cref="ProgramException">It cannot be started; the message says why.</exception>
    public abstract Task<ProcessPlan> PlanAsync(int copy, CancellationToken cancellationToken);

    /// <summary>Checks that it works. Returns null when it does, else what is wrong.</summary>
    public virtual Task<string?> CheckAsync(int copy, CancellationToken cancellationToken) => Task.FromResult<string?>(null);

    /// <summary>Makes it usable once it works, before anything that waits for it starts.</summary>
    public virtual Task ReadyAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    /// <summary>The environment of a server that reads nothing of ours: only what programs expect to find.</summary>
    protected static Dictionary<string, string> PlainEnvironment(params IEnumerable<KeyValuePair<string, string>> more)
    {
        var environment = new Dictionary<string, string>
        {
            ["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            ["LANG"] = "C.UTF-8",
            ["HOME"] = "/",
        };
        if (Environment.GetEnvironmentVariable(TestRunVariable) is { } mark)
        {
            environment[TestRunVariable] = mark;
        }

        foreach (var (name, value) in more)
        {
            environment[name] = value;
        }

        return environment;
    }

    protected static async Task<string> ValueOfAsync(IValueProvider value, CancellationToken cancellationToken) =>
        await value.GetValueAsync(cancellationToken) ?? "";
}

/// <summary>A program that must be on the machine.</summary>
/// <param name="Package">Debian's package.</param>
/// <param name="Program">Full path, or null when none of the places has it.</param>
internal sealed record Prerequisite(string Package, string? Program);

/// <summary>A program cannot be started, for a reason worth telling.</summary>
internal sealed class ProgramException(string message) : Exception(message);
