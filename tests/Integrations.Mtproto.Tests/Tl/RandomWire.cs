using System.Buffers.Binary;
using System.Text;
using Integrations.TlGenerator;

namespace Integrations.Mtproto.Tests.Tl;

/// <summary>
/// Writes random objects straight from the schema's text, byte by byte, so that the generated classes are judged by something that
/// does not share their code.
/// </summary>
internal sealed class RandomWire
{
    private const int Deep = 5;

    private readonly Random _random;
    private readonly int _layer;
    private readonly Dictionary<string, List<(TlClass Class, TlDefinition Definition)>> _types = [];
    private readonly Dictionary<string, int> _heights = [];
    private readonly MemoryStream _bytes = new();

    public RandomWire(SchemaModel model, int layer, int seed)
    {
        _random = new Random(seed);
        _layer = layer;
        foreach (var type in model.Classes)
        {
            if (At(type, layer) is { } definition && !definition.IsCall)
                (_types.TryGetValue(definition.ResultType, out var list) ? list : _types[definition.ResultType] = []).Add((type, definition));
        }

        foreach (var list in _types.Values)
            list.RemoveAll(c => c.Definition.Fields.Any(f => !f.IsOptional && f.ItemType is null && !IsBuiltIn(f.Type) && !_types.ContainsKey(f.Type)));
        MeasureHeights();
    }

    /// <summary>The definition of a class at a layer; null when the layer lacks it.</summary>
    public static TlDefinition? At(TlClass type, int layer)
    {
        if (layer == SchemaModel.CurrentLayer)
            return type.OnlyOlder ? null : type.Definition;
        var definition = type.Definition;
        foreach (var older in type.Older)
        {
            if (older.Layer < layer)
                break;
            definition = older.Definition;
        }

        return definition;
    }

    public byte[] Object(TlClass type)
    {
        _bytes.SetLength(0);
        Write(type, At(type, _layer)!, depth: 0);
        return _bytes.ToArray();
    }

    /// <summary>The result of a call.</summary>
    public byte[] Result(TlDefinition call)
    {
        _bytes.SetLength(0);
        Value(call.ResultType, depth: 0);
        return _bytes.ToArray();
    }

    public bool CanMake(string type) => IsBuiltIn(type) || _types.ContainsKey(type);

    private static bool IsBuiltIn(string type) =>
        type is "#" or "int" or "long" or "double" or "string" or "bytes" or "int128" or "int256" or "true" or "Bool" or "!X";

    private void MeasureHeights()
    {
        for (var changed = true; changed;)
        {
            changed = false;
            foreach (var (type, constructors) in _types)
            {
                var height = constructors.Min(c => Height(c.Definition));
                if (height < _heights.GetValueOrDefault(type, int.MaxValue))
                {
                    _heights[type] = height;
                    changed = true;
                }
            }
        }
    }

    private int Height(TlDefinition definition)
    {
        var tallest = 0;
        foreach (var field in definition.Fields.Where(f => !f.IsOptional && f.ItemType is null && !IsBuiltIn(f.Type)))
            tallest = Math.Max(tallest, _heights.GetValueOrDefault(field.Type, int.MaxValue));
        return tallest == int.MaxValue ? tallest : tallest + 1;
    }

    private void Write(TlClass type, TlDefinition definition, int depth)
    {
        UInt32(definition.Id);
        var set = new HashSet<(string, int)>();
        foreach (var bit in definition.Fields.Where(f => f.IsOptional).GroupBy(f => (f.FlagsField!, f.FlagBit)))
        {
            // A flag that only fields of the older layer use is lost on the way through our class.
            var kept = bit.Where(f => Survives(type, f)).ToList();
            var required = kept.Any(f => type.Definition.Fields.Any(own => own.Name == f.Name && !own.IsOptional));
            var possible = kept.Count > 0 && bit.All(f => IsBuiltIn(f.NamedType) || _types.ContainsKey(f.NamedType));
            if (possible && (required || (depth < Deep && _random.Next(2) == 0)))
                set.Add(bit.Key);
        }

        foreach (var field in definition.Fields)
        {
            if (field.IsFlags)
                UInt32(set.Where(s => s.Item1 == field.Name).Aggregate(0u, (flags, s) => flags | (1u << s.Item2)));
            else if (!field.IsTrue && (!field.IsOptional || set.Contains((field.FlagsField!, field.FlagBit))))
                Field(type, field, depth);
        }
    }

    private static bool Survives(TlClass type, TlField field) =>
        type.Definition.Fields.Any(own => own.Name == field.Name && own.Type == field.Type) || LayerBridges.Find(type.Definition.Name, field) is not null;

    private void Field(TlClass type, TlField field, int depth)
    {
        if (Survives(type, field))
            Value(field.Type, depth + 1);
        else if (field.ItemType is not null)
            Head(0);
        else
            Neutral(field.Type);
    }

    private void Neutral(string type)
    {
        switch (type)
        {
            case "int": UInt32(0); break;
            case "long" or "double": Int64(0); break;
            case "string" or "bytes": UInt32(0); break;
            case "Bool": UInt32(0xbc799737); break;
            default: throw new InvalidOperationException($"Nothing is neutral for {type}.");
        }
    }

    private void Value(string type, int depth)
    {
        switch (type)
        {
            case "int": UInt32((uint)_random.NextInt64(1L << 32)); break;
            case "long": Int64(_random.NextInt64(long.MinValue, long.MaxValue)); break;
            case "double": Int64(BitConverter.DoubleToInt64Bits(_random.NextDouble() * 1e6)); break;
            case "string": String(Encoding.UTF8.GetBytes(Text())); break;
            case "bytes": String(Bytes(Length())); break;
            case "int128": _bytes.Write(Bytes(16)); break;
            case "int256": _bytes.Write(Bytes(32)); break;
            case "Bool": UInt32(_random.Next(2) == 0 ? 0x997275b5 : 0xbc799737); break;
            case "!X": UInt32(0xc4f9186b); break; // help.getConfig
            case var _ when type.StartsWith("Vector<", StringComparison.Ordinal): Vector(type[7..^1], depth); break;
            default: Boxed(type, depth); break;
        }
    }

    private void Boxed(string type, int depth)
    {
        if (type == "FutureSalts")
        {
            UInt32(0xae500895);
            Int64(_random.NextInt64());
            UInt32(7);
            UInt32(1);
            _bytes.Write(Bytes(16));
            return;
        }

        var constructors = _types[type];
        var (chosen, definition) = depth < Deep
            ? constructors[_random.Next(constructors.Count)]
            : constructors.MinBy(c => Height(c.Definition));
        Write(chosen, definition, depth);
    }

    private void Vector(string item, int depth)
    {
        var count = depth < Deep && (IsBuiltIn(item) || _types.ContainsKey(item)) ? _random.Next(3) : 0;
        Head(count);
        for (var i = 0; i < count; i++)
            Value(item, depth + 1);
    }

    private void Head(int count)
    {
        UInt32(0x1cb5c415);
        UInt32((uint)count);
    }

    private string Text() => string.Concat(Enumerable.Range(0, Length()).Select(_ => _random.Next(10) == 0 ? "ї" : ((char)_random.Next('a', 'z')).ToString()));

    private int Length() => _random.Next(20) switch
    {
        0 => 253,
        1 => 254,
        2 => _random.Next(250, 600),
        _ => _random.Next(0, 12),
    };

    private byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        _random.NextBytes(bytes);
        return bytes;
    }

    private void String(byte[] value)
    {
        if (value.Length < 254)
            _bytes.WriteByte((byte)value.Length);
        else
            _bytes.Write([254, (byte)value.Length, (byte)(value.Length >> 8), (byte)(value.Length >> 16)]);
        _bytes.Write(value);
        while (_bytes.Length % 4 != 0)
            _bytes.WriteByte(0);
    }

    private void UInt32(uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        _bytes.Write(bytes);
    }

    private void Int64(long value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        _bytes.Write(bytes);
    }
}
