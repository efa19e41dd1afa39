using System.Text.Json.Nodes;

namespace Integrations.Bench.HttpFuzz;

/// <summary>One operation of an OpenAPI document, as far as a request needs it.</summary>
/// <param name="Body">What the document shows as a body, or null.</param>
/// <param name="Fields">Names of the body's fields, inner ones with dots.</param>
internal sealed record FuzzRoute(string Method, string Path, IReadOnlyList<FuzzParameter> Parameters, JsonNode? Body, IReadOnlyList<string> Fields)
{
    public static IReadOnlyList<FuzzRoute> Read(JsonNode document) =>
    [
        .. from path in document["paths"]!.AsObject()
           from operation in path.Value!.AsObject()
           let content = operation.Value!["requestBody"]?["content"]?["application/json"]
           select new FuzzRoute(
               operation.Key.ToUpperInvariant(),
               path.Key,
               [.. (operation.Value["parameters"]?.AsArray() ?? []).Select(parameter => new FuzzParameter(parameter!["name"]!.ToString(), parameter["in"]!.ToString(), parameter["schema"]))],
               content is null ? null : content["example"]?.DeepClone() ?? new JsonObject(),
               content?["schema"] is { } schema ? [.. FieldsOf(document, schema, "", 0)] : []),
    ];

    private static IEnumerable<string> FieldsOf(JsonNode document, JsonNode schema, string prefix, int depth)
    {
        foreach (var (name, property) in Resolved(document, schema)["properties"]?.AsObject() ?? [])
        {
            yield return prefix + name;
            if (depth < 3)
            {
                foreach (var inner in FieldsOf(document, property!, prefix + name + ".", depth + 1))
                    yield return inner;
            }
        }
    }

    /// <summary>What a reference leads to; of a choice between null and something, the something.</summary>
    private static JsonNode Resolved(JsonNode document, JsonNode schema)
    {
        if (schema["oneOf"]?.AsArray().FirstOrDefault(choice => choice!["$ref"] is not null) is { } chosen)
            schema = chosen;
        return schema["$ref"]?.ToString() is { } reference ? document["components"]!["schemas"]![reference.Split('/')[^1]]! : schema;
    }
}

internal sealed record FuzzParameter(string Name, string In, JsonNode? Schema)
{
    /// <summary>Something that the document allows.</summary>
    public string Sound(Random random, SeenIds ids) => Schema?["enum"]?.AsArray() is { Count: > 0 } words
        ? words[random.Next(words.Count)]!.ToString()
        : (Schema?["type"]?.ToString(), Schema?["format"]?.ToString()) switch
        {
            (_, "uuid") => ids.Any(random),
            ("integer", _) => Name == "wait" ? "0" : random.Next(1, 50).ToString(System.Globalization.CultureInfo.InvariantCulture),
            ("boolean", _) => random.Next(2) == 0 ? "true" : "false",
            _ => In == "path" ? ids.Any(random) : "word",
        };
}

/// <summary>Ids that answers have told, of all callers together: so a request sometimes meets something that is there, its own or a stranger's.</summary>
internal sealed class SeenIds
{
    private const int Capacity = 500;
    private readonly Lock _lock = new();
    private readonly List<string> _ids = ["0198c3a2-7d10-7000-8000-000000000001"];

    public string Any(Random random)
    {
        lock (_lock)
            return _ids[random.Next(_ids.Count)];
    }

    public void Learn(ReadOnlySpan<byte> body, Random random)
    {
        const int Length = 36;
        for (var at = body.IndexOf("id\":\""u8); at >= 0; at = body.IndexOf("id\":\""u8))
        {
            body = body[(at + 5)..];
            if (body.Length >= Length && Guid.TryParseExact(System.Text.Encoding.ASCII.GetString(body[..Length]), "D", out var id))
                Add(id.ToString(), random);
        }
    }

    private void Add(string id, Random random)
    {
        lock (_lock)
        {
            if (_ids.Count < Capacity)
                _ids.Add(id);
            else
                _ids[random.Next(Capacity)] = id;
        }
    }
}
