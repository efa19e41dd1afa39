using System.Text.Json.Nodes;
using Integrations.Api.Tests.Host;

namespace Integrations.Api.Tests.Http;

/// <summary>Whatever is put into whichever field, parameter or id, the answer is a success or a problem that names it, never a failure of ours.</summary>
[Collection(ApiCollection.Name)]
public sealed class HostileInputTests(ApiHost host)
{
    private const string Id = "0198c3a2-7d10-7000-8000-000000000001";

    /// <summary>As they stand in JSON.</summary>
    private static readonly string[] Values =
    [
        """ "\u0000" """, """ "a\u0000b" """, """ "\ud83d" """, """ "\u202e\u200f" """, """ "' or 1=1 --" """, """ "<script>alert(1)</script>" """, """ "%00%0d%0a" """,
        """ "" """, """ " " """, """ "\ud83d\ude42" """, """ "+99966\u0000" """, """ "a@b\u0000.example.org" """, "-1", "0", "1.5", "1e400", "9223372036854775808", "true", "null", "[]", "{}",
        "[[[[]]]]", $"\"{new string('x', 300)}\"", $"\"{new string('9', 60_000)}\"",
    ];

    private static readonly string[] Texts = ["%00", "a%00b", "%0d%0a", "'%20or%201=1%20--", "%F0%9F%99%82", "%ED%A0%80", "-1", "1e9", "99999999999999999999", "", "%20", "null", new('x', 2000)];

    [Fact]
    public async Task No_value_of_a_field_is_more_than_a_refusal()
    {
        using var client = host.User(1701, "owner", await host.AddTenantAsync());
        var document = (await client.GetAsync("/openapi.json")).Expect(200).Body!;
        var tried = 0;
        foreach (var (path, item) in document["paths"]!.AsObject())
        {
            foreach (var (method, operation) in item!.AsObject())
            {
                if (operation!["requestBody"]?["content"]?["application/json"] is not { } content)
                    continue;
                var sound = content["example"]?.AsObject() ?? [];
                foreach (var field in FieldsOf(document, content["schema"]!, ""))
                {
                    foreach (var value in Values)
                    {
                        tried++;
                        await RequireAnswerAsync(client, method, Filled(path), With(sound, field, value));
                    }
                }
            }
        }

        Assert.True(tried > 400, $"only {tried} were tried");
    }

    [Fact]
    public async Task No_value_of_a_parameter_or_an_id_is_more_than_a_refusal()
    {
        using var client = host.User(1702, "owner", await host.AddTenantAsync());
        var document = (await client.GetAsync("/openapi.json")).Expect(200).Body!;
        var tried = 0;
        foreach (var (path, item) in document["paths"]!.AsObject())
        {
            foreach (var (method, operation) in item!.AsObject())
            {
                foreach (var parameter in operation!["parameters"]?.AsArray() ?? [])
                {
                    // What a stream takes well it answers without an end.
                    var name = parameter!["name"]!.ToString();
                    if (parameter["in"]!.ToString() == "header" || path.EndsWith("/events", StringComparison.Ordinal))
                        continue;
                    foreach (var text in Texts)
                    {
                        // An empty one is another path, and a zero byte is refused by the server itself before any of our code.
                        if (parameter["in"]!.ToString() == "path" && (text.Length == 0 || text.Contains("%00", StringComparison.Ordinal)))
                            continue;
                        tried++;
                        var address = parameter["in"]!.ToString() == "path"
                            ? path.Replace($"{{{name}}}", text, StringComparison.Ordinal)
                            : $"{Filled(path)}?{name}={text}";
                        await RequireAnswerAsync(client, method, address, body: null);
                    }
                }
            }
        }

        Assert.True(tried > 300, $"only {tried} were tried");
    }

    [Theory]
    [InlineData("sub", "a\u0000b")]
    [InlineData("email", "a\u0000@example.org")]
    [InlineData("name", "a\u0000b")]
    [InlineData("name", "\ud83d\ude42")]
    [InlineData("sub", "' or 1=1 --")]
    public async Task No_claim_of_a_token_is_more_than_a_refusal(string claim, string value)
    {
        var claims = new JsonObject
        {
            ["sub"] = "somebody",
            ["tenant_id"] = host.Tenant.ToString(),
            ["role"] = "viewer",
            ["exp"] = TimeProvider.System.GetUtcNow().AddHours(1).ToUnixTimeSeconds(),
        };
        claims[claim] = value;
        using var client = new TestClient(host.Address, ApiHost.Jwt(claims));

        var answer = await client.GetAsync("/api/v1/auth/me");

        Assert.True(answer.Status is 200 or 401, answer.Raw);
    }

    private static async Task RequireAnswerAsync(TestClient client, string method, string path, string? body)
    {
        var answer = await client.SendAsync(new HttpMethod(method.ToUpperInvariant()), path, body is null ? null : TestClient.Json(body));
        var told = $"{method} {Short(path)} {Short(body)}: {answer.Status} {answer.Raw}";
        Assert.True(answer.Status < 500, told);
        if (answer.Status >= 400)
            Assert.True(answer.ContentHeaders.ContentType?.MediaType == "application/problem+json" && answer.Code is not null && answer["detail"] is not null && answer["trace_id"] is not null, told);
    }

    private static IEnumerable<string> FieldsOf(JsonNode document, JsonNode schema, string prefix)
    {
        foreach (var (name, property) in Resolved(document, schema)["properties"]!.AsObject())
        {
            yield return prefix + name;
            if (Resolved(document, property!)["properties"] is not null)
            {
                foreach (var inner in FieldsOf(document, property!, prefix + name + "."))
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

    private static string With(JsonObject sound, string field, string value)
    {
        const string Mark = "\"the hostile value\"";
        var body = sound.DeepClone().AsObject();
        var holder = body;
        var names = field.Split('.');
        foreach (var name in names[..^1])
            holder = (holder[name] ??= new JsonObject()).AsObject();
        if (names.Length > 1)
            holder.Clear();
        holder[names[^1]] = "the hostile value";
        return body.ToJsonString().Replace(Mark, value, StringComparison.Ordinal);
    }

    private static string Filled(string path) => System.Text.RegularExpressions.Regex.Replace(path, @"\{\w+\}", Id);

    private static string Short(string? text) => text is null ? "" : text.Length <= 200 ? text : text[..200] + "…";
}
