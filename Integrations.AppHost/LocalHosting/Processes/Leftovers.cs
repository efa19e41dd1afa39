namespace Integrations.AppHost.LocalHosting.Processes;

/// <summary>Stops what an application host that was killed left running.</summary>
internal static class Leftovers
{
    /// <summary>
    /// Stops every recorded process that is still the one recorded, with all of its group, and deletes the records.
    /// </summary>
    /// <param name="records">Directory of records.</param>
    /// <param name="grace">How long a process may take to stop by itself.</param>
    /// <returns>Names of the processes that had to be stopped.</returns>
    public static async Task<IReadOnlyList<string>> StopAsync(
        string records, TimeSpan grace, TimeProvider time, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(records))
        {
            return [];
        }

        var stopped = new List<string>();
        var files = Directory.GetFiles(records);
        var alive = new List<ProcessIdentity>();
        foreach (var file in files)
        {
            if (ProcessRecord.Read(file) is { Process.IsAlive: true } record)
            {
                stopped.Add(Path.GetFileName(file));
                alive.Add(record.Process);
                Posix.SignalGroup(record.Process.Pid, record.StopSignal);
            }
        }

        var deadline = time.GetUtcNow() + grace;
        while (alive.Exists(p => p.IsAlive) && time.GetUtcNow() < deadline)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), time, cancellationToken);
        }

        foreach (var process in alive.Where(p => p.IsAlive))
        {
            Posix.SignalGroup(process.Pid, Posix.SignalKill);
        }

        while (alive.Exists(p => p.IsAlive))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), time, cancellationToken);
        }

        foreach (var file in files)
        {
            File.Delete(file);
        }

        return stopped;
    }
}
