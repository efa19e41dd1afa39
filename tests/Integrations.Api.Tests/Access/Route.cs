using System.Text.RegularExpressions;
using Integrations.Api.Authentication;
using Integrations.Api.Tests.Host;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Integrations.Api.Tests.Access;

/// <summary>One operation of the OpenAPI document, with the line of the table that guards it.</summary>
/// <param name="Rule">Null for a route that anybody may call.</param>
/// <param name="Body">The example of the document; <c>{}</c> where it takes a body and shows none.</param>
/// <param name="QueryIds">Query parameters that name an object.</param>
internal sealed partial record Route(string Method, string Path, string Operation, PolicyRule? Rule, string? Body, string[] QueryIds)
{
    public override string ToString() => $"{Method} {Path}";

    /// <summary>All operations of the document. One that no endpoint serves is an error of the document.</summary>
    public static async Task<List<Route>> AllAsync(ApiHost host)
    {
        using var client = host.Anonymous();
        var document = (await client.GetAsync("/openapi.json")).Expect(200).Body!;
        var policies = host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .SelectMany(endpoint => endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? [], (endpoint, method) => (Method: method, Endpoint: endpoint))
            .ToDictionary(
                pair => $"{pair.Method} {Normal(pair.Endpoint.RoutePattern.RawText!)}",
                pair => pair.Endpoint.Metadata.GetMetadata<IAllowAnonymous>() is null ? pair.Endpoint.Metadata.GetMetadata<IAuthorizeData>()?.Policy : null);

        return
        [
            .. from path in document["paths"]!.AsObject()
               from operation in path.Value!.AsObject()
               let method = operation.Key.ToUpperInvariant()
               let policy = policies[$"{method} {Normal(path.Key)}"]
               select new Route(
                   method,
                   path.Key,
                   operation.Value!["operationId"]!.ToString(),
                   policy is null ? null : Policies.Find(policy),
                   operation.Value["requestBody"] is { } body ? body["content"]!["application/json"]?["example"]?.ToJsonString() ?? "{}" : null,
                   [.. from parameter in operation.Value["parameters"]?.AsArray() ?? []
                       where parameter["in"]!.ToString() == "query" && parameter["schema"]!["format"]?.ToString() == "uuid"
                       select parameter["name"]!.ToString()]),
        ];
    }

    private static string Normal(string path) => Placeholder().Replace(path.Trim('/'), "*");

    [GeneratedRegex(@"\{[^}]+\}")]
    private static partial Regex Placeholder();
}
