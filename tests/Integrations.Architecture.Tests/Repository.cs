using System.Text.RegularExpressions;

namespace Integrations.Architecture.Tests;

/// <summary>The repository's own files: without build output, run data and what a developer keeps for himself.</summary>
internal static partial class Repository
{
    private static readonly HashSet<string> Foreign =
        new(["bin", "obj", ".git", ".data", ".vs", ".idea", "TestResults", "node_modules", "BenchmarkDotNet.Artifacts"], StringComparer.Ordinal);

    private static readonly HashSet<string> Text = new(
        [
            ".cs", ".razor", ".csproj", ".props", ".targets", ".sln", ".json", ".yml", ".yaml", ".md", ".sql", ".sh", ".py", ".html", ".css", ".js",
            ".resx", ".txt", ".tl", ".example", ".editorconfig", ".gitignore", "",
        ],
        StringComparer.Ordinal);

    public static string Root { get; } = FindRoot();

    /// <summary>Paths relative to the root, with forward slashes.</summary>
    public static IReadOnlyList<string> Files { get; } = [.. Walk(Root).Order(StringComparer.Ordinal)];

    /// <summary>Code that people write.</summary>
    public static IEnumerable<string> Sources(params string[] under) => Files.Where(file =>
        Path.GetExtension(file) is ".cs" or ".razor"
        && !file.EndsWith(".g.cs", StringComparison.Ordinal)
        && (under.Length == 0 || Array.Exists(under, folder => file.StartsWith(folder + "/", StringComparison.Ordinal)))
        && !IsOurs(file));

    /// <summary>Text files but these tests, which have to write down what they forbid.</summary>
    public static IEnumerable<string> TextFiles => Files.Where(file => Text.Contains(Path.GetExtension(file)) && !IsOurs(file));

    public static string Read(string file) => File.ReadAllText(Path.Combine(Root, file));

    /// <summary>The code without its comments, line for line; strings stay.</summary>
    public static string Code(string file) => Comment().Replace(Read(file), match =>
        match.Value.StartsWith('/') ? new string('\n', match.Value.Count(c => c == '\n')) : match.Value);

    /// <summary><c>path:line: the line</c> for every match in the files.</summary>
    public static IReadOnlyList<string> Find(IEnumerable<string> files, Regex pattern, Func<string, string>? read = null)
    {
        var found = new List<string>();
        foreach (var file in files)
        {
            var text = (read ?? Read)(file);
            foreach (Match match in pattern.Matches(text))
            {
                var begin = text.LastIndexOf('\n', Math.Max(match.Index - 1, 0)) + 1;
                var end = text.IndexOf('\n', match.Index);
                var line = text[begin..(end < 0 ? text.Length : end)].Trim();
                found.Add($"{file}:{text[..match.Index].Count(c => c == '\n') + 1}: {(line.Length > 160 ? line[..160] : line)}");
            }
        }

        return found;
    }

    private static bool IsOurs(string file) => file.StartsWith("tests/Integrations.Architecture.Tests/", StringComparison.Ordinal);

    private static IEnumerable<string> Walk(string directory)
    {
        foreach (var file in Directory.EnumerateFiles(directory))
        {
            // The one file that is meant to hold secrets, and is ignored by git.
            if (Path.GetFileName(file) != ".env")
                yield return Path.GetRelativePath(Root, file).Replace('\\', '/');
        }

        foreach (var below in Directory.EnumerateDirectories(directory).Where(below => !Foreign.Contains(Path.GetFileName(below))))
        {
            foreach (var file in Walk(below))
                yield return file;
        }
    }

    private static string FindRoot()
    {
        for (var directory = AppContext.BaseDirectory; directory is not null; directory = Path.GetDirectoryName(directory))
        {
            if (File.Exists(Path.Combine(directory, "Integrations.sln")))
                return directory;
        }

        throw new InvalidOperationException($"No Integrations.sln above {AppContext.BaseDirectory}.");
    }

    /// <summary>A string or character literal, or a comment: whichever begins first, so that <c>"http://"</c> is no comment.</summary>
    [GeneratedRegex("""
        "{3,}[\s\S]*?"{3,}|@"(?:[^"]|"")*"|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])'|//[^\n]*|/\*[\s\S]*?\*/
        """, RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Comment();
}

internal static class Rule
{
    /// <summary>Fails with every violation, one on a line.</summary>
    public static void Holds(IEnumerable<string> violations)
    {
        var all = violations.ToList();
        Assert.True(all.Count == 0, string.Join('\n', all));
    }
}
