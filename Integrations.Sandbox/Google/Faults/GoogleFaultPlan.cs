using System.ComponentModel.DataAnnotations;

namespace Integrations.Sandbox.Google.Faults;

/// <summary>The faults in force.</summary>
public sealed class GoogleFaultPlan
{
    private readonly Lock _gate = new();
    private readonly List<ActiveGoogleFault> _faults = [];
    private int _lastId;

    public IReadOnlyList<ActiveGoogleFault> Active
    {
        get
        {
            lock (_gate)
                return [.. _faults];
        }
    }

    /// <exception cref="ValidationException">It lacks what its kind needs.</exception>
    public ActiveGoogleFault Add(GoogleFault fault)
    {
        ArgumentNullException.ThrowIfNull(fault);
        Validator.ValidateObject(fault, new ValidationContext(fault), validateAllProperties: true);
        lock (_gate)
        {
            var active = new ActiveGoogleFault(++_lastId, fault, fault.Times == 0 ? null : fault.Times);
            _faults.Add(active);
            return active;
        }
    }

    public void Clear()
    {
        lock (_gate)
            _faults.Clear();
    }

    /// <summary>The first fault of the kind that fits, used once.</summary>
    /// <param name="person">Null where nobody is signed in.</param>
    internal GoogleFault? Take(GoogleFaultKind kind, string operation, string? person)
    {
        lock (_gate)
        {
            var index = _faults.FindIndex(active => active.Fault.Kind == kind && Matches(active.Fault, operation, person));
            if (index < 0)
                return null;

            var active = _faults[index];
            if (active.Left == 1)
                _faults.RemoveAt(index);
            else
                _faults[index] = active with { Left = active.Left - 1 };
            return active.Fault;
        }
    }

    private static bool Matches(GoogleFault fault, string operation, string? person) =>
        (fault.Operation is null || operation == fault.Operation || operation.StartsWith(fault.Operation + ".", StringComparison.Ordinal))
        && (fault.Person is null || string.Equals(fault.Person, person, StringComparison.OrdinalIgnoreCase));
}
