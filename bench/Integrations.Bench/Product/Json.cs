using System.Text.Json;
using System.Text.Json.Nodes;

namespace Integrations.Bench.Product;

/// <summary>How the product's JSON is read here: as a tree, so that this program depends on the wire and on nothing else.</summary>
internal static class Json
{
    public static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>The text of a field; throws with the field's name and the whole object when it is missing.</summary>
    public static string Text(this JsonNode? node, string field) =>
        node?[field]?.ToString() ?? throw new ScenarioException($"the field '{field}' is missing in {node?.ToJsonString() ?? "an empty answer"}");

    public static string? OptionalText(this JsonNode? node, string field) => node?[field]?.ToString();
}

/// <summary>What a scenario expected did not happen; the message says what was expected and what was seen.</summary>
internal sealed class ScenarioException(string message) : Exception(message);
