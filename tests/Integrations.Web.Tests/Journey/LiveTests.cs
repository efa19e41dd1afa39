using Integrations.Web.Tests.Browser;
using static Microsoft.Playwright.Assertions;

namespace Integrations.Web.Tests.Journey;

[Collection(ConsoleTests.Name)]
public sealed class LiveTests(ConsoleFixture console)
{
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_open_page_says_that_the_api_died_and_goes_on_when_it_is_back()
    {
        await using var user = await console.NewUserAsync(_cancel);
        await using var browser = await console.SignedInAsync(user);
        var page = browser.Page;
        await page.GotoAsync("/");
        await Expect(page.GetByText("Three steps to the first message")).ToBeVisibleAsync();

        console.Product.Kill("api");
        await Expect(page.Locator(".notice.bad")).ToContainTextAsync("The service does not answer.");
        await Screens.CheckAsync(page, "api-away");
        await Expect(page.Locator(".notice.bad")).ToHaveCountAsync(0);

        await browser.Button("Connect an account").ClickAsync();
        await Expect(page.Locator("#qr")).ToBeVisibleAsync();
        await browser.Button("Cancel the login").ClickAsync();
        await Expect(browser.Dialog).ToBeHiddenAsync();
        browser.ExpectNoProblems();
    }

    [Fact]
    public async Task A_lost_circuit_is_told_and_had_back()
    {
        await using var user = await console.NewUserAsync(_cancel);
        await using var browser = await console.SignedInAsync(user);
        var page = browser.Page;
        await page.GotoAsync("/");
        await Expect(page.GetByText("Three steps to the first message")).ToBeVisibleAsync();

        console.Product.Kill("web");
        await Expect(page.GetByText("The connection was lost. Connecting again…")).ToBeVisibleAsync();
        await Expect(page.GetByText("The connection was lost. Connecting again…")).ToBeHiddenAsync();
        await Expect(page.GetByText("Three steps to the first message")).ToBeVisibleAsync();
        await browser.Button("Connect an account").ClickAsync();
        await Expect(page.Locator("#qr")).ToBeVisibleAsync();
        await browser.Button("Cancel the login").ClickAsync();
        await Expect(browser.Dialog).ToBeHiddenAsync();
    }
}
