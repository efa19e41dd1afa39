using System.Net;
using System.Text.RegularExpressions;
using Integrations.Web.Tests.Browser;
using static Microsoft.Playwright.Assertions;

namespace Integrations.Web.Tests.Journey;

/// <summary>Two copies of the console are one console.</summary>
[Collection(ConsoleTests.Name)]
public sealed partial class CopiesTests(ConsoleFixture console)
{
    private static readonly Dictionary<string, string> BehindTheProxy = new(StringComparer.Ordinal) { ["Console__TrustedProxies"] = "127.0.0.1" };
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task When_a_copy_dies_its_pages_open_again_on_the_other_signed_in_with_their_drafts()
    {
        await using var user = await console.NewUserAsync(_cancel);
        var (anna, boris) = (console.People["anna"], console.People["boris"]);
        var account = await console.ConnectAsync(user, anna, _cancel);
        await using var first = await SecondConsole.StartAsync(console.Product.Addresses, BehindTheProxy, _cancel);
        await using var second = await SecondConsole.StartAsync(console.Product.Addresses, BehindTheProxy, _cancel);
        await using var proxy = await ConsoleProxy.StartAsync(first.Address, second.Address, _cancel);
        await using var browser = await console.SignedInAsync(user);
        var page = browser.Page;
        await page.GotoAsync($"{proxy.Address}dialogs/{account}");
        await console.Phone.WriteAsync(boris, anna, "Before the copy died", _cancel);
        await page.Locator(".dialog", new() { HasText = "Boris Belov" }).ClickAsync();
        await Expect(page.Locator(".bubble.in").Last).ToContainTextAsync("Before the copy died");
        await browser.Labelled("Message").FillAsync("Half a thought");
        await browser.Labelled("Search dialogs").FillAsync("boris");
        await page.EvaluateAsync("() => window.sameDocument = true");

        var mine = await CircuitsAsync(first) > 0 ? first : second;
        Assert.Equal(1, await CircuitsAsync(first) + await CircuitsAsync(second));
        mine.Kill();

        await page.WaitForFunctionAsync("() => window.sameDocument === undefined");
        await Expect(page.Locator(".bubble.in").Last).ToContainTextAsync("Before the copy died");
        await Expect(browser.Labelled("Message")).ToHaveValueAsync("Half a thought");
        await Expect(browser.Labelled("Search dialogs")).ToHaveValueAsync("boris");
        await Expect(page.Locator(".dialog")).ToHaveCountAsync(1);
        await console.Phone.WriteAsync(boris, anna, "On the other copy", _cancel);
        await Expect(page.Locator(".bubble.in").Last).ToContainTextAsync("On the other copy");
        Assert.Equal(1, await CircuitsAsync(mine == first ? second : first));

        // A form that the dead copy would have rendered alike: nobody signs in again, and nobody has to reload first.
        await page.Locator("summary[aria-label='Your account']").ClickAsync();
        await browser.Button("Sign out").ClickAsync();
        await Expect(page).ToHaveURLAsync(SignInAddress());
    }

    [Fact]
    public async Task A_form_of_one_copy_is_taken_by_another()
    {
        await using var user = await console.NewUserAsync(_cancel);
        await using var other = await SecondConsole.StartAsync(console.Product.Addresses, BehindTheProxy, _cancel);
        var cookies = new CookieContainer();
        using var http = new HttpClient(new SocketsHttpHandler { CookieContainer = cookies, AllowAutoRedirect = false });
        var page = await http.GetStringAsync(new Uri(console.Product.Addresses.Web, "sign-in"), _cancel);
        var token = Token().Match(page).Groups["token"].Value;

        using var form = new FormUrlEncodedContent([new("__RequestVerificationToken", token), new("language", "uk"), new("back", "/sign-in")]);
        using var taken = await http.PostAsync(new Uri(other.Address, "account/language"), form, _cancel);
        Assert.Equal(HttpStatusCode.Found, taken.StatusCode);
        Assert.Contains("uk", cookies.GetCookieHeader(other.Address), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_a_proxy_that_is_named_says_that_a_connection_was_encrypted()
    {
        await console.TenantAsync(_cancel);
        await using var behind = await SecondConsole.StartAsync(console.Product.Addresses, BehindTheProxy, _cancel);
        Assert.Contains("secure", await LanguageCookieAsync(behind.Address), StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("secure", await LanguageCookieAsync(console.Product.Addresses.Web), StringComparison.OrdinalIgnoreCase);
    }

    private async Task<string> LanguageCookieAsync(Uri address)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false }) { BaseAddress = address };
        http.DefaultRequestHeaders.Add("X-Forwarded-Proto", "https");
        using var page = await http.GetAsync(new Uri("sign-in", UriKind.Relative), _cancel);
        var antiforgery = page.Headers.GetValues("Set-Cookie").Single(cookie => cookie.StartsWith("integrations_antiforgery=", StringComparison.Ordinal));
        using var form = new FormUrlEncodedContent([new("__RequestVerificationToken", Token().Match(await page.Content.ReadAsStringAsync(_cancel)).Groups["token"].Value), new("language", "ru")]);
        using var request = new HttpRequestMessage(HttpMethod.Post, "account/language") { Content = form };
        request.Headers.Add("Cookie", antiforgery.Split(';')[0]);
        using var taken = await http.SendAsync(request, _cancel);
        Assert.Equal(HttpStatusCode.Found, taken.StatusCode);
        return taken.Headers.GetValues("Set-Cookie").Single();
    }

    /// <summary>How many circuits a copy has connected, by its own metrics.</summary>
    private async Task<int> CircuitsAsync(SecondConsole copy)
    {
        using var http = new HttpClient();
        var metrics = await http.GetStringAsync(new Uri(copy.Address, "metrics"), _cancel);
        return Connections().Matches(metrics).Sum(match => int.Parse(match.Groups["count"].Value, System.Globalization.CultureInfo.InvariantCulture));
    }

    [GeneratedRegex("name=\"__RequestVerificationToken\" value=\"(?<token>[^\"]+)\"")]
    private static partial Regex Token();

    [GeneratedRegex(@"^signalr_server_active_connections[^ ]* (?<count>\d+)", RegexOptions.Multiline)]
    private static partial Regex Connections();

    [GeneratedRegex("/sign-in$")]
    private static partial Regex SignInAddress();
}
