using System.Text.RegularExpressions;

namespace Integrations.Sandbox.Vault;

/// <summary>Policies: what is not allowed is denied; of several rules the most specific path decides; <c>deny</c> beats everything.</summary>
internal sealed partial class VaultPolicies
{
    /// <summary>What every token may do with itself.</summary>
    private const string DefaultPolicy = """
        path "auth/token/lookup-self" { capabilities = ["read"] }
        path "auth/token/renew-self" { capabilities = ["update"] }
        path "auth/token/revoke-self" { capabilities = ["update"] }
        path "sys/capabilities-self" { capabilities = ["update"] }
        path "sys/wrapping/wrap" { capabilities = ["update"] }
        path "sys/wrapping/lookup" { capabilities = ["update"] }
        path "sys/wrapping/unwrap" { capabilities = ["update"] }
        """;

    private readonly SortedDictionary<string, (string Text, IReadOnlyList<Rule> Rules)> _policies = new(StringComparer.Ordinal);

    public VaultPolicies() => Put("default", DefaultPolicy);

    public IEnumerable<string> Names => _policies.Keys.Append("root").Order(StringComparer.Ordinal);

    public string? Find(string name) => _policies.TryGetValue(name, out var policy) ? policy.Text : null;

    public void Put(string name, string text) => _policies[name] = (text, Parse(text));

    public void Remove(string name) => _policies.Remove(name);

    /// <summary>The capabilities on a path, or <c>deny</c> alone.</summary>
    public IReadOnlyList<string> Capabilities(IReadOnlyList<string> names, string path)
    {
        if (names.Contains("root"))
            return ["root"];

        var matching = names.Where(_policies.ContainsKey).SelectMany(name => _policies[name].Rules).Where(rule => rule.Matches(path)).ToList();
        if (matching.Count == 0)
            return ["deny"];

        // Rules with the same path of several policies add up; only the most specific path counts.
        var decisive = matching.MaxBy(rule => rule.Specificity)!.Path;
        var granted = matching.Where(rule => rule.Path == decisive).SelectMany(rule => rule.Capabilities).Distinct().Order(StringComparer.Ordinal).ToList();
        return granted.Contains("deny") || granted.Count == 0 ? ["deny"] : granted;
    }

    private static List<Rule> Parse(string text)
    {
        var rules = Block().Matches(Comment().Replace(text, "")).Select(match =>
        {
            var capabilities = Capability().Match(match.Groups["body"].Value).Groups["list"].Value;
            return new Rule(match.Groups["path"].Value, [.. Quoted().Matches(capabilities).Select(word => word.Groups[1].Value)]);
        }).ToList();
        return rules.Count > 0 || string.IsNullOrWhiteSpace(text) ? rules : throw new VaultRefusal(400, "failed to parse policy: no path stanza was found");
    }

    [GeneratedRegex("""path\s+"(?<path>[^"]*)"\s*\{(?<body>[^}]*)\}""")]
    private static partial Regex Block();

    [GeneratedRegex("""capabilities\s*=\s*\[(?<list>[^\]]*)\]""")]
    private static partial Regex Capability();

    [GeneratedRegex("\"([a-z]+)\"")]
    private static partial Regex Quoted();

    [GeneratedRegex("#[^\n]*")]
    private static partial Regex Comment();

    private sealed record Rule(string Path, IReadOnlyList<string> Capabilities)
    {
        private readonly Regex _pattern = new(
            "^" + Regex.Escape(Path.TrimEnd('*')).Replace("\\+", "[^/]+", StringComparison.Ordinal) + (Path.EndsWith('*') ? "" : "$"), RegexOptions.CultureInvariant);

        /// <summary>Vault's own order: a wildcard that comes later, no star at the end, fewer plus signs, a longer path.</summary>
        public (int FirstWildcard, bool IsExact, int FewerPluses, int Length) Specificity =>
            (Path.IndexOfAny(['+', '*']) is >= 0 and var index ? index : int.MaxValue, !Path.EndsWith('*'), -Path.Count(c => c == '+'), Path.Length);

        public bool Matches(string path) => _pattern.IsMatch(path);
    }
}
