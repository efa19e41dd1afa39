using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Integrations.AppHost.LocalHosting.Running;

/// <summary>One copy of a resource at one moment.</summary>
internal sealed record CopyState(IResource Resource, string Id, string State)
{
    /// <summary>Whether the resource has something to be checked by.</summary>
    public required bool HasHealthCheck { get; init; }

    /// <summary>Null while nothing is known.</summary>
    public HealthStatus? Health { get; init; }

    /// <summary>What the last check said.</summary>
    public string? HealthText { get; init; }

    public int? Pid { get; init; }

    public int? ExitCode { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>How often the process was started again after it ended by itself.</summary>
    public int Restarts { get; init; }

    /// <summary>Whether nothing is going to happen until somebody asks for it.</summary>
    public bool AtRest { get; init; }

    /// <summary>What happens next or what went wrong, in words.</summary>
    public string? Note { get; init; }

    /// <summary>Runs, and is healthy if that can be told.</summary>
    public bool IsReady => State == KnownResourceStates.Running && (!HasHealthCheck || Health == HealthStatus.Healthy);

    public ResourceEvent ToEvent() => new(Resource, Id, new CustomResourceSnapshot
    {
        State = new ResourceStateSnapshot(State, null),
        HealthStatus = Health,
        ExitCode = ExitCode,
        StartTimeStamp = StartedAt?.UtcDateTime,
    });
}

/// <summary>The states of all copies of all resources; whoever waits is woken at each change.</summary>
internal sealed class StateBoard
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, CopyState> _states = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<string> _order = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Resources of the model that are not part of this run; whoever waits for one waits until told to end.</summary>
    public HashSet<string> Absent { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Completes at the next change.</summary>
    public Task Changed
    {
        get
        {
            lock (_gate)
            {
                return _changed.Task;
            }
        }
    }

    /// <summary>All states in the order of the model.</summary>
    public IReadOnlyList<CopyState> All
    {
        get
        {
            lock (_gate)
            {
                return [.. _order.Select(id => _states[id])];
            }
        }
    }

    public void Set(CopyState state)
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            if (_states.TryGetValue(state.Id, out var known))
            {
                if (known == state)
                {
                    return;
                }
            }
            else
            {
                _order.Add(state.Id);
            }

            _states[state.Id] = state;
            changed = _changed;
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        changed.SetResult();
    }

    /// <summary>The copy with that id, or the first copy of the resource with that name.</summary>
    public CopyState? Find(string id)
    {
        lock (_gate)
        {
            return _states.TryGetValue(id, out var state) ? state : OfUnlocked(id).FirstOrDefault();
        }
    }

    /// <summary>All copies of the resource.</summary>
    public IReadOnlyList<CopyState> Of(string resourceName)
    {
        lock (_gate)
        {
            return [.. OfUnlocked(resourceName)];
        }
    }

    /// <summary>Waits until the condition holds for every copy of the resource.</summary>
    /// <exception cref="ArgumentException">There is no such resource.</exception>
    public async Task WaitAsync(string resourceName, Func<CopyState, bool> condition, CancellationToken cancellationToken)
    {
        while (true)
        {
            var changed = Changed;
            var states = Of(resourceName);
            if (states.Count == 0 && !Absent.Contains(resourceName))
            {
                throw new ArgumentException($"There is no resource '{resourceName}'.", nameof(resourceName));
            }

            if (states.Count > 0 && states.All(condition))
            {
                return;
            }

            await changed.WaitAsync(cancellationToken);
        }
    }

    private IEnumerable<CopyState> OfUnlocked(string resourceName) => _order.Select(id => _states[id])
        .Where(state => string.Equals(state.Resource.Name, resourceName, StringComparison.OrdinalIgnoreCase));
}
