using System.Text;
using System.Text.RegularExpressions;

namespace Integrations.Bench.HttpFuzz;

/// <summary>What no answer may have in it: how the inside is made, and secrets that the caller was not given.</summary>
internal sealed partial class LeakSigns(IReadOnlyCollection<string> secrets)
{
    /// <summary>What was found, or null.</summary>
    public string? Find(RawAnswer answer)
    {
        var text = answer.Head + Encoding.UTF8.GetString(answer.Body);
        foreach (var secret in secrets)
        {
            // The find is told without the secret itself.
            if (text.Contains(secret, StringComparison.Ordinal))
                return $"a secret of {secret.Length} letters";
        }

        return Inside().Match(text) is { Success: true } match ? match.Value : null;
    }

    /// <summary>Lines of a stack trace, names of types and packages, and PostgreSQL's own sentences.</summary>
    [GeneratedRegex(
        """^\s+at [\w.<>`]+\(|Integrations\.(Api|Core|Workers|Web|Mtproto)\b|\b(System|Microsoft)\.[A-Z]\w+|Npgsql|PostgresException|StackExchange|RabbitMQ\.Client|\w+Exception\b|violates (unique|foreign|check|not-null|row)|syntax error at or near|relation "\w+|SQLSTATE|insert into \w+ \(|\.cs:line""",
        RegexOptions.Multiline | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Inside();
}
