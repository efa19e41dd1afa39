using System.Text.Json;

namespace Integrations.AppHost.LocalHosting.Data;

/// <summary>
/// The generated secrets, kept in the data directory's <c>parameters.json</c> (mode 0600): servers are created with them, so they must
/// survive for as long as the data does.
/// </summary>
internal sealed class ParameterStore
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true };

    private readonly Lock _gate = new();
    private SortedDictionary<string, string>? _values;
    private string _path = "";

    /// <summary>Values handed out so far; none of them may be shown.</summary>
    public IReadOnlyCollection<string> Values
    {
        get
        {
            lock (_gate)
            {
                return [.. _values?.Values ?? Enumerable.Empty<string>()];
            }
        }
    }

    /// <summary>Reads the kept values. Called once the data directory belongs to this process.</summary>
    public void Open(string path)
    {
        lock (_gate)
        {
            _path = path;
            _values = File.Exists(path)
                ? JsonSerializer.Deserialize<SortedDictionary<string, string>>(File.ReadAllBytes(path)) ?? []
                : [];
        }
    }

    public string GetOrAdd(string name, Func<string> generate)
    {
        lock (_gate)
        {
            if (_values is null)
            {
                throw new InvalidOperationException($"Parameter '{name}' is known only once the application has started.");
            }

            if (!_values.TryGetValue(name, out var value))
            {
                value = generate();
                _values.Add(name, value);
                PrivateFile.Write(_path, JsonSerializer.SerializeToUtf8Bytes(_values, Json));
            }

            return value;
        }
    }
}
