using Integrations.Bench.Product;
using Microsoft.Playwright;

namespace Integrations.Web.Tests.Journey;

/// <summary>One person's first ten minutes in a real browser, on the real processes.</summary>
public sealed class ConsoleJourneyTests : IAsyncLifetime
{
    private static readonly string[] BrowserArguments =
    [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    ];

    private ProductProcess _product = null!;
    private IPlaywright _playwright = null!;
    private IBrowser _browser = null!;

    public async ValueTask InitializeAsync()
    {
        // A first page on two busy cores compiles as it goes; these limits only tell a hang from slowness.
        Assertions.SetDefaultExpectTimeout(30_000);
        _product = await ProductProcess.StartNewAsync(TestContext.Current.CancellationToken);
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new() { ExecutablePath = "/usr/bin/chromium", Args = BrowserArguments });
    }

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
        await _product.DisposeAsync();
    }

    [Fact]
    public async Task An_owner_connects_an_account_by_qr_with_2fa_and_talks()
    {
        var ct = TestContext.Current.CancellationToken;
        using var phone = new PhoneClient(_product.Addresses.Sandbox, _product.Addresses.SandboxToken);
        var people = await phone.PeopleAsync(ct);
        var (vera, boris) = (people["vera"], people["boris"]);
        var page = await _browser.NewPageAsync();
        List<string> problems = [];
        page.Console += (_, message) =>
        {
            if (message.Type == "error")
                problems.Add(message.Text);
        };

        await page.GotoAsync(await WelcomeLinkAsync(ct));
        Assert.DoesNotContain("token=", page.Url, StringComparison.Ordinal);
        await page.GetByLabel("E-mail").FillAsync("owner@example.org");
        await page.GetByLabel("Choose a password").FillAsync("correct horse battery staple");
        await page.GetByRole(AriaRole.Button, new() { Name = "Create the owner" }).ClickAsync();
        await Assertions.Expect(page.GetByText("No accounts yet")).ToBeVisibleAsync();

        await page.GetByRole(AriaRole.Button, new() { Name = "Add account" }).ClickAsync();
        var qr = page.Locator("#qr");
        await Assertions.Expect(qr).ToBeVisibleAsync();
        await phone.ScanAsync(vera, (await qr.GetAttributeAsync("data-qr-url"))!, ct);
        await page.GetByLabel("Telegram password").FillAsync("not the password");
        await page.GetByRole(AriaRole.Button, new() { Name = "Continue" }).ClickAsync();
        await Assertions.Expect(page.GetByText("Wrong password. Try again.")).ToBeVisibleAsync();
        await page.GetByLabel("Telegram password").FillAsync(vera.Password!);
        await page.GetByRole(AriaRole.Button, new() { Name = "Continue" }).ClickAsync();
        await Assertions.Expect(page.GetByText("Connected")).ToBeVisibleAsync();

        await page.GetByRole(AriaRole.Link, new() { Name = "Dialogs" }).ClickAsync();
        await page.GetByLabel("Write to").FillAsync("@" + boris.Username);
        await page.GetByRole(AriaRole.Button, new() { Name = "Begin" }).ClickAsync();
        await page.GetByLabel("Message", new() { Exact = true }).FillAsync("Hello from the console");
        await page.GetByRole(AriaRole.Button, new() { Name = "Send", Exact = true }).ClickAsync();
        await Assertions.Expect(page.Locator(".bubble.out[data-status=delivered]")).ToContainTextAsync("Hello from the console");
        Assert.Equal(1, await phone.CountAsync(boris, vera, "Hello from the console", ct));

        await phone.WriteAsync(boris, vera, "Hello from the phone", ct);
        await Assertions.Expect(page.Locator(".bubble.in")).ToContainTextAsync("Hello from the phone");

        await page.GetByRole(AriaRole.Button, new() { Name = "UK" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Діалоги" })).ToBeVisibleAsync();
        Assert.Empty(problems);

        await page.GetByRole(AriaRole.Button, new() { Name = "Вийти" }).ClickAsync();
        await Assertions.Expect(page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex("/sign-in$"));
        await page.GotoAsync(_product.Addresses.Web.ToString());
        await Assertions.Expect(page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex("/sign-in$"));
    }

    private async Task<string> WelcomeLinkAsync(CancellationToken cancellationToken)
    {
        using var anonymous = new ApiClient(_product.Addresses.Api);
        var link = await anonymous.PostAsync("internal/owner-link", null, cancellationToken, ("X-Internal-Key", _product.Addresses.InternalKey));
        return $"{_product.Addresses.Web}welcome#token={link.Body.Text("token")}";
    }
}
