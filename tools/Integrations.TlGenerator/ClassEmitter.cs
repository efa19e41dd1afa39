using System.Globalization;
using System.Text;

namespace Integrations.TlGenerator;

/// <summary>Writes one class: properties, <c>Write</c> for every layer, <c>ReadBody</c> for every id.</summary>
public sealed class ClassEmitter(SchemaModel model)
{
    private readonly WireTypes _types = new(model);

    public void Emit(StringBuilder text, TlClass type)
    {
        var definition = type.Definition;
        text.Append(CultureInfo.InvariantCulture, $$"""

            /// <summary><c>{{Escape(definition)}}</c></summary>
            public sealed class {{type.ClassName}} : {{BaseOf(definition)}}
            {
                public override uint ConstructorId => 0x{{definition.Id:x8}};

                public override string TlName => "{{definition.Name}}";

            """);
        if (FirstLayer(type) is var first and not 144)
            text.Append(CultureInfo.InvariantCulture, $"\n    public override int FirstLayer => {first};\n");

        foreach (var field in definition.Fields.Where(f => !f.IsFlags))
            text.Append(CultureInfo.InvariantCulture, $"\n    public {Declaration(type, field)} {{ get; init; }}\n");

        EmitWrite(text, type);
        EmitResult(text, type);
        EmitRead(text, type, definition, "ReadBody");
        foreach (var (layer, older) in ReadableVersions(type))
            EmitRead(text, type, older, string.Create(CultureInfo.InvariantCulture, $"ReadBody{layer}"));
        text.Append("}\n");
    }

    /// <summary>Older definitions with an id of their own; one id always means the newest definition, older ones being part of it.</summary>
    public static IEnumerable<(int Layer, TlDefinition Definition)> ReadableVersions(TlClass type)
    {
        var seen = new HashSet<uint> { type.Definition.Id };
        foreach (var (layer, older) in type.Older)
        {
            if (older is not null && seen.Add(older.Id))
                yield return (layer, older);
        }
    }

    private static int FirstLayer(TlClass type) =>
        type.Older.Where(o => o.Definition is null).Select(o => o.Layer == 198 ? 228 : 198).DefaultIfEmpty(144).Max();

    private string BaseOf(TlDefinition definition)
    {
        if (!definition.IsCall)
            return model.ClassOf(definition.ResultType) is { } name && name != Naming.Pascal(definition.Name) ? name : "TlObject";
        return definition.IsWrapper ? "TlRequest" : $"TlRequest<{_types.CSharp(definition.ResultType)}>";
    }

    private string Declaration(TlClass type, TlField field)
    {
        var name = Naming.Property(type.ClassName, field);
        if (field.IsTrue)
            return $"bool {name}";
        return field.IsOptional ? $"{_types.CSharp(field.Type)}? {name}" : $"required {_types.CSharp(field.Type)} {name}";
    }

    private static void EmitWrite(StringBuilder text, TlClass type)
    {
        text.Append("\n    public override void Write(TlWriter writer)\n    {\n");
        if (type.OnlyOlder)
            text.Append("        if (writer.Layer >= 228)\n            throw TlException.NotAtLayer(TlName, writer.Layer);\n");
        foreach (var (layer, older) in type.Older.Reverse())
        {
            var below = layer == 144 ? 198 : 228;
            text.Append(CultureInfo.InvariantCulture, $"        if (writer.Layer < {below})\n");
            text.Append(older is null
                ? "            throw TlException.NotAtLayer(TlName, writer.Layer);\n"
                : string.Create(CultureInfo.InvariantCulture, $"        {{\n            Write{layer}(writer);\n            return;\n        }}\n\n"));
        }

        EmitWriteBody(text, type, type.Definition);
        text.Append("    }\n");
        foreach (var (layer, older) in type.Older)
        {
            if (older is null)
                continue;
            text.Append(CultureInfo.InvariantCulture, $"\n    private void Write{layer}(TlWriter writer)\n    {{\n");
            EmitWriteBody(text, type, older);
            text.Append("    }\n");
        }
    }

    private static void EmitWriteBody(StringBuilder text, TlClass type, TlDefinition version)
    {
        text.Append(CultureInfo.InvariantCulture, $"        writer.WriteUInt32(0x{version.Id:x8});\n");
        foreach (var flags in version.Fields.Where(f => f.IsFlags))
        {
            text.Append(CultureInfo.InvariantCulture, $"        var {flags.Name} = 0u;\n");
            foreach (var bit in version.Fields.Where(f => f.FlagsField == flags.Name).GroupBy(f => f.FlagBit))
            {
                var present = bit.Select(f => Present(type, f)).OfType<string>().ToList();
                if (present.Count > 0)
                    text.Append(CultureInfo.InvariantCulture, $"        if ({string.Join(" || ", present)})\n            {flags.Name} |= 0x{1u << bit.Key:x}u;\n");
            }
        }

        foreach (var field in version.Fields)
        {
            if (field.IsFlags)
                text.Append(CultureInfo.InvariantCulture, $"        writer.WriteUInt32({field.Name});\n");
            else if (field.IsOptional)
                EmitWriteOptional(text, type, version, field);
            else
                text.Append(CultureInfo.InvariantCulture, $"        {WireTypes.Write(field.Type, RequiredValue(type, field))};\n");
        }
    }

    private static void EmitWriteOptional(StringBuilder text, TlClass type, TlDefinition version, TlField field)
    {
        if (field.IsTrue)
            return;

        var shared = version.Fields.Any(f => f != field && f.FlagsField == field.FlagsField && f.FlagBit == field.FlagBit && Present(type, f) is not null);
        if (Source(type, field) is not { } source)
        {
            // Our class has nothing for this field, yet its flag may be set for another one.
            if (shared)
                text.Append(CultureInfo.InvariantCulture, $"        if (({field.FlagsField} & 0x{field.Mask:x}u) != 0)\n            {WireTypes.Write(field.Type, RequiredValue(type, field))};\n");
            return;
        }

        if (!shared && source.IsOptional && !WireTypes.IsValueType(field.Type) && !field.Type.StartsWith("Vector<", StringComparison.Ordinal)
            && field.Type is not ("string" or "bytes" or "int128" or "int256"))
        {
            text.Append(CultureInfo.InvariantCulture, $"        {source.Value}?.Write(writer);\n");
            return;
        }

        var condition = shared ? string.Create(CultureInfo.InvariantCulture, $"({field.FlagsField} & 0x{field.Mask:x}u) != 0") : Present(type, field)!;
        var value = source.Value;
        if (source.IsOptional && shared)
        {
            value = WireTypes.Neutral(field.Type) is { } neutral
                ? $"{value} ?? {neutral}"
                : $"({value} ?? throw TlException.FlagNeeds(TlName, \"{field.Name}\"))";
        }
        else if (source.IsOptional && WireTypes.IsValueType(field.Type))
        {
            condition = $"{value} is {{ }} {Naming.Local(field)}";
            value = Naming.Local(field);
        }

        text.Append(CultureInfo.InvariantCulture, $"        if ({condition})\n            {WireTypes.Write(field.Type, value)};\n");
    }

    /// <summary>The condition under which a flag of this layer is set; null when our class has nothing to put there.</summary>
    private static string? Present(TlClass type, TlField field) => Source(type, field) switch
    {
        null => null,
        { IsOptional: false } source when field.IsTrue => source.Value,
        { IsOptional: false } => "true",
        { } source => $"{source.Value} is not null",
    };

    private static string RequiredValue(TlClass type, TlField field)
    {
        var neutral = WireTypes.Neutral(field.Type);
        if (Source(type, field) is not { } source)
            return neutral ?? throw new InvalidOperationException($"{type.Definition.Name}: nothing stands for the field {field} of an older layer.");
        if (!source.IsOptional)
            return source.Value;
        return neutral is null ? $"({source.Value} ?? throw TlException.FlagNeeds(TlName, \"{field.Name}\"))" : $"{source.Value} ?? {neutral}";
    }

    /// <summary>The property, or an expression over the properties, that this field of some layer is written from.</summary>
    private static Origin? Source(TlClass type, TlField field)
    {
        if (LayerBridges.Find(type.Definition.Name, field) is { } bridge && Target(type, field) is null)
            return new(bridge.Write, bridge.CanBeNull);
        var own = Target(type, field);
        return own is null ? null : new(Naming.Property(type.ClassName, own), own.IsOptional && !own.IsTrue);
    }

    private void EmitResult(StringBuilder text, TlClass type)
    {
        var definition = type.Definition;
        if (!definition.IsCall)
            return;
        if (definition.IsWrapper)
        {
            var query = Naming.Property(type.ClassName, definition.Fields.Single(f => f.Type == "!X"));
            text.Append(CultureInfo.InvariantCulture, $$"""

                    public override object ReadAnyResult(ref TlReader reader) => {{query}}.ReadAnyResult(ref reader);

                    public override void WriteAnyResult(TlWriter writer, object result) => {{query}}.WriteAnyResult(writer, result);

                """);
            return;
        }

        var result = _types.CSharp(definition.ResultType);
        text.Append(CultureInfo.InvariantCulture, $"\n    public override {result} ReadResult(ref TlReader reader) => {_types.Read(definition.ResultType)};\n");
        text.Append(CultureInfo.InvariantCulture, $"\n    public override void WriteResult(TlWriter writer, {result} result)");
        var write = WireTypes.Write(definition.ResultType, "result");
        if (type.Older.FirstOrDefault(o => o.Definition is { } d && d.ResultType != definition.ResultType) is not (var layer, { } older))
        {
            text.Append(CultureInfo.InvariantCulture, $" => {write};\n");
            return;
        }

        var bridge = LayerBridges.Result(definition.Name, older.ResultType)
            ?? throw new InvalidOperationException($"{definition.Name} answers with {older.ResultType} at layer {layer}, which nothing bridges.");
        text.Append(CultureInfo.InvariantCulture, $$"""

                {
                    if (writer.Layer < {{(layer == 144 ? 198 : 228)}})
                        {{WireTypes.Write(older.ResultType, bridge)}};
                    else
                        {{write}};
                }

            """);
    }

    private void EmitRead(StringBuilder text, TlClass type, TlDefinition version, string method)
    {
        text.Append(CultureInfo.InvariantCulture, $"\n    internal static {type.ClassName} {method}(ref TlReader reader)");
        if (version.Fields.Count == 0 && type.Definition.Fields.Count == 0)
        {
            text.Append(" => new();\n");
            return;
        }

        text.Append("\n    {\n");

        // Fields in an initialiser are read in the order in which they stand there, so only what comes before the last flags, or
        // belongs to another layer's order, needs a variable first.
        var own = version.Fields == type.Definition.Fields;
        var firstInline = own ? version.Fields.ToList().FindLastIndex(f => f.IsFlags) + 1 : int.MaxValue;
        var inInitializer = new Dictionary<string, string>();
        for (var i = 0; i < version.Fields.Count; i++)
        {
            var field = version.Fields[i];
            if (field.IsFlags)
                text.Append(CultureInfo.InvariantCulture, $"        var {field.Name} = reader.ReadUInt32();\n");
            else if (field.IsTrue)
                inInitializer[field.Name] = Condition(field);
            else if (i >= firstInline)
                inInitializer[field.Name] = ReadField(field);
            else if (!own && field.IsOptional && !_types.IsKnown(field.Type))
            {
                // Types that are gone in our layer are never written, and nothing that we read has them.
                text.Append(CultureInfo.InvariantCulture, $"        if ({Condition(field)})\n            throw new TlException(\"{type.Definition.Name} has the field {field.Name}, whose type is no longer known.\");\n");
            }
            else if (!own && LayerBridges.Find(type.Definition.Name, field) is null && Target(type, field) is null)
            {
                text.Append(field.IsOptional
                    ? string.Create(CultureInfo.InvariantCulture, $"        if ({Condition(field)})\n            _ = {_types.Read(field.Type)};\n")
                    : string.Create(CultureInfo.InvariantCulture, $"        _ = {_types.Read(field.Type)};\n"));
            }
            else
            {
                text.Append(CultureInfo.InvariantCulture, $"        {_types.CSharp(field.Type)}{(field.IsOptional ? "?" : "")} {Naming.Local(field)} = {ReadField(field)};\n");
                inInitializer[field.Name] = Naming.Local(field);
            }
        }

        text.Append("        return new()\n        {\n");
        foreach (var field in type.Definition.Fields.Where(f => !f.IsFlags))
        {
            if (InitialValue(type, version, field, inInitializer) is { } value)
                text.Append(CultureInfo.InvariantCulture, $"            {Naming.Property(type.ClassName, field)} = {value},\n");
        }

        text.Append("        };\n    }\n");
    }

    private static string? InitialValue(TlClass type, TlDefinition version, TlField field, Dictionary<string, string> read)
    {
        var old = version.Fields.FirstOrDefault(f => f.Name == field.Name && f.Type == field.Type);
        if (old is not null)
        {
            var value = read[old.Name];
            if (!old.IsOptional || field.IsOptional || old.IsTrue)
                return value;
            return WireTypes.Neutral(field.Type) is { } absent
                ? $"{value} ?? {absent}"
                : throw new InvalidOperationException($"{type.Definition.Name}: {field} is optional in an older layer.");
        }

        foreach (var candidate in version.Fields)
        {
            if (LayerBridges.Find(type.Definition.Name, candidate) is { } bridge && bridge.Field == field.Name)
                return string.Format(CultureInfo.InvariantCulture, bridge.Read, read[candidate.Name]);
        }

        if (field.IsOptional)
            return null;
        return WireTypes.Neutral(field.Type)
            ?? LayerBridges.Missing(type.Definition.Name, field.Name)
            ?? throw new InvalidOperationException($"{type.Definition.Name}: nothing stands for {field}, which an older layer lacks.");
    }

    private static TlField? Target(TlClass type, TlField field) =>
        type.Definition.Fields.FirstOrDefault(f => f.Name == field.Name && f.Type == field.Type);

    private static string Condition(TlField field) => string.Create(CultureInfo.InvariantCulture, $"({field.FlagsField} & 0x{field.Mask:x}u) != 0");

    private string ReadField(TlField field)
    {
        var read = _types.Read(field.Type);
        return field.IsOptional ? $"{Condition(field)} ? {read} : null" : read;
    }

    private static string Escape(TlDefinition definition) =>
        definition.ToString().Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal);

    /// <param name="IsOptional">The expression can be null.</param>
    private sealed record Origin(string Value, bool IsOptional);
}
