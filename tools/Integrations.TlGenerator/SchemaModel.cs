namespace Integrations.TlGenerator;

/// <summary>A class to generate: its definition at our layer and those of older layers that differ.</summary>
/// <param name="Older">Newest first: the layer and its definition; null where the layer has no such constructor.</param>
public sealed record TlClass(string ClassName, TlDefinition Definition, IReadOnlyList<(int Layer, TlDefinition? Definition)> Older, bool OnlyOlder);

/// <summary>What is generated: the calls named as roots, the types they and <c>Updates</c> reach, and all of MTProto itself.</summary>
public sealed class SchemaModel
{
    public const int CurrentLayer = 228;

    public static readonly IReadOnlyList<int> OlderLayers = [198, 144];

    /// <summary>Constructors whose classes are written by hand, beside the generated ones.</summary>
    public static readonly IReadOnlyDictionary<string, (uint Id, string Class)> ByHand = new Dictionary<string, (uint, string)>
    {
        ["future_salts"] = (0xae500895, "FutureSalts"),
        ["rpc_result"] = (0xf35c6d01, "RpcResult"),
        ["msg_container"] = (0x73f1f8dc, "MsgContainer"),
        ["msg_copy"] = (0xe06046b2, "MsgCopy"),
        ["gzip_packed"] = (0x3072cfa1, "GzipPacked"),
    };

    private readonly Dictionary<string, List<TlDefinition>> _constructorsOf = [];
    private readonly Dictionary<string, string> _typeClass = [];

    private SchemaModel(List<TlDefinition> definitions, Dictionary<int, Dictionary<string, TlDefinition?>> older)
    {
        foreach (var constructor in definitions.Where(d => !d.IsCall))
            (_constructorsOf.TryGetValue(constructor.ResultType, out var list) ? list : _constructorsOf[constructor.ResultType] = []).Add(constructor);

        var taken = new HashSet<string>(ByHand.Values.Select(v => v.Class));
        foreach (var constructor in definitions.Where(d => !d.IsCall))
        {
            if (!taken.Add(Naming.Pascal(constructor.Name)))
                throw new InvalidOperationException($"Two constructors are called {Naming.Pascal(constructor.Name)}.");
        }

        _typeClass["FutureSalts"] = "FutureSalts";
        foreach (var (type, constructors) in _constructorsOf)
        {
            var name = Naming.Pascal(type);
            if (constructors.Count == 1)
                _typeClass[type] = Naming.Pascal(constructors[0].Name);
            else if (taken.Add(name) || taken.Add(name += "Base"))
                _typeClass[type] = name;
            else
                throw new InvalidOperationException($"No name is left for the type {type}.");
        }

        var layers = OlderLayers.Select(layer => (Layer: layer, Definitions: older[layer])).ToList();
        var currentNames = definitions.Select(d => d.Name).ToHashSet();
        var onlyOlder = layers.SelectMany(l => l.Definitions.Values).OfType<TlDefinition>().Where(d => !currentNames.Contains(d.Name)).DistinctBy(d => d.Name);
        Classes = [.. definitions.Select(d => Class(d, isOlder: false)), .. onlyOlder.Select(d => Class(d, isOlder: true))];

        TlClass Class(TlDefinition definition, bool isOlder)
        {
            var name = Naming.Pascal(definition.Name);
            if (definition.IsCall && !taken.Add(name) && !taken.Add(name += "Request"))
                throw new InvalidOperationException($"No name is left for the call {definition.Name}.");
            var previous = definition;
            var versions = new List<(int, TlDefinition?)>();
            foreach (var (layer, known) in layers)
            {
                // A layer that does not list the constructor has it as the next newer one does.
                if (known.TryGetValue(definition.Name, out var version) && !Same(version, previous))
                    versions.Add((layer, previous = version));
            }

            return new(name, definition, versions, isOlder);
        }
    }

    public IReadOnlyList<TlClass> Classes { get; }

    /// <summary>The types with several constructors, each an abstract class.</summary>
    public IEnumerable<(string Type, string ClassName)> AbstractTypes =>
        _constructorsOf.Where(t => t.Value.Count > 1).Select(t => (t.Key, _typeClass[t.Key]));

    public static SchemaModel Load(string directory)
    {
        var api = SchemaFile.Read(Path.Combine(directory, "api.tl"))[CurrentLayer].Definitions;
        var mtproto = SchemaFile.Read(Path.Combine(directory, "mtproto.tl"))[0].Definitions;
        var extra = SchemaFile.Read(Path.Combine(directory, "mtproto-extra.tl"))[0].Definitions;
        var older = SchemaFile.Read(Path.Combine(directory, "older-layers.tl"));
        var roots = SchemaFile.ReadList(Path.Combine(directory, "roots.txt"));

        var reached = Reach(api, roots, older.Values.SelectMany(v => v.Definitions));
        return new(
            [.. reached, .. mtproto.Concat(extra).Where(d => !ByHand.ContainsKey(d.Name))],
            OlderLayers.ToDictionary(l => l, l => Known(older[l])));
    }

    /// <summary>The class of a type name; null for the built-in ones.</summary>
    public string? ClassOf(string type) => _typeClass.GetValueOrDefault(type);

    private static Dictionary<string, TlDefinition?> Known(SchemaSection section)
    {
        var known = section.Absent.ToDictionary(n => n, _ => (TlDefinition?)null);
        foreach (var definition in section.Definitions)
            known.Add(definition.Name, definition);
        return known;
    }

    private static bool Same(TlDefinition? a, TlDefinition? b) => a?.ToString() == b?.ToString();

    private static List<TlDefinition> Reach(List<TlDefinition> api, List<string> roots, IEnumerable<TlDefinition> older)
    {
        var calls = api.Where(d => d.IsCall).ToDictionary(d => d.Name);
        var types = api.Where(d => !d.IsCall).ToLookup(d => d.ResultType);
        var missing = roots.Where(r => !calls.ContainsKey(r)).ToList();
        if (missing.Count > 0)
            throw new InvalidOperationException($"The schema has no {string.Join(", ", missing)}.");

        var seen = new HashSet<string>();
        var reached = new List<TlDefinition>();
        var queue = new Queue<string>(["Updates"]);
        foreach (var definition in roots.Select(r => calls[r]).Concat(older))
        {
            foreach (var type in Named(definition))
                queue.Enqueue(type);
        }

        while (queue.TryDequeue(out var type))
        {
            if (!seen.Add(type))
                continue;
            foreach (var constructor in types[type])
            {
                reached.Add(constructor);
                foreach (var next in Named(constructor))
                    queue.Enqueue(next);
            }
        }

        // The order of the schema, so that a new layer shows as a small difference.
        var wanted = reached.Concat(roots.Select(r => calls[r])).ToHashSet();
        return [.. api.Where(wanted.Contains)];
    }

    private static IEnumerable<string> Named(TlDefinition definition) =>
        definition.Fields.Select(f => f.NamedType).Append(definition.ResultItemType ?? definition.ResultType);
}
