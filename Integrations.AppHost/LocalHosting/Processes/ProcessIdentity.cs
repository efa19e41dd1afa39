using System.Globalization;

namespace Integrations.AppHost.LocalHosting.Processes;

/// <summary>
/// A process that cannot be mistaken for a later one with the same number: the pid together with the moment it started
/// (clock ticks since boot) and the boot.
/// </summary>
internal sealed record ProcessIdentity(int Pid, long StartTicks, string Boot)
{
    private static readonly string CurrentBoot = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();

    /// <summary>Whether that very process is still there. A zombie is not.</summary>
    public bool IsAlive => Boot == CurrentBoot && Of(Pid) == this;

    /// <summary>The process that has the pid now; null when there is none or it is a zombie.</summary>
    public static ProcessIdentity? Of(int pid)
    {
        string stat;
        try
        {
            stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/stat"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }

        // "42 (name with ) inside) S 1 42 42 0 -1 …": the name ends at the last parenthesis, field 3 follows, field 22 is the start.
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return fields[0] == "Z" ? null : new ProcessIdentity(pid, long.Parse(fields[19], CultureInfo.InvariantCulture), CurrentBoot);
    }
}

/// <summary>What <c>launch.sh</c> wrote down about a process before it became the program.</summary>
/// <param name="StopSignal">The signal that asks the program to end in good order.</param>
internal sealed record ProcessRecord(ProcessIdentity Process, int StopSignal)
{
    /// <summary>Reads a record; null when there is none or it is not complete.</summary>
    public static ProcessRecord? Read(string path) =>
        File.Exists(path)
        && File.ReadAllText(path).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) is [var pid, var start, var boot, var signal]
            ? new ProcessRecord(
                new ProcessIdentity(
                    int.Parse(pid, CultureInfo.InvariantCulture), long.Parse(start, CultureInfo.InvariantCulture), boot),
                int.Parse(signal, CultureInfo.InvariantCulture))
            : null;
}
