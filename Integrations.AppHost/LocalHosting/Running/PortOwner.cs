using System.Globalization;

namespace Integrations.AppHost.LocalHosting.Running;

/// <summary>Finds out who listens on a port, so that a taken one can be named with its taker.</summary>
internal static class PortOwner
{
    private const string Listening = "0A";

    /// <summary>"process 4711 (nginx)", or null when the system does not tell this user.</summary>
    public static string? Describe(int port)
    {
        var inodes = new[] { "/proc/net/tcp", "/proc/net/tcp6" }.Where(File.Exists).SelectMany(File.ReadLines)
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            // sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode; the address is 0100007F:1F90.
            .Where(fields => fields.Length > 9 && fields[3] == Listening && fields[1].EndsWith($":{port:X4}", StringComparison.Ordinal))
            .Select(fields => $"socket:[{fields[9]}]")
            .ToHashSet();
        foreach (var process in inodes.Count == 0 ? [] : Directory.GetDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(process), CultureInfo.InvariantCulture, out var pid) && Holds(process, inodes))
            {
                return string.Create(CultureInfo.InvariantCulture, $"process {pid} ({File.ReadAllText($"{process}/comm").Trim()})");
            }
        }

        return null;
    }

    private static bool Holds(string process, HashSet<string> inodes)
    {
        try
        {
            return Directory.GetFiles($"{process}/fd").Any(fd => File.ResolveLinkTarget(fd, returnFinalTarget: false) is { } target
                && inodes.Contains(Path.GetFileName(target.FullName)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It ended meanwhile, or it is another user's.
            return false;
        }
    }
}
