using System.ComponentModel.DataAnnotations;

namespace Integrations.Sandbox.Telegram.Faults;

/// <summary>A fault in force: its number and how often it may still happen (null is without end).</summary>
public sealed record ActiveFault(int Id, Fault Fault, int? Left);

/// <summary>An older connection of a key sent after a newer one had sent: on the real server that costs the key.</summary>
/// <param name="At">When.</param>
/// <param name="AuthKeyId">The key, in hex.</param>
/// <param name="PersonId">Who was signed in under it; null when nobody was.</param>
/// <param name="DcId">The data centre.</param>
/// <param name="Connection">The number of the older connection.</param>
/// <param name="NewerConnection">The number of the newer one.</param>
public sealed record Violation(DateTimeOffset At, string AuthKeyId, long? PersonId, int DcId, long Connection, long NewerConnection);

/// <summary>The faults in force, and what clients did wrong themselves.</summary>
public sealed class FaultPlan
{
    /// <summary>Violations kept; the first ones matter most.</summary>
    private const int ViolationLimit = 10_000;

    private readonly Lock _gate = new();
    private readonly List<(int Id, Fault Fault, int? Left)> _faults = [];
    private readonly List<Violation> _violations = [];
    private int _lastId;
    private volatile bool _isEmpty = true;

    /// <summary>Faults that have not happened often enough yet.</summary>
    public IReadOnlyList<ActiveFault> Active
    {
        get
        {
            lock (_gate)
                return [.. _faults.Select(entry => new ActiveFault(entry.Id, entry.Fault, entry.Left))];
        }
    }

    /// <summary>Times an older connection of a key sent after a newer one had sent.</summary>
    public IReadOnlyList<Violation> Violations
    {
        get
        {
            lock (_gate)
                return [.. _violations];
        }
    }

    /// <summary>Told about every fault as it is added, for those that happen at once.</summary>
    internal event Action<Fault>? Added;

    /// <summary>Puts a fault in force.</summary>
    /// <exception cref="ValidationException">A field that its kind needs is missing.</exception>
    public ActiveFault Add(Fault fault)
    {
        Validator.ValidateObject(fault, new ValidationContext(fault), validateAllProperties: true);
        ActiveFault active;
        lock (_gate)
        {
            active = new ActiveFault(++_lastId, fault, fault.Times == 0 ? null : fault.Times);
            if (!HappensAtOnce(fault))
                _faults.Add((active.Id, fault, active.Left));
            _isEmpty = _faults.Count == 0;
        }
        Added?.Invoke(fault);
        return active;
    }

    /// <summary>Ends all faults.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            _faults.Clear();
            _isEmpty = true;
        }
    }

    /// <summary>Uses up one occurrence of a matching fault.</summary>
    internal Fault? Take(FaultKind kind, in FaultScope scope) => Find(kind, scope, use: true);

    /// <summary>A matching fault that lasts until it is deleted, like a skewed clock; it is not used up.</summary>
    internal Fault? Standing(FaultKind kind, in FaultScope scope) => Find(kind, scope, use: false);

    internal void Report(Violation violation)
    {
        lock (_gate)
        {
            if (_violations.Count < ViolationLimit)
                _violations.Add(violation);
        }
    }

    private static bool HappensAtOnce(Fault fault) => fault.Kind switch
    {
        FaultKind.ForgetSessions or FaultKind.ForgetTemporaryKeys or FaultKind.ForgetBindings or FaultKind.RotateSalts or FaultKind.SignOut => true,
        FaultKind.CloseConnection or FaultKind.ResetConnection or FaultKind.HalfOpen => fault.Method is null,
        _ => false,
    };

    private Fault? Find(FaultKind kind, in FaultScope scope, bool use)
    {
        if (_isEmpty)
            return null;
        lock (_gate)
        {
            for (var i = 0; i < _faults.Count; i++)
            {
                var (id, fault, left) = _faults[i];
                if (fault.Kind != kind || !Matches(fault, scope))
                    continue;
                if (use && left is { } times)
                {
                    if (times <= 1)
                        _faults.RemoveAt(i);
                    else
                        _faults[i] = (id, fault, times - 1);
                    _isEmpty = _faults.Count == 0;
                }
                return fault;
            }
            return null;
        }
    }

    private static bool Matches(Fault fault, in FaultScope scope) =>
        (fault.Dc is null || fault.Dc == scope.DcId)
        && (fault.Person is null || fault.Person == scope.PersonId)
        && (fault.Method is null || string.Equals(fault.Method, scope.Method, StringComparison.OrdinalIgnoreCase));
}
