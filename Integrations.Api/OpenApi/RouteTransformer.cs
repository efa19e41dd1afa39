using System.Globalization;
using System.Text.Json.Nodes;
using Integrations.Api.Errors;
using Integrations.Api.Http;
using Integrations.Api.RateLimits;
using Integrations.Api.Telegram;
using Integrations.Core.Errors;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Net.Http.Headers;
using Microsoft.OpenApi;

namespace Integrations.Api.OpenApi;

/// <summary>Adds what routes declare in our own way: bodies, query parameters, the idempotency header, refusals, examples.</summary>
internal sealed class RouteTransformer : IOpenApiOperationTransformer
{
    private static readonly string[] OfEveryBody = [ErrorCodes.BodyInvalid, ErrorCodes.BodyTooLarge, ErrorCodes.MediaTypeUnsupported, ErrorCodes.UnknownField];
    private static readonly string[] OfEveryCaller = [ErrorCodes.Unauthenticated, ErrorCodes.Forbidden, ErrorCodes.TenantUnknown];

    private static readonly Dictionary<string, string> LimitHeaders = new(StringComparer.Ordinal)
    {
        [RateLimitMiddleware.LimitHeader] = "Requests of this kind that may come at once.",
        [RateLimitMiddleware.RemainingHeader] = "How many of them are left.",
        [RateLimitMiddleware.ResetHeader] = "Seconds until all of them are there again; with a refusal, the wait that Retry-After names.",
    };

    public async Task TransformAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        var example = Examples.Of(operation.OperationId);
        operation.Parameters ??= [];
        foreach (var parameter in metadata.OfType<QueryMetadata>().SelectMany(query => query.Parameters))
            operation.Parameters.Add(Parameter(parameter));
        if (metadata.OfType<IdempotencyMetadata>().Any())
            operation.Parameters.Add(IdempotencyKey());

        var body = metadata.OfType<BodyMetadata>().SingleOrDefault();
        if (body is not null)
        {
            operation.RequestBody = new OpenApiRequestBody
            {
                Required = true,
                Content = new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal)
                {
                    ["application/json"] = new()
                    {
                        Schema = await ComponentAsync(context, body.Type, cancellationToken),
                        Example = example?.Request is { } request ? JsonNode.Parse(request) : null,
                    },
                },
            };
        }

        if (metadata.OfType<UploadMetadata>().Any())
            operation.RequestBody = File();

        if (example?.Response is { } response)
            AddResponseExample(operation, response);

        var problem = await ComponentAsync(context, typeof(ProblemBody), cancellationToken);
        foreach (var refusals in RefusalsOf(operation, metadata, body).Distinct(StringComparer.Ordinal).Select(ErrorCatalogue.Find).GroupBy(entry => entry.Status).OrderBy(group => group.Key))
        {
            operation.Responses ??= [];
            operation.Responses[refusals.Key.ToString(CultureInfo.InvariantCulture)] = Refusal([.. refusals], problem);
        }

        if (metadata.OfType<LimitMetadata>().Any())
            AddLimitHeaders(operation, context.Document!);
    }

    /// <summary>One schema for a type, wherever it is used.</summary>
    private static async Task<IOpenApiSchema> ComponentAsync(OpenApiOperationTransformerContext context, Type type, CancellationToken cancellationToken)
    {
        var document = context.Document ?? throw new InvalidOperationException("The operation belongs to no document.");
        if (document.Components?.Schemas?.ContainsKey(type.Name) != true)
        {
            var schema = await context.GetOrCreateSchemaAsync(type, null, cancellationToken);
            if (type == typeof(ProblemBody))
            {
                // They are left out where they do not apply.
                schema.Required?.Remove("retry_after");
                schema.Required?.Remove("errors");
            }

            document.AddComponent(type.Name, schema);
        }

        return new OpenApiSchemaReference(type.Name, document);
    }

    /// <summary>A file, alone or as the part of a form.</summary>
    private static OpenApiRequestBody File() => new()
    {
        Required = true,
        Content = new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal)
        {
            ["multipart/form-data"] = new()
            {
                Schema = new OpenApiSchema
                {
                    Type = JsonSchemaType.Object,
                    Properties = new Dictionary<string, IOpenApiSchema>(StringComparer.Ordinal) { ["file"] = Bytes() },
                    Required = new HashSet<string>(StringComparer.Ordinal) { "file" },
                },
            },
            ["application/octet-stream"] = new() { Schema = Bytes() },
        },
    };

    private static OpenApiSchema Bytes() => new() { Type = JsonSchemaType.String, Format = "binary" };

    private static IEnumerable<string> RefusalsOf(OpenApiOperation operation, IList<object> metadata, BodyMetadata? body)
    {
        var codes = metadata.OfType<RefusalMetadata>().SelectMany(refusal => refusal.Codes);
        if (body is not null)
            codes = codes.Concat(OfEveryBody);
        if (metadata.OfType<IAuthorizeData>().Any())
            codes = codes.Concat(OfEveryCaller);
        if (operation.Parameters?.Any(parameter => parameter.In is ParameterLocation.Path) == true)
            codes = codes.Concat([ErrorCodes.NotFound, ErrorCodes.ValidationFailed]);
        if (metadata.OfType<LimitMetadata>().Any())
            codes = codes.Concat([ErrorCodes.RateLimited]);
        if (metadata.OfType<QueryMetadata>().Any())
            codes = codes.Concat([ErrorCodes.ValidationFailed, ErrorCodes.UnknownField]);
        return codes;
    }

    private static OpenApiResponse Refusal(ErrorEntry[] entries, IOpenApiSchema problem) => new()
    {
        Description = string.Join('\n', entries.Select(entry => $"- `{entry.Code}`: {entry.WhatToDo}")),
        Content = new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal)
        {
            [Problems.ContentType] = new()
            {
                Schema = problem,
                Example = new JsonObject
                {
                    ["type"] = "urn:integrations:error:" + entries[0].Code,
                    ["title"] = entries[0].Title,
                    ["status"] = entries[0].Status,
                    ["detail"] = entries[0].WhatToDo,
                    ["code"] = entries[0].Code,
                    ["trace_id"] = "4bf92f3577b34da6a3ce929d0e0e4736",
                },
            },
        },
    };

    /// <summary>On what went well and on the refusal itself; the other answers have them, too, and would only repeat it.</summary>
    private static void AddLimitHeaders(OpenApiOperation operation, OpenApiDocument document)
    {
        foreach (var (status, response) in operation.Responses ?? [])
        {
            if (response is not OpenApiResponse written || !(status.StartsWith('2') || status == "429"))
                continue;

            written.Headers ??= new Dictionary<string, IOpenApiHeader>(StringComparer.Ordinal);
            foreach (var name in status == "429" ? LimitHeaders.Keys.Prepend(HeaderNames.RetryAfter) : LimitHeaders.Keys)
                written.Headers[name] = new OpenApiHeaderReference(name, document);
        }

        document.Components ??= new();
        document.Components.Headers ??= new Dictionary<string, IOpenApiHeader>(StringComparer.Ordinal);
        foreach (var (name, description) in LimitHeaders.Append(new(HeaderNames.RetryAfter, "Seconds before the same request may succeed.")))
            document.Components.Headers[name] = new OpenApiHeader { Description = description, Schema = new OpenApiSchema { Type = JsonSchemaType.Integer } };
    }

    private static void AddResponseExample(OpenApiOperation operation, string example)
    {
        foreach (var (status, response) in operation.Responses ?? [])
        {
            if (status.StartsWith('2') && response.Content?.TryGetValue("application/json", out var content) == true)
            {
                content.Example = JsonNode.Parse(example);
                return;
            }
        }
    }

    private static OpenApiParameter Parameter(QueryParameter parameter)
    {
        var schema = parameter.Schema;
        var type = schema.Type switch
        {
            "string" => JsonSchemaType.String,
            "integer" => JsonSchemaType.Integer,
            "boolean" => JsonSchemaType.Boolean,
            _ => throw new InvalidOperationException($"Query parameters are not of type {schema.Type}."),
        };
        var bounded = type is JsonSchemaType.Integer;
        return new()
        {
            Name = parameter.Name,
            In = ParameterLocation.Query,
            Description = parameter.Description,
            Schema = new OpenApiSchema
            {
                Type = type,
                Format = schema.Format,
                Minimum = bounded ? schema.Minimum?.ToString(CultureInfo.InvariantCulture) : null,
                Maximum = bounded ? schema.Maximum?.ToString(CultureInfo.InvariantCulture) : null,
                MaxLength = bounded ? null : (int?)schema.Maximum,
                Default = schema.Default is { } text ? Value(type, text) : null,
                Enum = schema.Words is { } words ? [.. words.Select(word => (JsonNode)word)] : null,
            },
        };
    }

    private static JsonNode Value(JsonSchemaType type, string text) => type is JsonSchemaType.String ? text : JsonNode.Parse(text)!;

    private static OpenApiParameter IdempotencyKey() => new()
    {
        Name = MessageEndpoints.IdempotencyHeader,
        In = ParameterLocation.Header,
        Description = "Any text of your own, unique for each message you mean to send. A repetition with the same key and body gets the first answer.",
        Schema = new OpenApiSchema { Type = JsonSchemaType.String, MinLength = 1, MaxLength = 200 },
    };
}
