namespace Integrations.AppHost.LocalHosting.Data;

/// <summary>
/// Everything that is kept between runs. One application host owns it at a time, by a lock that the system releases with the process.
/// </summary>
internal sealed class DataDirectory : IDisposable
{
    /// <summary>What is deleted when starting over; anything else in the directory is not ours.</summary>
    private static readonly string[] Ours =
        ["postgres", "postgres.partial", "redis", "rabbitmq", "sandbox", "keys", "logs", "parameters.json", "parameters.json.new"];

    private readonly FileStream _lock;

    private DataDirectory(string path, FileStream @lock)
    {
        Path = path;
        _lock = @lock;
    }

    public string Path { get; }

    public string Run => System.IO.Path.Combine(Path, "run");

    public string Logs => System.IO.Path.Combine(Path, "logs");

    /// <summary>One record per started process.</summary>
    public string Processes => System.IO.Path.Combine(Run, "processes");

    public string State => StateOf(Path);

    public string Addresses => System.IO.Path.Combine(Run, "addresses.json");

    public string Parameters => System.IO.Path.Combine(Path, "parameters.json");

    public static string StateOf(string path) => System.IO.Path.Combine(path, "run", "state.json");

    /// <summary>Takes the directory, creating it when needed; null when another application host has it.</summary>
    /// <exception cref="StartRefusedException">The directory is somebody else's.</exception>
    public static DataDirectory? TryOpen(string path)
    {
        if (!Directory.Exists(System.IO.Path.Combine(path, "run"))
            && Array.Find(Ours, name => System.IO.Path.Exists(System.IO.Path.Combine(path, name))) is { } stranger)
        {
            // --fresh would delete it.
            throw new StartRefusedException(
                $"The directory {path} has a '{stranger}' that this program did not make. Name another directory with --data.");
        }

        PrivateFile.CreateDirectory(path);
        PrivateFile.CreateDirectory(System.IO.Path.Combine(path, "run"));
        FileStream @lock;
        try
        {
            // FileShare.None is an advisory flock here: it goes away with the process, however that ends.
            @lock = new FileStream(System.IO.Path.Combine(path, "run", "lock"), new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.ReadWrite,
                Share = FileShare.None,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
        }
        catch (IOException)
        {
            return null;
        }

        return new DataDirectory(path, @lock);
    }

    /// <summary>Deletes all data. The processes of an earlier run must be gone.</summary>
    public void Clear()
    {
        foreach (var entry in Ours.Select(name => System.IO.Path.Combine(Path, name)))
        {
            if (Directory.Exists(entry))
            {
                Directory.Delete(entry, recursive: true);
            }
            else
            {
                File.Delete(entry);
            }
        }
    }

    /// <summary>Creates what every run needs.</summary>
    public void Prepare()
    {
        // What an earlier run that was killed has left is no longer true.
        File.Delete(State);
        File.Delete(Addresses);
        PrivateFile.CreateDirectory(Logs);
        PrivateFile.CreateDirectory(Processes);
    }

    public string Subdirectory(string name) => PrivateFile.CreateDirectory(System.IO.Path.Combine(Path, name));

    public void Dispose() => _lock.Dispose();
}
