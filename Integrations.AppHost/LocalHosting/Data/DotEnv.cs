namespace Integrations.AppHost.LocalHosting.Data;

/// <summary>
/// Reads <c>.env</c> beside the solution into the environment, from where the hosts inherit it. A variable that is already set wins.
/// </summary>
internal static class DotEnv
{
    public static void Load(string path)
    {
        if (!File.Exists(path))
        {
            return;
        }

        foreach (var (name, value) in Parse(File.ReadLines(path)))
        {
            if (Environment.GetEnvironmentVariable(name) is null)
            {
                Environment.SetEnvironmentVariable(name, value);
            }
        }
    }

    /// <summary><c>NAME=value</c> per line; <c>#</c> begins a comment line; one pair of quotes around the value is dropped.</summary>
    public static IEnumerable<(string Name, string Value)> Parse(IEnumerable<string> lines)
    {
        foreach (var line in lines.Select(line => line.Trim()))
        {
            if (line.StartsWith('#') || line.Split('=', 2) is not [var name, var text])
            {
                continue;
            }

            var value = text.Trim();
            if (value is ['"', .., '"'] or ['\'', .., '\''])
            {
                value = value[1..^1];
            }

            yield return (name.Trim().Replace("export ", "", StringComparison.Ordinal), value);
        }
    }
}
