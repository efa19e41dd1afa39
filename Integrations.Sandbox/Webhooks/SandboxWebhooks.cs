using System.Collections.Concurrent;
using System.Text.RegularExpressions;

namespace Integrations.Sandbox.Webhooks;

/// <summary>Simulated receivers of webhooks, by name. They hold everything in memory.</summary>
public sealed partial class SandboxWebhooks(TimeProvider? time = null)
{
    /// <summary>Receivers at a time.</summary>
    public const int MaxReceivers = 1000;

    private readonly ConcurrentDictionary<string, SandboxReceiver> _receivers = new(StringComparer.Ordinal);

    /// <summary>Everyone, in order of name.</summary>
    public IReadOnlyList<SandboxReceiver> Receivers => [.. _receivers.Values.OrderBy(receiver => receiver.Name, StringComparer.Ordinal)];

    internal TimeProvider Time { get; } = time ?? TimeProvider.System;

    /// <summary>Puts a receiver in place; one of this name goes with all that it knows.</summary>
    /// <param name="name">1 to 64 of <c>a–z</c>, <c>0–9</c>, <c>_</c> and <c>-</c>.</param>
    /// <exception cref="ArgumentException">What is wrong, without a key.</exception>
    public SandboxReceiver Put(string name, ReceiverSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        if (name is null || !Name().IsMatch(name))
            throw new ArgumentException("A receiver's name has 1 to 64 of a–z, 0–9, _ and -.", nameof(name));
        if (settings.Problem() is { } problem)
            throw new ArgumentException(problem, nameof(settings));
        if (_receivers.Count >= MaxReceivers && !_receivers.ContainsKey(name))
            throw new ArgumentException($"There are {MaxReceivers} receivers already.", nameof(name));

        return _receivers[name] = new SandboxReceiver(name, settings, Time);
    }

    /// <summary>A receiver with these keys that does everything right.</summary>
    /// <param name="keys"><c>whsec_…</c> and <c>whpk_…</c>.</param>
    public SandboxReceiver Put(string name, params string[] keys) => Put(name, new ReceiverSettings { Keys = keys });

    public SandboxReceiver? Find(string name) => _receivers.GetValueOrDefault(name);

    public bool Remove(string name) => _receivers.TryRemove(name, out _);

    [GeneratedRegex(@"^[a-z0-9_-]{1,64}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Name();
}
