using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Integrations.TlGenerator;

/// <summary>Turns the schema of npm's <c>@mtcute/core</c> into TL text, without its comments.</summary>
public static class SchemaImport
{
    // Not Telegram's: conveniences of the package.
    private static readonly HashSet<string> Foreign = ["inputPeerPhotoFileLocationLegacy", "inputStickerSetThumbLegacy"];

    public static string Convert(string jsonPath)
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(jsonPath));
        var text = new StringBuilder("// Taken from npm's @mtcute/core 0.31.0 (MIT, LICENSE.mtcute) by tools/generate-tl.sh.\n");
        var entries = json.RootElement;
        if (entries.ValueKind == JsonValueKind.Object)
        {
            text.Append(CultureInfo.InvariantCulture, $"// LAYER {entries.GetProperty("l").GetInt32()}\n");
            entries = entries.GetProperty("e");
        }

        var all = entries.EnumerateArray().Where(e => !IsForeign(e.GetProperty("name").GetString()!)).ToList();
        text.Append("---types---\n");
        foreach (var entry in all.Where(e => e.GetProperty("kind").GetString() == "class"))
            text.Append(Definition(entry)).Append('\n');
        text.Append("---functions---\n");
        foreach (var entry in all.Where(e => e.GetProperty("kind").GetString() == "method"))
            text.Append(Definition(entry)).Append('\n');
        return text.ToString();
    }

    private static bool IsForeign(string name) => name.StartsWith("mtcute.", StringComparison.Ordinal) || Foreign.Contains(name);

    private static TlDefinition Definition(JsonElement entry)
    {
        var fields = entry.GetProperty("arguments").EnumerateArray().Select(Field).ToList();
        return new(
            TlName(entry.GetProperty("name").GetString()!),
            entry.GetProperty("id").GetUInt32(),
            fields,
            Vector(TlName(entry.GetProperty("type").GetString()!), entry),
            entry.GetProperty("kind").GetString() == "method");
    }

    private static TlField Field(JsonElement field)
    {
        var name = field.GetProperty("name").GetString()!;
        var type = Vector(TlName(field.GetProperty("type").GetString()!), field);
        if (Modifier(field, "predicate") is not { } predicate)
            return new(name, type, null, 0);
        var parts = predicate.GetString()!.Split('.');
        return new(name, type, parts[0], int.Parse(parts[1], CultureInfo.InvariantCulture));
    }

    // int53 is the package's own name for a long that fits a JavaScript number.
    private static string TlName(string name) => name switch
    {
        "int53" => "long",
        _ when name.StartsWith("mt_", StringComparison.Ordinal) => name[3..],
        _ => name,
    };

    private static string Vector(string type, JsonElement owner) =>
        Modifier(owner, "isBareVector") is not null ? $"vector<{type}>"
        : Modifier(owner, "isVector") is not null ? $"Vector<{type}>"
        : type;

    private static JsonElement? Modifier(JsonElement owner, string name) =>
        owner.TryGetProperty("typeModifiers", out var modifiers) && modifiers.TryGetProperty(name, out var value) ? value : null;
}
