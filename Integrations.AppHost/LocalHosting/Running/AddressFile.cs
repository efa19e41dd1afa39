using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Aspire.Hosting.ApplicationModel;
using Integrations.AppHost.LocalHosting.Data;

namespace Integrations.AppHost.LocalHosting.Running;

/// <summary>What <c>run/state.json</c> says. It holds no secret.</summary>
internal sealed record RunState
{
    /// <summary>The application host.</summary>
    public required int Pid { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public required string DataDirectory { get; init; }

    /// <summary>Without its token, which is among the parameters.</summary>
    public string? DeveloperPage { get; init; }

    /// <summary>Whether every resource runs and is healthy, or has finished.</summary>
    public required bool Ready { get; init; }

    /// <summary>Each copy of each resource by its id.</summary>
    public required IReadOnlyDictionary<string, RunStateOfCopy> Resources { get; init; }
}

/// <summary>One copy of a resource in <c>run/state.json</c>.</summary>
internal sealed record RunStateOfCopy(
    string Resource,
    string State,
    string? Health,
    int? Pid,
    DateTimeOffset? StartedAt,
    int Restarts,
    IReadOnlyDictionary<string, string> Endpoints)
{
    /// <summary>The address that one would use: the HTTP one if there is one.</summary>
    public string? Address => Endpoints.TryGetValue("http", out var http) ? http : Endpoints.Values.FirstOrDefault();
}

/// <summary>
/// Writes two files for other programs. <c>run/state.json</c> is there from the start and tells everything. <c>run/addresses.json</c> is
/// the plain one for scripts: it appears once everything is ready, then follows the changes, and goes away at the end. It has each
/// resource's address and pid under its name, and names the file of the secrets, of which it has none.
/// </summary>
internal sealed class AddressFile(LocalApplication application)
{
    public static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        WriteIndented = true,
    };

    private RunState? _written;
    private bool _wasReady;

    public static RunState? ReadState(string path) =>
        File.Exists(path) ? JsonSerializer.Deserialize<RunState>(File.ReadAllBytes(path), Json) : null;

    public void Write()
    {
        var state = Current();
        var content = JsonSerializer.SerializeToUtf8Bytes(state, Json);
        if (_written is not null && content.AsSpan().SequenceEqual(JsonSerializer.SerializeToUtf8Bytes(_written, Json)))
        {
            return;
        }

        _written = state;
        PrivateFile.Write(application.Data.State, content);
        _wasReady |= state.Ready;
        if (_wasReady)
        {
            PrivateFile.Write(application.Data.Addresses, JsonSerializer.SerializeToUtf8Bytes(AddressesOf(state), Json));
        }
    }

    private RunState Current()
    {
        var states = application.Board.All;
        return new RunState
        {
            Pid = Environment.ProcessId,
            StartedAt = application.StartedAt,
            DataDirectory = application.Data.Path,
            DeveloperPage = application.DeveloperPageLink?.Split('#')[0],
            Ready = states.All(state => state.IsReady || state.State == KnownResourceStates.Finished),
            Resources = states.ToDictionary(state => state.Id, state => new RunStateOfCopy(
                state.Resource.Name,
                state.State,
                state.Health?.ToString(),
                state.Pid,
                state.StartedAt,
                state.Restarts,
                EndpointsOf(state))),
        };
    }

    private JsonObject AddressesOf(RunState state)
    {
        var addresses = new JsonObject
        {
            ["ready"] = state.Ready,
            ["pid"] = state.Pid,
            ["data_directory"] = state.DataDirectory,
            ["parameters_file"] = application.Data.Parameters,
            ["logs_directory"] = application.Data.Logs,
            ["developer_page"] = state.DeveloperPage,
        };
        var pids = new JsonObject();
        foreach (var (id, copy) in state.Resources)
        {
            if (copy.Address is { } address)
            {
                addresses[id] = address;
            }

            if (copy.Pid is { } pid)
            {
                pids[id] = pid;
            }
        }

        addresses["pids"] = pids;
        return addresses;
    }

    private Dictionary<string, string> EndpointsOf(CopyState state)
    {
        var copy = application.Runners.FirstOrDefault(runner => runner.Id == state.Id)?.Copy ?? 0;
        return state.Resource.Endpoints().Where(endpoint => endpoint.Ports.Length > copy)
            .ToDictionary(endpoint => endpoint.Name, endpoint => $"{endpoint.Scheme}://{endpoint.Host}:{endpoint.Ports[copy]}");
    }
}

/// <summary>What a second start says about the first.</summary>
internal static class AlreadyRunning
{
    public static string Describe(string dataDirectory)
    {
        if (AddressFile.ReadState(DataDirectory.StateOf(dataDirectory)) is not { } running)
        {
            return $"Another start is using {dataDirectory} and is not up yet.";
        }

        var lines = running.Resources.Where(entry => entry.Value.Endpoints.ContainsKey("http"))
            .Select(entry => $"  {entry.Key,-16}{entry.Value.Endpoints["http"],-28}{entry.Value.State}");
        var page = running.DeveloperPage is { } address ? [$"  {"developer page",-16}{address}"] : Array.Empty<string>();
        return string.Join(Environment.NewLine,
        [
            $"Already running as process {running.Pid} since {running.StartedAt.ToLocalTime():yyyy-MM-dd HH:mm}, "
                + $"with the data in {dataDirectory}:",
            .. lines,
            .. page,
            $"Stop it with Ctrl-C where it runs, or with: kill {running.Pid}",
        ]);
    }
}
