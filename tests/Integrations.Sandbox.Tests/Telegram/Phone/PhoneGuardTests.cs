using System.Net;
using System.Net.Http.Headers;

namespace Integrations.Sandbox.Tests.Telegram.Phone;

public sealed class PhoneGuardTests(APhoneHost host) : IClassFixture<APhoneHost>
{
    [Theory]
    [InlineData("/sandbox/people")]
    [InlineData("/SANDBOX/people")]
    [InlineData("/sandbox/people/1000001/codes")]
    [InlineData("/sandbox/changes")]
    [InlineData("/sandbox/faults")]
    [InlineData("/sandbox/violations")]
    public async Task Nothing_personal_is_told_without_the_token(string path)
    {
        using var without = await SendAsync(path, request => request.Headers.Authorization = null);
        using var wrong = await SendAsync(path, request => request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", "another-token-of-no-use"));

        Assert.Equal(HttpStatusCode.Unauthorized, without.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, wrong.StatusCode);
        Assert.Equal("SANDBOX_TOKEN", (await APhoneHost.ReadAsync(wrong)).GetProperty("code").GetString());
    }

    [Theory]
    [InlineData("/sandbox/telegram")]
    [InlineData("/openapi/v1.json")]
    [InlineData("/")]
    public async Task How_to_join_the_description_and_the_empty_page_need_no_token(string path)
    {
        using var response = await SendAsync(path, request => request.Headers.Authorization = null);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData("sandbox.example.org")]
    [InlineData("192.0.2.1")]
    [InlineData("localhost.example.org")]
    public async Task A_foreign_host_name_is_refused_everywhere(string name)
    {
        foreach (var path in new[] { "/", "/sandbox/telegram", "/sandbox/people" })
        {
            using var response = await SendAsync(path, request => request.Headers.Host = name);
            Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        }
    }

    [Theory]
    [InlineData("https://example.org")]
    [InlineData("http://127.0.0.1:1")]
    [InlineData("null")]
    public async Task A_foreign_origin_is_refused(string origin)
    {
        using var response = await SendAsync("/sandbox/people", request => request.Headers.TryAddWithoutValidation("Origin", origin));

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
    }

    [Fact]
    public async Task The_pages_own_origin_is_let_in()
    {
        var origin = host.Http.BaseAddress!.GetLeftPart(UriPartial.Authority);
        using var response = await SendAsync("/sandbox/people", request => request.Headers.TryAddWithoutValidation("Origin", origin));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task The_name_localhost_is_let_in()
    {
        using var response = await SendAsync("/sandbox/people", request => request.Headers.Host = $"localhost:{host.Http.BaseAddress!.Port}");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task The_page_brings_everything_itself_and_may_load_nothing_else()
    {
        using var page = await SendAsync("/");
        var html = await page.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        Assert.Contains("default-src 'none'", Assert.Single(page.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
        Assert.DoesNotContain("http://", html, StringComparison.Ordinal);
        Assert.DoesNotContain("https://", html, StringComparison.Ordinal);
        foreach (var file in new[] { "phone.js", "phone.css", "messages.css", "rooms.css", "sections.css" })
        {
            Assert.Contains($"\"{file}\"", html, StringComparison.Ordinal);
            using var part = await SendAsync("/" + file);
            Assert.Equal(HttpStatusCode.OK, part.StatusCode);
        }
    }

    private async Task<HttpResponseMessage> SendAsync(string path, Action<HttpRequestMessage>? change = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, APhoneHost.Path(path));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", APhoneHost.Token);
        change?.Invoke(request);
        // The client's default header would come back where a test took it away.
        using var http = new HttpClient { BaseAddress = host.Http.BaseAddress };
        return await http.SendAsync(request, TestContext.Current.CancellationToken);
    }
}
