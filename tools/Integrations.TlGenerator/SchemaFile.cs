using System.Globalization;

namespace Integrations.TlGenerator;

/// <summary>What a schema file says of one layer.</summary>
/// <param name="Absent">Names of newer constructors and calls that the layer does not have.</param>
public sealed record SchemaSection(List<TlDefinition> Definitions, List<string> Absent);

/// <summary>
/// Reads the TL text files: <c>---types---</c>, <c>---functions---</c> and <c>---absent---</c> switch, <c>// LAYER n</c> starts a layer.
/// </summary>
public static class SchemaFile
{
    /// <summary>The sections by layer; what stands before the first layer line belongs to layer 0.</summary>
    public static Dictionary<int, SchemaSection> Read(string path)
    {
        var layers = new Dictionary<int, SchemaSection>();
        var layer = 0;
        var part = "---types---";
        foreach (var line in File.ReadLines(path).Select(l => l.Trim()))
        {
            if (line.StartsWith("// LAYER ", StringComparison.Ordinal))
                layer = int.Parse(line.AsSpan(9), CultureInfo.InvariantCulture);
            else if (line.StartsWith("---", StringComparison.Ordinal))
                part = line;
            else if (line.Length > 0 && !line.StartsWith("//", StringComparison.Ordinal))
                Add(layers.TryGetValue(layer, out var section) ? section : layers[layer] = new([], []), part, line);
        }

        return layers;
    }

    /// <summary>The lines of a plain list, without comments.</summary>
    public static List<string> ReadList(string path) =>
        [.. File.ReadLines(path).Select(l => l.Trim()).Where(l => l.Length > 0 && l[0] != '#')];

    private static void Add(SchemaSection section, string part, string line)
    {
        if (part == "---absent---")
            section.Absent.Add(line);
        else
            section.Definitions.Add(TlDefinition.Parse(line, isCall: part == "---functions---"));
    }
}
