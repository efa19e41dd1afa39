using System.Text.RegularExpressions;
using Integrations.Api.Tests.Host;
using Integrations.Core.Errors;

namespace Integrations.Api.Tests.Http;

[Collection(ApiCollection.Name)]
public sealed partial class ProblemTests(ApiHost host)
{
    [Fact]
    public async Task A_problem_has_the_fields_of_RFC_9457_and_ours()
    {
        using var client = host.User(1301);

        var refused = (await client.GetAsync("/api/v1/telegram/accounts/0198c3a2-7d10-7000-8000-000000000001")).Expect(404, "NOT_FOUND");

        Assert.Equal(["type", "title", "status", "detail", "code", "trace_id"], refused.Fields);
        Assert.Equal(("urn:integrations:error:NOT_FOUND", "404"), (refused.Text("type"), refused.Text("status")));
        Assert.Matches("^[0-9a-f]{32}$", refused.Text("trace_id"));
    }

    [Theory]
    [InlineData("GET", "/nowhere", 404, "NOT_FOUND")]
    [InlineData("GET", "/api/v1/nowhere", 404, "NOT_FOUND")]
    [InlineData("PUT", "/api/v1/telegram/accounts", 405, "METHOD_NOT_ALLOWED")]
    [InlineData("GET", "/api/v1/telegram/send", 405, "METHOD_NOT_ALLOWED")]
    [InlineData("GET", "/api/v1/ws", 426, "UPGRADE_REQUIRED")]
    public async Task What_no_route_takes_is_a_problem_too(string method, string path, int status, string code)
    {
        using var client = host.Owner();

        var refused = (await client.SendAsync(new HttpMethod(method), path, null)).Expect(status, code);

        if (status == 405)
            Assert.NotEmpty(refused.ContentHeaders.Allow);
    }

    [Fact]
    public async Task What_was_not_foreseen_is_an_empty_500_that_tells_nothing()
    {
        using var client = host.User(1302);
        await client.GetAsync("/api/v1/auth/me");
        await host.ExecuteAsync("alter table dialogs rename to dialogs_away");
        try
        {
            var failed = (await client.GetAsync("/api/v1/telegram/dialogs")).Expect(500, "INTERNAL");

            Assert.Equal(ErrorCatalogue.Find(ErrorCodes.Internal).WhatToDo, failed.Text("detail"));
            Assert.DoesNotContain("dialogs", failed.Raw, StringComparison.Ordinal);
        }
        finally
        {
            await host.ExecuteAsync("alter table dialogs_away rename to dialogs");
        }
    }

    [Fact]
    public async Task Every_answer_has_the_security_headers()
    {
        using var client = host.Owner();

        foreach (var path in new[] { "/api/v1/auth/me", "/nowhere", "/api/v1/health/liveness" })
        {
            var answer = await client.GetAsync(path);
            Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
            Assert.Equal("no-referrer", answer.Headers.GetValues("Referrer-Policy").Single());
            Assert.Contains("default-src 'none'", answer.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
            Assert.Equal("no-store", answer.Headers.CacheControl!.ToString());
            Assert.False(answer.Headers.Contains("Server"));
        }
    }

    [Theory]
    [InlineData("https://pages.example.org", true)]
    [InlineData("https://elsewhere.example.org", false)]
    public async Task Only_configured_origins_may_call_from_a_page(string origin, bool allowed)
    {
        using var client = host.Anonymous();

        var answer = await client.SendAsync(
            HttpMethod.Options, "/api/v1/telegram/send", null, ("Origin", origin), ("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "authorization"));

        Assert.Equal(allowed, answer.Headers.Contains("Access-Control-Allow-Origin"));
        Assert.False(answer.Headers.Contains("Access-Control-Allow-Credentials"));
    }

    [Fact]
    public async Task Health_has_the_shapes_of_the_contract()
    {
        using var client = host.Anonymous();

        Assert.Equal("""{"status":"healthy","service":"Integration Service","version":"1.0.0"}""", (await client.GetAsync("/health")).Expect(200).Raw);
        var detailed = (await client.GetAsync("/api/v1/health/detailed")).Expect(200);
        Assert.Equal(["status", "service", "timestamp", "version", "components"], detailed.Fields);
        Assert.Equal(
            """{"status":"healthy","service":"integration-service","timestamp":"","version":"1.0.0","components":{"database":{"status":"healthy","type":"PostgreSQL"},"vault":{"status":"not_configured","type":"HashiCorp Vault"},"rabbitmq":{"status":"healthy","type":"RabbitMQ"}}}""",
            Timestamp().Replace(detailed.Raw, "\"timestamp\":\"\""));
        (await client.GetAsync("/api/v1/health/liveness")).Expect(200);
        (await client.GetAsync("/api/v1/health/readiness")).Expect(200);
    }

    [GeneratedRegex("\"timestamp\":\"[^\"]+\"")]
    private static partial Regex Timestamp();
}
