using Integrations.Api.Tests.Host;

namespace Integrations.Api.Tests.Http;

/// <summary>What browsers and other hosts' names are told, whatever the answer is.</summary>
[Collection(ApiCollection.Name)]
public sealed class EdgeTests(ApiHost host)
{
    private const string Page = "https://pages.example.org";

    [Theory]
    [InlineData("GET", "/api/v1/auth/me", 401)]
    [InlineData("GET", "/no/such/route", 404)]
    [InlineData("DELETE", "/api/v1/auth/me", 405)]
    [InlineData("POST", "/api/v1/auth/sign-in", 400)]
    [InlineData("GET", "/openapi.json", 200)]
    [InlineData("GET", "/health", 200)]
    public async Task Every_answer_is_made_nothing_more_of_than_it_is(string method, string path, int status)
    {
        using var client = host.Anonymous();

        var answer = await client.SendAsync(new HttpMethod(method), path, content: null);

        Assert.Equal(status, answer.Status);
        Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Equal("no-referrer", answer.Headers.GetValues("Referrer-Policy").Single());
        Assert.Equal("DENY", answer.Headers.GetValues("X-Frame-Options").Single());
        Assert.Equal("same-origin", answer.Headers.GetValues("Cross-Origin-Resource-Policy").Single());
        Assert.Equal("default-src 'none'; frame-ancestors 'none'", answer.Headers.GetValues("Content-Security-Policy").Single());
        Assert.False(answer.Headers.Contains("Server"));
    }

    [Theory]
    [InlineData(Page, true)]
    [InlineData("https://pages.example.org.evil.example", false)]
    [InlineData("http://pages.example.org", false)]
    [InlineData("https://pages.example.org:444", false)]
    [InlineData("null", false)]
    public async Task Only_a_page_of_an_origin_that_was_named_may_read_an_answer(string origin, bool named)
    {
        using var client = host.Anonymous();

        var asked = await client.SendAsync(HttpMethod.Options, "/api/v1/auth/me", null, ("Origin", origin), ("Access-Control-Request-Method", "GET"), ("Access-Control-Request-Headers", "authorization"));
        var read = await client.SendAsync(HttpMethod.Get, "/api/v1/auth/me", null, ("Origin", origin));

        string[] allowed = named ? [origin] : [];
        foreach (var answer in (Answer[])[asked, read])
        {
            Assert.Equal(allowed, answer.Headers.TryGetValues("Access-Control-Allow-Origin", out var values) ? values : []);
            // A token is sent by the page itself: no cookie and no certificate of the browser's goes along.
            Assert.False(answer.Headers.Contains("Access-Control-Allow-Credentials"));
        }
    }

    [Theory]
    [InlineData("*")]
    [InlineData("https://*")]
    [InlineData("pages.example.org")]
    [InlineData("https://pages.example.org/")]
    public void Anything_but_an_origin_is_refused_at_the_start(string origin)
    {
        var refused = Assert.ThrowsAny<Exception>(() => host.StartCopy(("Cors:AllowedOrigins:0", origin)));

        Assert.Contains("Cors:AllowedOrigins", refused.GetBaseException().Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_that_is_not_the_services_own_gets_no_answer_where_the_names_are_set()
    {
        await using var copy = host.StartCopy(("AllowedHosts", "api.example.org"));
        using var client = new TestClient(copy.Address, null);

        var foreign = await client.SendAsync(HttpMethod.Get, "/openapi.json", null, ("Host", "rebound.example"));
        var own = await client.SendAsync(HttpMethod.Get, "/openapi.json", null, ("Host", "api.example.org"));

        Assert.Equal((400, 200), (foreign.Status, own.Status));
    }
}
