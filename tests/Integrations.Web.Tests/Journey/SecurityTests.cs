using System.Net;
using System.Text.RegularExpressions;
using Integrations.Web.Tests.Browser;

namespace Integrations.Web.Tests.Journey;

/// <summary>What the console lets a browser, and another site in it, do; asked from outside.</summary>
[Collection(ConsoleTests.Name)]
public sealed partial class SecurityTests(ConsoleFixture console)
{
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_answer_forbids_foreign_and_inline_script_and_every_frame()
    {
        await using var user = await console.NewUserAsync(_cancel);
        using var http = Client(user.Api.Bearer);
        string[] paths = ["sign-in", "welcome", "no/such/page", "console.js", "css/theme.css", "mark.svg", "account/palette", .. ConsolePages.All.Select(page => page.TrimStart('/'))];
        foreach (var path in paths)
        {
            using var answer = await http.GetAsync(new Uri(path, UriKind.Relative), _cancel);
            var policies = answer.Headers.GetValues("Content-Security-Policy").ToArray();
            Assert.Contains("default-src 'self'; script-src 'self';", policies[0], StringComparison.Ordinal);
            Assert.Contains("frame-ancestors 'none'", policies[0], StringComparison.Ordinal);
            Assert.DoesNotContain(policies, policy => Regex.IsMatch(policy, "script-src[^;]*unsafe"));
            Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
            Assert.Equal("same-origin", Assert.Single(answer.Headers.GetValues("Referrer-Policy")));
            if (answer.Content.Headers.ContentType?.MediaType is not "text/html")
                continue;
            var html = await answer.Content.ReadAsStringAsync(_cancel);
            Assert.All(Script().Matches(html), script => Assert.Contains(" src=\"", script.Value, StringComparison.Ordinal));
            Assert.DoesNotMatch(Handler(), html);
            Assert.True(answer.Headers.CacheControl?.NoStore, $"{path} may be kept by a browser");
        }
    }

    [Fact]
    public async Task A_form_without_its_token_or_from_another_site_changes_nothing()
    {
        var session = await console.OwnerSessionAsync(_cancel);
        using var http = Client(session);
        foreach (var (path, fields) in new (string, Dictionary<string, string>)[]
        {
            ("account/sign-out", []),
            ("account/sign-in", new() { ["email"] = ConsoleFixture.OwnerEmail, ["password"] = ConsoleFixture.OwnerPassword }),
            ("account/welcome", new() { ["token"] = "x", ["email"] = "x@example.org", ["password"] = "long enough for it" }),
            ("account/language", new() { ["language"] = "ru" }),
            ("account/theme", new() { ["theme"] = "dark" }),
        })
        {
            using var bare = await http.PostAsync(new Uri(path, UriKind.Relative), new FormUrlEncodedContent(fields), _cancel);
            Assert.Equal(HttpStatusCode.BadRequest, bare.StatusCode);
            Assert.DoesNotContain("Set-Cookie", bare.Headers.Select(header => header.Key));

            // Another site has the token of a page of its own making, and not the cookie that belongs to it: Strict keeps that at home.
            using var page = await http.GetAsync(new Uri("sign-in", UriKind.Relative), _cancel);
            var token = Token().Match(await page.Content.ReadAsStringAsync(_cancel)).Groups["token"].Value;
            using var foreign = await http.PostAsync(
                new Uri(path, UriKind.Relative), new FormUrlEncodedContent(fields.Append(new("__RequestVerificationToken", token))), _cancel);
            Assert.Equal(HttpStatusCode.BadRequest, foreign.StatusCode);
        }

        using var still = await http.GetAsync(new Uri("", UriKind.Relative), _cancel);
        Assert.Equal(HttpStatusCode.OK, still.StatusCode);
    }

    [Fact]
    public async Task Cookies_are_out_of_the_reach_of_scripts_and_of_other_sites()
    {
        await console.TenantAsync(_cancel);
        using var http = Client(null);
        var (antiforgery, session) = await EnterAsync(http);
        Expect(antiforgery, "integrations_antiforgery", "samesite=strict");
        Expect(session, "integrations_session", "samesite=lax");

        static void Expect(string cookie, string name, string sameSite)
        {
            Assert.StartsWith(name + "=", cookie, StringComparison.Ordinal);
            Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
            Assert.Contains(sameSite, cookie, StringComparison.OrdinalIgnoreCase);
            Assert.Contains("path=/", cookie, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("domain=", cookie, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Fact]
    public async Task In_production_cookies_belong_to_one_host_and_to_encrypted_connections()
    {
        await console.TenantAsync(_cancel);
        await using var production = await SecondConsole.StartAsync(
            console.Product.Addresses,
            new Dictionary<string, string>(StringComparer.Ordinal) { ["ASPNETCORE_ENVIRONMENT"] = "Production", ["Console__TrustedProxies"] = "127.0.0.1" },
            _cancel);
        using var http = new HttpClient(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false }) { BaseAddress = production.Address };
        http.DefaultRequestHeaders.Add("X-Forwarded-Proto", "https");

        var session = await EnterAsync(http);

        foreach (var (cookie, name) in new[] { (session.Antiforgery, "__Host-integrations_antiforgery="), (session.Session, "__Host-integrations_session=") })
        {
            Assert.StartsWith(name, cookie, StringComparison.Ordinal);
            Assert.Contains("secure", cookie, StringComparison.OrdinalIgnoreCase);
            Assert.Contains("path=/;", cookie, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("domain=", cookie, StringComparison.OrdinalIgnoreCase);
        }

        var value = session.Session.Split(';')[0].Split('=', 2)[1];
        Assert.Equal(HttpStatusCode.OK, await HomeAsync($"__Host-integrations_session={value}"));
        // Such a one could have been planted by a neighbouring host, or by somebody on the line.
        Assert.Equal(HttpStatusCode.Found, await HomeAsync($"integrations_session={value}"));

        const string Email = "challenged@example.org";
        using var owner = new Integrations.Bench.Product.ApiClient(console.Product.Addresses.Api, await console.OwnerSessionAsync(_cancel));
        var invited = await owner.PostAsync("api/v1/invitations", new { email = Email, role = "viewer" }, _cancel);
        using var anonymous = new Integrations.Bench.Product.ApiClient(console.Product.Addresses.Api);
        await anonymous.PostAsync("api/v1/invitations/accept", new { token = invited.Body!["token"]!.ToString(), display_name = "Challenged", password = ConsoleFixture.OwnerPassword }, _cancel);
        await console.ExecuteAsync(
            "insert into second_factors (id, tenant_id, user_id, secret_sealed, confirmed_at) select gen_random_uuid(), tenant_id, user_id, 'x', now() from users where email = $1", _cancel, Email);
        var (form, challenge) = await EnterAsync(http, Email);
        Assert.StartsWith("__Host-integrations_challenge=", challenge, StringComparison.Ordinal);
        Assert.Contains("secure", challenge, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("httponly", challenge, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("path=/;", challenge, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("domain=", challenge, StringComparison.OrdinalIgnoreCase);
        var told = challenge.Split(';')[0].Split('=', 2)[1];
        Assert.EndsWith("/sign-in/code?error=CODE_WRONG", await CodeAsync($"__Host-integrations_challenge={told}"), StringComparison.Ordinal);
        Assert.EndsWith("/sign-in?error=CHALLENGE_INVALID", await CodeAsync($"integrations_challenge={told}"), StringComparison.Ordinal);

        async Task<string> CodeAsync(string cookie)
        {
            using var page = new HttpRequestMessage(HttpMethod.Get, "sign-in/code");
            page.Headers.Add("Cookie", form.Split(';')[0]);
            using var shown = await http.SendAsync(page, _cancel);
            using var request = new HttpRequestMessage(HttpMethod.Post, "account/sign-in/code")
            {
                Content = new FormUrlEncodedContent(new Dictionary<string, string>(StringComparer.Ordinal)
                {
                    ["__RequestVerificationToken"] = Token().Match(await shown.Content.ReadAsStringAsync(_cancel)).Groups["token"].Value,
                    ["code"] = "AAAA-AAAA-AAAA-AAAA",
                }),
            };
            request.Headers.Add("Cookie", $"{form.Split(';')[0]}; {cookie}");
            using var answer = await http.SendAsync(request, _cancel);
            return answer.Headers.Location?.ToString() ?? $"{answer.StatusCode}";
        }

        async Task<HttpStatusCode> HomeAsync(string cookie)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "");
            request.Headers.Add("Cookie", cookie);
            using var answer = await http.SendAsync(request, _cancel);
            return answer.StatusCode;
        }
    }

    [Theory]
    [InlineData("https://evil.example")]
    [InlineData("null")]
    public async Task A_page_of_another_origin_sends_no_form_and_opens_no_circuit(string origin)
    {
        await console.TenantAsync(_cancel);
        using var http = Client(null);
        http.DefaultRequestHeaders.Add("Origin", origin);

        using var form = await http.PostAsync(new Uri("account/language", UriKind.Relative), new FormUrlEncodedContent([new("language", "ru")]), _cancel);
        using var circuit = await http.PostAsync(new Uri("_blazor/negotiate?negotiateVersion=1", UriKind.Relative), content: null, _cancel);

        Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.BadRequest), (form.StatusCode, circuit.StatusCode));
    }

    [Fact]
    public async Task What_people_wrote_is_text_wherever_it_is_shown()
    {
        const string Script = "<img src=x onerror=\"window.stolen=1\"><script>window.stolen=1</script>";
        await using var user = await console.NewUserAsync(_cancel, name: "Mallory " + Script);
        var (anna, boris) = (console.People["anna"], console.People["boris"]);
        var account = await console.ConnectAsync(user, anna, _cancel);
        await console.Phone.WriteAsync(boris, anna, "Message " + Script, _cancel);
        var project = await user.Api.PostAsync("api/v1/projects", new { name = "Project " + Script }, _cancel);
        Assert.Equal(HttpStatusCode.Created, project.Status);
        var reply = await user.Api.PostAsync("api/v1/telegram/quick-replies", new { shortcut = "written", text = "Reply " + Script }, _cancel);
        Assert.Equal(HttpStatusCode.Created, reply.Status);
        var dialog = "";
        await Integrations.Bench.Product.Office.UntilAsync(
            "the message has come",
            async () =>
            {
                var dialogs = await user.Api.GetAsync($"api/v1/telegram/dialogs?account_id={account}", _cancel);
                var items = dialogs.Body as System.Text.Json.Nodes.JsonArray ?? dialogs.Body?["items"]?.AsArray() ?? [];
                dialog = items.Select(item => item!["id"]!.ToString()).FirstOrDefault() ?? "";
                return dialog.Length > 0;
            },
            TimeSpan.FromSeconds(120),
            _cancel);
        Assert.Equal(HttpStatusCode.Created, (await user.Api.PostAsync($"api/v1/telegram/dialogs/{dialog}/notes", new { text = "Note " + Script }, _cancel)).Status);
        await console.ExecuteAsync("update dialogs set title = $2 where id = $1", _cancel, Guid.Parse(dialog), "Title " + Script);
        await using var browser = await console.SignedInAsync(user);

        var shown = new List<string>();
        foreach (var path in (string[])[.. ConsolePages.All, $"/dialogs/{account}"])
        {
            await browser.Page.GotoAsync(path);
            await browser.Page.WaitForLoadStateAsync(Microsoft.Playwright.LoadState.NetworkIdle);
            if (path.EndsWith(account, StringComparison.Ordinal))
            {
                await browser.Page.Locator(".dialog").First.ClickAsync();
                await Microsoft.Playwright.Assertions.Expect(browser.Page.Locator(".bubble.in").Last).ToContainTextAsync("Message " + Script);
            }

            shown.Add(await browser.Page.Locator("body").InnerTextAsync());
            Assert.Equal(0, await browser.Page.Locator("img[src=x]").CountAsync());
            Assert.True(await browser.Page.EvaluateAsync<bool>("() => window.stolen === undefined"), path);
        }

        var all = string.Join('\n', shown);
        Assert.All((string[])["Mallory ", "Message ", "Project ", "Title "], what => Assert.Contains(what + "<img src=x", all, StringComparison.Ordinal));
        browser.ExpectNoProblems();
        // The tenant is the other tests' too.
        await user.Api.DeleteAsync($"api/v1/projects/{project.Body!["id"]}", _cancel);
        await user.Api.DeleteAsync($"api/v1/telegram/quick-replies/{reply.Body!["id"]}", _cancel);
    }

    /// <summary>Signs somebody in by the form; the Set-Cookie of the form and of what came of it.</summary>
    private async Task<(string Antiforgery, string Session)> EnterAsync(HttpClient http, string email = ConsoleFixture.OwnerEmail)
    {
        using var page = await http.GetAsync(new Uri("sign-in", UriKind.Relative), _cancel);
        var antiforgery = Assert.Single(page.Headers.GetValues("Set-Cookie"));
        using var request = new HttpRequestMessage(HttpMethod.Post, "account/sign-in")
        {
            Content = new FormUrlEncodedContent(new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["__RequestVerificationToken"] = Token().Match(await page.Content.ReadAsStringAsync(_cancel)).Groups["token"].Value,
                ["email"] = email,
                ["password"] = ConsoleFixture.OwnerPassword,
            }),
        };
        request.Headers.Add("Cookie", antiforgery.Split(';')[0]);
        using var entered = await http.SendAsync(request, _cancel);
        Assert.Equal(HttpStatusCode.Found, entered.StatusCode);
        return (antiforgery, Assert.Single(entered.Headers.GetValues("Set-Cookie")));
    }

    private HttpClient Client(string? session)
    {
        var http = new HttpClient(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false }) { BaseAddress = console.Product.Addresses.Web };
        if (session is not null)
            http.DefaultRequestHeaders.Add("Cookie", $"integrations_session={session}");
        return http;
    }

    [GeneratedRegex("<script[^>]*>")]
    private static partial Regex Script();

    [GeneratedRegex("<[a-z]+[^>]* on[a-z]+=\"|javascript:", RegexOptions.IgnoreCase)]
    private static partial Regex Handler();

    [GeneratedRegex("name=\"__RequestVerificationToken\" value=\"(?<token>[^\"]+)\"")]
    private static partial Regex Token();
}
