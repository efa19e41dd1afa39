using System.Globalization;
using System.Text;

namespace Integrations.TlGenerator;

/// <summary>Writes the lookup by id, in sixteen methods by the id's first digit so that each is compiled only when it is needed.</summary>
internal static class RegistryEmitter
{
    public static string Emit(string head, SchemaModel model)
    {
        var entries = new SortedDictionary<uint, (string Name, string Reader)>();
        foreach (var type in model.Classes)
        {
            Add(type.Definition.Id, type.Definition.Name, $"{type.ClassName}.ReadBody");
            foreach (var (layer, older) in ClassEmitter.ReadableVersions(type))
                Add(older.Id, older.Name, string.Create(CultureInfo.InvariantCulture, $"{type.ClassName}.ReadBody{layer}"));
        }

        foreach (var (name, (id, className)) in SchemaModel.ByHand)
            Add(id, name, $"{className}.ReadBody");

        var text = new StringBuilder(head).Append("using Integrations.Mtproto.Schema;\n\nnamespace Integrations.Mtproto.Tl;\n\npublic static partial class TlRegistry\n{\n");
        text.Append("    internal static TlObject? ReadBody(uint id, ref TlReader reader) => (id >> 28) switch\n    {\n");
        for (var digit = 0; digit < 16; digit++)
            text.Append(CultureInfo.InvariantCulture, $"        {(digit == 15 ? "_" : digit)} => Read{digit:X}(id, ref reader),\n");
        text.Append("    };\n\n    private static string? GeneratedNameOf(uint id) => (id >> 28) switch\n    {\n");
        for (var digit = 0; digit < 16; digit++)
            text.Append(CultureInfo.InvariantCulture, $"        {(digit == 15 ? "_" : digit)} => Name{digit:X}(id),\n");
        text.Append("    };\n");

        for (var digit = 0u; digit < 16; digit++)
        {
            var bucket = entries.Where(e => e.Key >> 28 == digit).ToList();
            text.Append(CultureInfo.InvariantCulture, $"\n    private static TlObject? Read{digit:X}(uint id, ref TlReader reader) => id switch\n    {{\n");
            foreach (var (id, entry) in bucket)
                text.Append(CultureInfo.InvariantCulture, $"        0x{id:x8} => {entry.Reader}(ref reader),\n");
            text.Append(CultureInfo.InvariantCulture, $"        _ => null,\n    }};\n\n    private static string? Name{digit:X}(uint id) => id switch\n    {{\n");
            foreach (var (id, entry) in bucket)
                text.Append(CultureInfo.InvariantCulture, $"        0x{id:x8} => \"{entry.Name}\",\n");
            text.Append("        _ => null,\n    };\n");
        }

        return text.Append("}\n").ToString();

        void Add(uint id, string name, string reader)
        {
            if (!entries.TryAdd(id, (name, reader)))
                throw new InvalidOperationException($"{name} and {entries[id].Name} have the same id {id:x8}.");
        }
    }
}
