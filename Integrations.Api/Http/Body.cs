using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Integrations.Api.Json;
using Integrations.Core.Errors;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Net.Http.Headers;

namespace Integrations.Api.Http;

/// <summary>A request body, read strictly: JSON in UTF-8, one object, no unknown and no repeated field, of bounded size.</summary>
/// <remarks>An empty body stands for an object without fields, so routes whose fields are all optional can be called without one.</remarks>
internal sealed record Body<T>(T Value) : IEndpointParameterMetadataProvider
    where T : class, new()
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 16 };

    /// <summary>Called by the framework for each parameter of this type.</summary>
    public static async ValueTask<Body<T>?> BindAsync(HttpContext context, ParameterInfo parameter)
    {
        var bytes = await BodyBytes.ReadAsync(context.Request, BodyMetadata.LimitOf(typeof(T)), context.RequestAborted);
        if (bytes.IsEmpty)
            return new(new T());

        // Decided after the length: an empty body needs no type.
        if (!IsJson(context.Request.ContentType))
            throw new IntegrationException(ErrorCodes.MediaTypeUnsupported);

        var type = (JsonTypeInfo<T>)ApiJson.Default.GetTypeInfo(typeof(T))!;
        try
        {
            using var document = JsonDocument.Parse(bytes, Strict);
            if (document.RootElement.ValueKind is not JsonValueKind.Object)
                throw new IntegrationException(ErrorCodes.BodyInvalid, "The body must be one JSON object.");

            var errors = new FieldErrors();
            JsonShape.Check(document.RootElement, type, errors);
            errors.ThrowIfAny();
            return new(document.RootElement.Deserialize(type)!);
        }
        catch (JsonException e)
        {
            // The parser's own message quotes the text, which may be a password; the position says enough.
            throw new IntegrationException(ErrorCodes.BodyInvalid, Position(e), inner: e);
        }
        catch (InvalidOperationException e)
        {
            // How the reader reports half a surrogate pair or broken UTF-8 inside a string.
            throw new IntegrationException(ErrorCodes.BodyInvalid, "A string in the body is not valid Unicode.", inner: e);
        }
    }

    public static void PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder) =>
        builder.Metadata.Add(new BodyMetadata(typeof(T)));

    private static string Position(JsonException e) =>
        e.LineNumber is { } line && e.BytePositionInLine is { } column
            ? $"The body is not valid JSON: line {line + 1}, byte {column + 1}."
            : "The body is not valid JSON.";

    private static bool IsJson(string? contentType) =>
        MediaTypeHeaderValue.TryParse(contentType, out var type)
        && (type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase) || type.Suffix.Equals("json", StringComparison.OrdinalIgnoreCase))
        && (!type.Charset.HasValue || type.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase));
}

/// <summary>What a route takes as its body, for the OpenAPI document.</summary>
internal sealed record BodyMetadata(Type Type)
{
    /// <summary>Bytes. The longest text, escaped throughout, stays well below.</summary>
    public const int MaxBytes = 64 * 1024;

    /// <summary>Bytes that this body may have.</summary>
    public static int LimitOf(Type type) => type.GetCustomAttribute<BodyLimitAttribute>()?.Bytes ?? MaxBytes;
}

/// <summary>For bodies that are longer by their nature.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class BodyLimitAttribute(int bytes) : Attribute
{
    public int Bytes => bytes;
}
