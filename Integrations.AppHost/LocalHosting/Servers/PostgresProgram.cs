using System.Globalization;
using Aspire.Hosting.ApplicationModel;
using Integrations.AppHost.LocalHosting.Data;
using Integrations.AppHost.LocalHosting.Processes;
using Npgsql;

namespace Integrations.AppHost.LocalHosting.Servers;

/// <summary>
/// PostgreSQL from the system's packages, never the system's own cluster. It refuses to run as root, so root starts it as the user
/// <c>postgres</c>, which may not be able to enter the directories above the data: see descriptor 9 in <c>launch.sh</c>.
/// </summary>
internal sealed class PostgresProgram(PostgresServerResource server, ProgramServices services) : ServerProgram
{
    private const string InheritedDirectory = "/proc/self/fd/9";
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private NpgsqlDataSource? _source;

    public override string Kind => "PostgreSQL";

    public override IEnumerable<Prerequisite> Prerequisites => [new("postgresql-15", FindBinaries() is { } bin ? bin + "/postgres" : null)];

    public override async Task<ProcessPlan> PlanAsync(int copy, CancellationToken cancellationToken)
    {
        var user = Posix.IsRoot
            ? SystemUser.Find("postgres") ?? throw new ProgramException("There is no user 'postgres' to run PostgreSQL as.")
            : null;
        var binaries = FindBinaries() ?? throw new ProgramException("PostgreSQL is not installed (package postgresql-15).");
        var directory = Path.Combine(services.Data.Path, server.Name);
        if (!File.Exists(Path.Combine(directory, "PG_VERSION")))
        {
            await InitializeAsync(binaries, directory, user, cancellationToken);
        }

        var port = server.PrimaryEndpoint.Port.ToString(CultureInfo.InvariantCulture);
        return new ProcessPlan($"{binaries}/postgres",
        [
            "-D", user is null ? directory : InheritedDirectory,
            "-c", "listen_addresses=127.0.0.1",
            "-c", $"port={port}",
            "-c", "unix_socket_directories=",
            "-c", "max_connections=300",
            "-c", "log_line_prefix=%m [%p] %q%u@%d ",
        ])
        {
            Environment = PlainEnvironment(),
            Directory = user is null ? null : directory,
            User = user,
            // Fast shutdown: ends sessions instead of waiting for them.
            StopSignal = Posix.SignalInterrupt,
            Grace = TimeSpan.FromSeconds(30),
        };
    }

    public override async Task<string?> CheckAsync(int copy, CancellationToken cancellationToken)
    {
        try
        {
            var source = _source ??= NpgsqlDataSource.Create(
                $"{await server.GetConnectionStringAsync(cancellationToken)};Database=postgres;Timeout=3;Command Timeout=3;"
                + "Maximum Pool Size=2;Application Name=apphost");
            await using var command = source.CreateCommand("select 1");
            await command.ExecuteScalarAsync(cancellationToken);
            return null;
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.InvalidPassword)
        {
            return "The password in parameters.json is not the one that the data was created with. Restore it, or start over with --fresh.";
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException)
        {
            return e.Message;
        }
    }

    public override async Task ReadyAsync(CancellationToken cancellationToken)
    {
        foreach (var name in server.Databases.Values)
        {
            await using var exists = _source!.CreateCommand("select 1 from pg_database where datname = $1");
            exists.Parameters.Add(new NpgsqlParameter { Value = name });
            if (await exists.ExecuteScalarAsync(cancellationToken) is null)
            {
                await using var create = _source.CreateCommand($"create database {new NpgsqlCommandBuilder().QuoteIdentifier(name)}");
                await create.ExecuteNonQueryAsync(cancellationToken);
            }
        }
    }

    public override async ValueTask DisposeAsync()
    {
        if (_source is not null)
        {
            await _source.DisposeAsync();
        }

        await base.DisposeAsync();
    }

    /// <summary>
    /// Creates the cluster beside its final place and renames it, so that an interrupted attempt is never taken for a cluster.
    /// </summary>
    private async Task InitializeAsync(string binaries, string directory, SystemUser? user, CancellationToken cancellationToken)
    {
        var partial = directory + ".partial";
        if (Directory.Exists(partial))
        {
            Directory.Delete(partial, recursive: true);
        }

        Directory.CreateDirectory(partial, OwnerOnly);
        var secrets = Directory.CreateTempSubdirectory("integrations-");
        try
        {
            var passwordFile = Path.Combine(secrets.FullName, "password");
            PrivateFile.Write(passwordFile, await ValueOfAsync(server.PasswordParameter, cancellationToken));
            if (user is not null)
            {
                Posix.ChangeOwner(partial, user);
                Posix.ChangeOwner(secrets.FullName, user);
                Posix.ChangeOwner(passwordFile, user);
            }

            var plan = new ProcessPlan($"{binaries}/initdb",
            [
                "-D", user is null ? partial : InheritedDirectory,
                $"--username={await ValueOfAsync(server.UserNameReference, cancellationToken)}",
                $"--pwfile={passwordFile}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--data-checksums",
            ])
            { Environment = PlainEnvironment(), Directory = user is null ? null : partial, User = user };
            var output = new List<string>();
            using var process = ChildProcess.Start(plan, Path.Combine(services.Data.Processes, $"{server.Name}.initdb"), line =>
            {
                lock (output)
                {
                    output.Add(line);
                }
            });
            int exitCode;
            try
            {
                exitCode = await process.WaitAsync(cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                await process.StopAsync(services.Time);
                throw;
            }

            if (exitCode != 0)
            {
                lock (output)
                {
                    throw new ProgramException($"initdb ended with {exitCode}: {string.Join(' ', output.TakeLast(4))}");
                }
            }
        }
        finally
        {
            secrets.Delete(recursive: true);
        }

        if (Directory.Exists(directory))
        {
            Directory.Delete(directory, recursive: true);
        }

        Directory.Move(partial, directory);
    }

    /// <summary>The newest installed version from 15 up; the cluster's own version once there is one.</summary>
    private string? FindBinaries()
    {
        const string Root = "/usr/lib/postgresql";
        var cluster = Path.Combine(services.Data.Path, server.Name, "PG_VERSION");
        if (File.Exists(cluster))
        {
            var own = $"{Root}/{File.ReadAllText(cluster).Trim()}/bin";
            return File.Exists($"{own}/postgres") ? own : null;
        }

        return !Directory.Exists(Root) ? null : Directory.GetDirectories(Root)
            .Select(path => (Path: $"{path}/bin", Version: VersionOf(path)))
            .Where(found => found.Version >= 15 && File.Exists($"{found.Path}/postgres") && File.Exists($"{found.Path}/initdb"))
            .OrderByDescending(found => found.Version)
            .Select(found => found.Path)
            .FirstOrDefault();
    }

    private static int VersionOf(string path) =>
        int.TryParse(Path.GetFileName(path), CultureInfo.InvariantCulture, out var version) ? version : 0;
}
