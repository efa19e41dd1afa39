using System.Text.Json;
using System.Text.Json.Serialization;
using Aspire.Hosting.ApplicationModel;
using Integrations.AppHost.LocalHosting.Data;

namespace Integrations.AppHost.LocalHosting.Running;

/// <summary>What <c>run/addresses.json</c> says. It holds no secret: <see cref="ParametersFile"/> names the file that does.</summary>
internal sealed record Addresses
{
    /// <summary>The application host.</summary>
    public required int Pid { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public required string DataDirectory { get; init; }

    public required string ParametersFile { get; init; }

    public required string LogsDirectory { get; init; }

    /// <summary>Without its token, which is <c>developer-page-token</c> in the parameters file.</summary>
    public string? DeveloperPage { get; init; }

    /// <summary>Whether every resource runs and is healthy, or has finished.</summary>
    public required bool Ready { get; init; }

    /// <summary>Each copy of each resource by its id.</summary>
    public required IReadOnlyDictionary<string, AddressEntry> Resources { get; init; }
}

/// <summary>One copy of a resource.</summary>
internal sealed record AddressEntry(
    string Resource, string State, string? Health, int? Pid, DateTimeOffset? StartedAt, int Restarts, IReadOnlyDictionary<string, string> Endpoints);

/// <summary>Writes <c>run/addresses.json</c>, for scripts and for a second start.</summary>
internal sealed class AddressFile(LocalApplication application)
{
    public static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        WriteIndented = true,
    };

    private byte[] _written = [];

    public static Addresses? Read(string path) =>
        File.Exists(path) ? JsonSerializer.Deserialize<Addresses>(File.ReadAllBytes(path), Json) : null;

    public void Write()
    {
        var content = JsonSerializer.SerializeToUtf8Bytes(Current(), Json);
        if (!content.AsSpan().SequenceEqual(_written))
        {
            PrivateFile.Write(application.Data.Addresses, content);
            _written = content;
        }
    }

    private Addresses Current()
    {
        var states = application.Board.All;
        return new Addresses
        {
            Pid = Environment.ProcessId,
            StartedAt = application.StartedAt,
            DataDirectory = application.Data.Path,
            ParametersFile = application.Data.Parameters,
            LogsDirectory = application.Data.Logs,
            DeveloperPage = application.DeveloperPageLink?.Split('#')[0],
            Ready = states.All(state => state.IsReady || state.State == KnownResourceStates.Finished),
            Resources = states.ToDictionary(state => state.Id, state => new AddressEntry(
                state.Resource.Name, state.State, state.Health?.ToString(), state.Pid, state.StartedAt, state.Restarts, EndpointsOf(state))),
        };
    }

    private Dictionary<string, string> EndpointsOf(CopyState state)
    {
        var copy = application.Runners.FirstOrDefault(runner => runner.Id == state.Id)?.Copy ?? 0;
        return state.Resource.Endpoints().Where(endpoint => endpoint.Ports.Length > copy)
            .ToDictionary(endpoint => endpoint.Name, endpoint => $"{endpoint.Scheme}://{LocalEndpoint.Loopback}:{endpoint.Ports[copy]}");
    }
}

/// <summary>What a second start says about the first.</summary>
internal static class AlreadyRunning
{
    public static string Describe(string dataDirectory)
    {
        var running = AddressFile.Read(DataDirectory.AddressesOf(dataDirectory));
        if (running is null)
        {
            return $"Another start is using {dataDirectory} and is not up yet.";
        }

        var lines = running.Resources.Where(entry => entry.Value.Endpoints.ContainsKey("http"))
            .Select(entry => $"  {entry.Key,-16}{entry.Value.Endpoints["http"],-28}{entry.Value.State}");
        var page = running.DeveloperPage is { } address ? [$"  {"developer page",-16}{address}"] : Array.Empty<string>();
        return string.Join(Environment.NewLine,
        [
            $"Already running as process {running.Pid} since {running.StartedAt.ToLocalTime():yyyy-MM-dd HH:mm}, with the data in {dataDirectory}:",
            .. lines,
            .. page,
            $"Stop it with Ctrl-C where it runs or with: kill {running.Pid}",
        ]);
    }
}
