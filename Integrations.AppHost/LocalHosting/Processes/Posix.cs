using System.Globalization;
using System.Runtime.InteropServices;

namespace Integrations.AppHost.LocalHosting.Processes;

/// <summary>The few system calls that .NET does not offer.</summary>
internal static partial class Posix
{
    public const int SignalInterrupt = 2;
    public const int SignalKill = 9;
    public const int SignalTerminate = 15;

    public static bool IsRoot => geteuid() == 0;

    /// <summary>Sends a signal to one process; false when there is none.</summary>
    public static bool Signal(int pid, int signal) => kill(pid, signal) == 0;

    /// <summary>Sends a signal to every process of the group; false when there is none.</summary>
    public static bool SignalGroup(int group, int signal) => kill(-group, signal) == 0;

    /// <exception cref="IOException">The owner cannot be changed.</exception>
    public static void ChangeOwner(string path, SystemUser user)
    {
        if (chown(path, user.Id, user.Group) != 0)
        {
            throw new IOException($"Cannot give {path} to user {user.Name}: {Marshal.GetLastPInvokeErrorMessage()}.");
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int pid, int signal);

    [LibraryImport("libc")]
    private static partial uint geteuid();

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int chown(string path, uint owner, uint group);
}

/// <summary>A user of this machine.</summary>
internal sealed record SystemUser(string Name, uint Id, uint Group)
{
    /// <summary>Looks the user up; null when there is none.</summary>
    public static SystemUser? Find(string name)
    {
        // postgres:x:101:104:PostgreSQL administrator,,,:/var/lib/postgresql:/bin/bash
        foreach (var line in File.ReadLines("/etc/passwd"))
        {
            if (line.Split(':') is [var user, _, var id, var group, ..] && user == name)
            {
                return new SystemUser(
                    name, uint.Parse(id, CultureInfo.InvariantCulture), uint.Parse(group, CultureInfo.InvariantCulture));
            }
        }

        return null;
    }
}
