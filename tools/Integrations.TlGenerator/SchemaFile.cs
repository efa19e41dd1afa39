using System.Globalization;

namespace Integrations.TlGenerator;

/// <summary>Reads the TL text files: <c>---types---</c> and <c>---functions---</c> switch, <c>// LAYER n</c> starts a layer.</summary>
public static class SchemaFile
{
    /// <summary>The definitions by layer; what stands before the first layer line belongs to layer 0.</summary>
    public static Dictionary<int, List<TlDefinition>> Read(string path)
    {
        var layers = new Dictionary<int, List<TlDefinition>>();
        var layer = 0;
        var isCall = false;
        foreach (var line in File.ReadLines(path).Select(l => l.Trim()))
        {
            if (line.StartsWith("// LAYER ", StringComparison.Ordinal))
                (layer, isCall) = (int.Parse(line.AsSpan(9), CultureInfo.InvariantCulture), false);
            else if (line == "---types---")
                isCall = false;
            else if (line == "---functions---")
                isCall = true;
            else if (line.Length > 0 && !line.StartsWith("//", StringComparison.Ordinal))
                (layers.TryGetValue(layer, out var list) ? list : layers[layer] = []).Add(TlDefinition.Parse(line, isCall));
        }

        return layers;
    }

    /// <summary>The lines of a plain list, without comments.</summary>
    public static List<string> ReadList(string path) =>
        [.. File.ReadLines(path).Select(l => l.Trim()).Where(l => l.Length > 0 && l[0] != '#')];
}
