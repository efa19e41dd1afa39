using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace Integrations.Core.Webhooks;

/// <summary>Which types of events an endpoint wants: exact names, whole groups such as <c>dialog.*</c>, or <c>*</c> for everything.</summary>
public sealed partial class EventFilter
{
    public const int MaxPatterns = 50;
    public const int MaxPatternLength = 128;

    private const string Everything = "*";
    private const string Group = ".*";

    private readonly bool _everything;
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);

    /// <summary>Each with the full stop at its end: <c>dialog.</c></summary>
    private readonly List<string> _groups = [];

    private EventFilter(IEnumerable<string> patterns)
    {
        Patterns = [.. patterns.Distinct(StringComparer.Ordinal)];
        foreach (var pattern in Patterns)
        {
            if (pattern == Everything)
                _everything = true;
            else if (pattern.EndsWith(Group, StringComparison.Ordinal))
                _groups.Add(pattern[..^1]);
            else
                _names.Add(pattern);
        }
    }

    public static EventFilter All { get; } = new([Everything]);

    /// <summary>As they were given, each once.</summary>
    public IReadOnlyList<string> Patterns { get; }

    /// <param name="patterns">1 to 50. None at all is refused: it would be read as everything by some and as nothing by others.</param>
    /// <param name="problem">A sentence for the person; empty when there is a filter.</param>
    public static bool TryParse(IReadOnlyList<string?>? patterns, [NotNullWhen(true)] out EventFilter? filter, out string problem)
    {
        filter = null;
        problem = patterns switch
        {
            null or { Count: 0 } => "Name at least one type of events, or * for everything.",
            { Count: > MaxPatterns } => $"At most {MaxPatterns} types; * and groups such as dialog.* stand for many.",
            _ when patterns.Any(pattern => pattern is null or { Length: > MaxPatternLength } || !Form().IsMatch(pattern)) =>
                "A type is written as dialog.updated, a group as dialog.*, everything as *.",
            _ => "",
        };
        if (problem.Length == 0)
            filter = new EventFilter(patterns!.OfType<string>());
        return filter is not null;
    }

    /// <summary>A group has everything below it, and not what bears its own name.</summary>
    public bool Matches(string type)
    {
        ArgumentNullException.ThrowIfNull(type);
        return _everything || _names.Contains(type) || _groups.Exists(group => type.StartsWith(group, StringComparison.Ordinal));
    }

    [GeneratedRegex(@"^(\*|[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*(\.\*)?)\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Form();
}
