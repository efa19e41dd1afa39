using System.Text.Json;
using Integrations.Api.OpenApi;
using Integrations.Api.Tests.Host;
using Integrations.Testing;

namespace Integrations.Api.Tests.OpenApi;

[Collection(ApiCollection.Name)]
public sealed class ReferenceTests(ApiHost host)
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [Fact]
    public async Task The_exported_document_is_the_one_that_is_served()
    {
        using var client = host.Anonymous();
        var served = (await client.GetAsync("/openapi.json")).Expect(200).Body!.ToJsonString(Indented) + "\n";

        await ExportedFile.MustBeAsync("docs/openapi.json", served);
    }

    [Fact]
    public async Task Every_operation_says_what_it_does_and_how_it_refuses()
    {
        using var client = host.Anonymous();
        var document = (await client.GetAsync("/openapi.json")).Expect(200).Body!;

        var count = 0;
        foreach (var (path, item) in document["paths"]!.AsObject())
        {
            foreach (var (method, operation) in item!.AsObject())
            {
                count++;
                Assert.False(string.IsNullOrEmpty(operation!["summary"]?.ToString()), $"{method} {path} has no summary");
                Assert.False(string.IsNullOrEmpty(operation["operationId"]?.ToString()), $"{method} {path} has no name");
                Assert.DoesNotContain("/internal", path, StringComparison.Ordinal);
                if (path.StartsWith("/api/v1/health", StringComparison.Ordinal))
                    continue;
                var responses = operation["responses"]!.AsObject();
                Assert.Contains(responses, response => response.Key.StartsWith('4') && response.Value!["content"]!["application/problem+json"] is not null);
            }
        }

        Assert.True(count > 30, $"only {count} operations");
        Assert.Equal("Idempotency-Key", document["paths"]!["/api/v1/telegram/send"]!["post"]!["parameters"]!.AsArray().Single(parameter => parameter!["in"]!.ToString() == "header")!["name"]!.ToString());
        Assert.NotNull(document["paths"]!["/api/v1/telegram/send"]!["post"]!["requestBody"]!["content"]!["application/json"]!["schema"]);
    }

    [Fact]
    public async Task The_examples_pass_the_checks_that_a_callers_request_passes()
    {
        // A tenant of its own: one of the examples sets its limits.
        using var client = host.User(1501, "owner", await host.AddTenantAsync());
        var document = (await client.GetAsync("/openapi.json")).Expect(200).Body!;
        var operations = document["paths"]!.AsObject()
            .SelectMany(path => path.Value!.AsObject(), (path, operation) => (Path: path.Key, Method: operation.Key, Operation: operation.Value!))
            .ToDictionary(operation => operation.Operation["operationId"]!.ToString());

        foreach (var (name, example) in Examples.All)
        {
            Assert.True(operations.TryGetValue(name, out var operation), $"there is no operation {name}");
            if (example.Request is null)
                continue;
            var path = System.Text.RegularExpressions.Regex.Replace(operation.Path.Replace("{user_id}", "1501", StringComparison.Ordinal), @"\{\w+\}", "0198c3a2-7d10-7000-8000-000000000001");
            var answer = await client.SendAsync(new HttpMethod(operation.Method.ToUpperInvariant()), path, TestClient.Json(example.Request));
            Assert.True(answer.Code is not ("VALIDATION_FAILED" or "UNKNOWN_FIELD" or "BODY_INVALID"), $"{name}: {answer.Raw}");
        }
    }

    [Fact]
    public async Task The_page_loads_nothing_from_elsewhere()
    {
        using var client = host.Anonymous();

        var page = (await client.GetAsync("/docs/index.html")).Expect(200);

        Assert.DoesNotContain("http://", page.Raw, StringComparison.Ordinal);
        Assert.DoesNotContain("https://", page.Raw, StringComparison.Ordinal);
        var policy = page.Headers.GetValues("Content-Security-Policy").Single();
        Assert.Contains("default-src 'none'; script-src 'self'", policy, StringComparison.Ordinal);
        foreach (var file in new[] { "swagger-ui-bundle.js", "swagger-ui.css", "index.js" })
            (await client.GetAsync($"/docs/{file}")).Expect(200);
    }
}
