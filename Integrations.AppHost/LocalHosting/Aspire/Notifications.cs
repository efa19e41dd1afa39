using Integrations.AppHost.LocalHosting.Running;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>The states that a resource goes through.</summary>
public static class KnownResourceStates
{
    public static readonly string NotStarted = "NotStarted";
    public static readonly string Waiting = "Waiting";
    public static readonly string Starting = "Starting";
    public static readonly string Running = "Running";
    public static readonly string Stopping = "Stopping";
    public static readonly string Exited = "Exited";
    public static readonly string Finished = "Finished";
    public static readonly string FailedToStart = "FailedToStart";
}

public static class KnownResourceCommands
{
    public static readonly string StartCommand = "start";
    public static readonly string StopCommand = "stop";
    public static readonly string RestartCommand = "restart";
}

public sealed record ResourceStateSnapshot(string Text, string? Style);

/// <summary>A resource at one moment.</summary>
public sealed record CustomResourceSnapshot
{
    public ResourceStateSnapshot? State { get; init; }

    /// <summary>Null while nothing is known, and for a resource without a health check.</summary>
    public HealthStatus? HealthStatus { get; internal init; }

    public int? ExitCode { get; init; }

    public DateTime? StartTimeStamp { get; init; }
}

public class ResourceEvent(IResource resource, string resourceId, CustomResourceSnapshot snapshot)
{
    public IResource Resource { get; } = resource;

    /// <summary>The resource's name, with the copy's number when there are several.</summary>
    public string ResourceId { get; } = resourceId;

    public CustomResourceSnapshot Snapshot { get; } = snapshot;
}

/// <summary>Tells what becomes of the resources.</summary>
public class ResourceNotificationService
{
    private readonly StateBoard _board;

    internal ResourceNotificationService(StateBoard board) => _board = board;

    /// <summary>Waits until every copy of the resource runs and is healthy.</summary>
    public async Task<ResourceEvent> WaitForResourceHealthyAsync(string resourceName, CancellationToken cancellationToken = default)
    {
        await _board.WaitAsync(resourceName, state => state.IsReady, cancellationToken);
        return _board.Of(resourceName)[0].ToEvent();
    }

    /// <summary>Waits until every copy of the resource is in the state; <see cref="KnownResourceStates.Running"/> when left out.</summary>
    public Task WaitForResourceAsync(string resourceName, string? targetState = null, CancellationToken cancellationToken = default)
    {
        var target = targetState ?? KnownResourceStates.Running;
        return _board.WaitAsync(resourceName, state => state.State == target, cancellationToken);
    }
}

public sealed class ExecuteCommandResult
{
    public required bool Success { get; init; }

    public string? Message { get; init; }
}

/// <summary>Starts, stops and restarts resources.</summary>
public class ResourceCommandService
{
    private readonly LocalApplication _application;

    internal ResourceCommandService(LocalApplication application) => _application = application;

    /// <param name="resourceId">Name of a resource, or of one copy of it.</param>
    /// <param name="commandName">One of <see cref="KnownResourceCommands"/>.</param>
    public Task<ExecuteCommandResult> ExecuteCommandAsync(
        string resourceId, string commandName, CancellationToken cancellationToken = default) =>
        _application.ExecuteAsync(resourceId, commandName, cancellationToken);
}
