using System.Net.Http.Json;
using Integrations.Api.Tests.Host;

namespace Integrations.Api.Tests.Authentication;

[Collection(ApiCollection.Name)]
public sealed class InternalRouteTests(ApiHost host)
{
    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("a wrong key of some length, not the right one")]
    public async Task Without_the_key_the_internal_routes_are_closed(string? key)
    {
        using var client = host.Owner();
        (string, string)[] headers = key is null ? [] : [("X-Internal-Key", key)];

        (await client.PostAsync("/internal/owner-link", null, headers)).Expect(401, "UNAUTHENTICATED");
        (await client.SendAsync(HttpMethod.Get, "/internal/data-protection-keys", null, headers)).Expect(401, "UNAUTHENTICATED");
        (await client.PostAsync("/internal/data-protection-keys", new { name = "key", xml = "<key/>" }, headers)).Expect(401, "UNAUTHENTICATED");
        (await client.SendAsync(HttpMethod.Delete, $"/internal/hosts/{Guid.CreateVersion7()}", null, headers)).Expect(401, "UNAUTHENTICATED");
    }

    [Fact]
    public async Task The_internal_key_opens_nothing_else()
    {
        using var client = host.Anonymous();

        (await client.SendAsync(HttpMethod.Get, "/api/v1/telegram/accounts", null, ("X-Internal-Key", ApiHost.InternalKey))).Expect(401, "UNAUTHENTICATED");
    }

    [Fact]
    public async Task The_consoles_keys_are_given_back_and_lie_sealed()
    {
        using var client = host.Anonymous();
        var name = $"key-{Guid.CreateVersion7()}";
        const string Xml = "<key id=\"1\"><value>a very secret value</value></key>";

        (await client.PostAsync("/internal/data-protection-keys", new { name, xml = Xml }, ("X-Internal-Key", ApiHost.InternalKey))).Expect(204);
        var keys = (await client.SendAsync(HttpMethod.Get, "/internal/data-protection-keys", null, ("X-Internal-Key", ApiHost.InternalKey))).Expect(200);

        Assert.Contains(keys.Body!.AsArray(), key => key!["name"]!.ToString() == name && key["xml"]!.ToString() == Xml);
        var stored = await host.ScalarAsync<byte[]>("select sealed from data_protection_keys where name = $1", name);
        Assert.DoesNotContain("a very secret value", System.Text.Encoding.Latin1.GetString(stored), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_console_stands_among_the_hosts_until_it_leaves()
    {
        using var client = host.Anonymous();
        var (path, key) = ($"/internal/hosts/{Guid.CreateVersion7()}", ("X-Internal-Key", ApiHost.InternalKey));

        Assert.Equal(["name", "running_seconds", "version"], (await client.SendAsync(HttpMethod.Put, path, JsonContent.Create(new { running_seconds = -1 }), key)).Expect(400, "VALIDATION_FAILED").ErrorFields.Order());
        (await client.SendAsync(HttpMethod.Put, path, JsonContent.Create(new { name = "console-1", version = "1.2.3", running_seconds = 60 }), key)).Expect(204);
        (await client.SendAsync(HttpMethod.Put, path, JsonContent.Create(new { name = "console-1", version = "1.2.3", running_seconds = 60 }), key)).Expect(204);
        Assert.Equal("web 1.2.3", await host.ScalarAsync<string>("select kind || ' ' || version from hosts where id = $1", Guid.Parse(path[16..])));
        (await client.SendAsync(HttpMethod.Delete, path, null, key)).Expect(204);
        Assert.Equal(0L, await host.ScalarAsync<long>("select count(*) from hosts where id = $1", Guid.Parse(path[16..])));
    }
}
