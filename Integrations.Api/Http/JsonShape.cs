using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Integrations.Api.Http;

/// <summary>Compares a parsed body with the type it should become and names every field that is unknown or of the wrong kind.</summary>
/// <remarks>
/// The serializer stops at the first misfit and tells of it in its own words; callers of an API deserve all of them, by the names that
/// they wrote. It knows the kinds that request bodies here use and no others.
/// </remarks>
internal static class JsonShape
{
    public static void Check(JsonElement body, JsonTypeInfo type, FieldErrors errors) => CheckObject(body, type, "", errors);

    private static void CheckObject(JsonElement value, JsonTypeInfo type, string path, FieldErrors errors)
    {
        foreach (var property in value.EnumerateObject())
        {
            var name = path + property.Name;
            var known = type.Properties.FirstOrDefault(candidate => candidate.Name == property.Name);
            if (known is null)
                errors.AddUnknown(name, type.Properties.Select(candidate => candidate.Name));
            else if (property.Value.ValueKind is not JsonValueKind.Null)
                CheckValue(property.Value, known.PropertyType, type.Options, name, errors);
        }
    }

    private static void CheckValue(JsonElement value, Type declared, JsonSerializerOptions options, string name, FieldErrors errors)
    {
        var type = Nullable.GetUnderlyingType(declared) ?? declared;
        var kind = value.ValueKind;
        if (type == typeof(string))
            Require(kind is JsonValueKind.String, "a string");
        else if (type == typeof(bool))
            Require(kind is JsonValueKind.True or JsonValueKind.False, "true or false");
        else if (type == typeof(int))
            Require(kind is JsonValueKind.Number && value.TryGetInt32(out _), "a whole number of at most 32 bits");
        else if (type == typeof(long))
            Require(kind is JsonValueKind.Number && value.TryGetInt64(out _), "a whole number of at most 64 bits");
        else if (type == typeof(Guid))
            Require(kind is JsonValueKind.String && Guid.TryParseExact(value.GetString(), "D", out _), "a uuid");
        else if (type.IsArray)
            CheckItems(value, type.GetElementType()!, options, name, errors);
        else if (kind is JsonValueKind.Object)
            CheckObject(value, options.GetTypeInfo(type), name + ".", errors);
        else
            Require(false, "an object");

        static void CheckItems(JsonElement value, Type item, JsonSerializerOptions options, string name, FieldErrors errors)
        {
            if (value.ValueKind is not JsonValueKind.Array)
            {
                errors.Add(name, "Must be a list.");
                return;
            }

            var i = 0;
            foreach (var element in value.EnumerateArray())
                CheckValue(element, item, options, $"{name}[{i++}]", errors);
        }

        void Require(bool holds, string what)
        {
            if (!holds)
                errors.Add(name, $"Must be {what}.");
        }
    }
}
