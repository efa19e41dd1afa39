using System.Runtime.InteropServices;
using System.Text;

namespace Integrations.Core.Secrets;

/// <summary>What the file system must say about a key: ours alone, and on the disk for certain.</summary>
internal static class KeyFileModes
{
    private const UnixFileMode Others =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    private const int OpenReadOnly = 0;

    /// <summary>Null when the directory is private, or not there yet.</summary>
    public static string? ProblemOfDirectory(string path) =>
        Directory.Exists(path) ? Problem(path, "directory", "700") : null;

    public static string? ProblemOfFile(string path) => Problem(path, "file", "600");

    public static void CreateDirectory(string path)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(path);
        else
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    public static FileStreamOptions CreateNew() => OperatingSystem.IsWindows()
        ? new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write }
        : new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        };

    /// <summary>Makes the names in a directory durable: a power cut after a key was used must not take its file.</summary>
    public static void FlushDirectory(string path)
    {
        if (OperatingSystem.IsWindows())
            return;

        // .NET opens no directories, and a file's own flush does not cover its name.
        var descriptor = Open(Encoding.UTF8.GetBytes(path + '\0'), OpenReadOnly);
        if (descriptor < 0)
            throw new IOException($"The directory {path} cannot be opened (errno {Marshal.GetLastPInvokeError()}).");

        try
        {
            if (Sync(descriptor) != 0)
                throw new IOException($"The directory {path} cannot be flushed (errno {Marshal.GetLastPInvokeError()}).");
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    private static string? Problem(string path, string what, string wanted)
    {
        if (OperatingSystem.IsWindows() || (File.GetUnixFileMode(path) & Others) == UnixFileMode.None)
            return null;

        return $"The {what} {path} holds keys and is open to other users of this machine. Run: chmod {wanted} {path}";
    }

    [DllImport("libc", EntryPoint = "open", SetLastError = true), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Open(byte[] path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Sync(int descriptor);

    [DllImport("libc", EntryPoint = "close", SetLastError = true), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Close(int descriptor);
}
