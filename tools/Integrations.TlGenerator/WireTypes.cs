namespace Integrations.TlGenerator;

/// <summary>How a TL type is called, read and written in C#.</summary>
public sealed class WireTypes(SchemaModel model)
{
    private static readonly HashSet<string> BuiltIn = ["int", "long", "double", "string", "bytes", "int128", "int256", "true", "Bool", "!X", "#"];

    /// <summary>The C# type, without <c>?</c>.</summary>
    public string CSharp(string type) => type switch
    {
        "int" => "int",
        "long" => "long",
        "double" => "double",
        "string" => "string",
        "bytes" or "int128" or "int256" => "byte[]",
        "true" or "Bool" => "bool",
        "!X" => "TlRequest",
        _ when Item(type) is { } item => $"IReadOnlyList<{CSharp(item)}>",
        _ => model.ClassOf(type) ?? throw new InvalidOperationException($"The type {type} is not generated."),
    };

    /// <summary>Whether the type is built in or generated.</summary>
    public bool IsKnown(string type) => BuiltIn.Contains(Item(type) ?? type) || model.ClassOf(Item(type) ?? type) is not null;

    public string Read(string type) => type switch
    {
        "int" => "reader.ReadInt32()",
        "long" => "reader.ReadInt64()",
        "double" => "reader.ReadDouble()",
        "string" => "reader.ReadString()",
        "bytes" => "reader.ReadBytes()",
        "int128" => "reader.ReadInt128()",
        "int256" => "reader.ReadInt256()",
        "Bool" => "reader.ReadBool()",
        "!X" => "reader.ReadRequest()",
        "Vector<int>" => "reader.ReadInt32Vector()",
        "Vector<long>" => "reader.ReadInt64Vector()",
        "Vector<double>" => "reader.ReadDoubleVector()",
        "Vector<string>" => "reader.ReadStringVector()",
        "Vector<bytes>" => "reader.ReadBytesVector()",
        _ when Item(type) is { } item => $"reader.ReadVector<{CSharp(item)}>()",
        _ => $"reader.ReadObject<{CSharp(type)}>()",
    };

    public static string Write(string type, string value) => type switch
    {
        "int" => $"writer.WriteInt32({value})",
        "long" => $"writer.WriteInt64({value})",
        "double" => $"writer.WriteDouble({value})",
        "string" => $"writer.WriteString({value})",
        "bytes" => $"writer.WriteBytes({value})",
        "int128" => $"writer.WriteInt128({value})",
        "int256" => $"writer.WriteInt256({value})",
        "Bool" => $"writer.WriteBool({value})",
        "Vector<int>" => $"writer.WriteInt32Vector({value})",
        "Vector<long>" => $"writer.WriteInt64Vector({value})",
        "Vector<double>" => $"writer.WriteDoubleVector({value})",
        "Vector<string>" => $"writer.WriteStringVector({value})",
        "Vector<bytes>" => $"writer.WriteBytesVector({value})",
        _ when Item(type) is not null => $"writer.WriteVector({value})",
        _ => $"{value}.Write(writer)",
    };

    /// <summary>What stands for a required value that the other layer does not know; null when there is nothing neutral.</summary>
    public static string? Neutral(string type) => type switch
    {
        "int" or "long" or "double" => "0",
        "string" => "\"\"",
        "bytes" => "[]",
        "Bool" or "true" => "false",
        _ when Item(type) is not null => "[]",
        _ => null,
    };

    public static bool IsValueType(string type) => type is "int" or "long" or "double" or "Bool" or "true";

    private static string? Item(string type) => type.StartsWith("Vector<", StringComparison.Ordinal) ? type[7..^1] : null;
}
