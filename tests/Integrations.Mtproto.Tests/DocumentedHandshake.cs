using System.Globalization;
using System.Text.Json;

namespace Integrations.Mtproto.Tests;

/// <summary>The handshake printed at core.telegram.org/mtproto/samples-auth_key, every value of it.</summary>
internal sealed class DocumentedHandshake
{
    private readonly Dictionary<string, JsonElement> _values;

    private DocumentedHandshake(Dictionary<string, JsonElement> values) => _values = values;

    public string this[string name] => _values[name].ToString();

    public static DocumentedHandshake Load()
    {
        using var stream = File.OpenRead(Path.Combine(AppContext.BaseDirectory, "Vectors", "documented-handshake.json"));
        return new DocumentedHandshake(JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(stream)!);
    }

    public byte[] Bytes(string name) => Hex.Bytes(this[name]);

    public long Number(string name) => long.Parse(this[name], CultureInfo.InvariantCulture);
}
