using Integrations.AppHost.LocalHosting.Data;

namespace Integrations.AppHost.LocalHosting;

/// <summary>What the command line says about this way of hosting, as opposed to the application's own configuration.</summary>
internal sealed class HostSettings
{
    /// <summary>Port of the developer page when ports are fixed.</summary>
    public const int DeveloperPagePort = 8070;

    /// <summary><c>--data DIR</c>: full path of the data directory.</summary>
    public required string DataDirectory { get; init; }

    /// <summary><c>--fresh</c>: delete all data first.</summary>
    public bool Fresh { get; private set; }

    /// <summary><c>--ports auto</c>: take free ports instead of the ones that the model names.</summary>
    public bool FreePorts { get; private set; }

    /// <summary><c>--only a,b</c>: start these resources alone. Null for all.</summary>
    public IReadOnlySet<string>? Only { get; private set; }

    /// <summary>Arguments for configuration, with the data directory's full path.</summary>
    public required IReadOnlyList<string> ConfigurationArguments { get; init; }

    /// <exception cref="StartRefusedException">An option has no value or one that is not known.</exception>
    public static HostSettings Parse(IReadOnlyList<string> args, string appHostDirectory)
    {
        string? data = null;
        string? only = null;
        var fresh = false;
        var freePorts = false;
        var rest = new List<string>();
        for (var i = 0; i < args.Count; i++)
        {
            var (name, value) = args[i].Split('=', 2) is [var key, var text] ? (key, text) : (args[i], null);
            string Value() => value ?? (++i < args.Count ? args[i] : throw new StartRefusedException($"The option {name} needs a value."));
            switch (name)
            {
                case "--data":
                    data = Value();
                    break;
                case "--only":
                    only = Value();
                    break;
                case "--fresh":
                    fresh = value is null || bool.Parse(value);
                    break;
                case "--ports":
                    freePorts = Value() switch
                    {
                        "auto" => true,
                        "fixed" => false,
                        var other => throw new StartRefusedException($"--ports is 'auto' or 'fixed', not '{other}'."),
                    };
                    break;
                default:
                    rest.Add(args[i]);
                    break;
            }
        }

        var directory = data is null
            ? Path.GetFullPath(Path.Combine(appHostDirectory, "..", ".data"))
            : Path.GetFullPath(data);
        return new HostSettings
        {
            DataDirectory = directory,
            Fresh = fresh,
            FreePorts = freePorts,
            Only = only?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                .ToHashSet(StringComparer.OrdinalIgnoreCase),
            ConfigurationArguments = [.. rest, $"--data={directory}"],
        };
    }
}
