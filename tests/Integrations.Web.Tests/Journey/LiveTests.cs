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
        await page.GotoAsync("/accounts");
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
        await page.GotoAsync("/accounts");
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

    [Fact]
    public async Task A_message_written_while_the_api_is_away_says_so_and_goes_out_once()
    {
        await using var user = await console.NewUserAsync(_cancel);
        var (boris, gleb) = (console.People["boris"], console.People["gleb"]);
        var account = await console.ConnectAsync(user, gleb, _cancel);
        await console.Phone.WriteAsync(boris, gleb, "Are you there?", _cancel);
        await using var browser = await console.SignedInAsync(user);
        var page = browser.Page;
        await page.GotoAsync($"/dialogs/{account}");
        await page.Locator(".dialog", new() { HasText = "Boris Belov" }).ClickAsync();
        await Expect(page.Locator(".bubble.in").Last).ToContainTextAsync("Are you there?");
        await browser.Labelled("Message").FillAsync("In a moment");

        console.Product.Kill("api");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator(".bubble[data-status=failed]")).ToContainTextAsync("In a moment");
        await Expect(page.Locator(".notice.bad")).ToContainTextAsync("The service does not answer.");
        await Screens.CheckAsync(page, "dialog-api-away");
        // Said by somebody else meanwhile: the page reads afresh when it can.
        await console.Phone.WriteAsync(boris, gleb, "I wait.", _cancel);
        await Expect(page.Locator(".notice.bad")).ToHaveCountAsync(0);
        await Expect(page.Locator(".bubble.in").Last).ToContainTextAsync("I wait.");
        await browser.Button("Retry").ClickAsync();
        await Expect(page.Locator(".bubble.out[data-status=delivered]")).ToContainTextAsync("In a moment");
        await Expect(page.Locator(".bubble[data-status=failed]")).ToHaveCountAsync(0);
        Assert.Equal(1, await console.Phone.CountAsync(boris, gleb, "In a moment", _cancel));
    }

    [Fact]
    public async Task A_message_waits_in_sight_while_the_workers_are_away_and_goes_out_once()
    {
        await using var user = await console.NewUserAsync(_cancel);
        var (boris, gleb) = (console.People["boris"], console.People["gleb"]);
        var account = await console.ConnectAsync(user, gleb, _cancel);
        await console.Phone.WriteAsync(boris, gleb, "Can you see this?", _cancel);
        await using var browser = await console.SignedInAsync(user);
        var page = browser.Page;
        await page.GotoAsync($"/dialogs/{account}");
        await page.Locator(".dialog", new() { HasText = "Boris Belov" }).ClickAsync();
        await Expect(page.Locator(".bubble.in").Last).ToContainTextAsync("Can you see this?");

        console.Product.Kill("workers");
        await browser.Labelled("Message").FillAsync("Sent to nobody yet");
        await page.Keyboard.PressAsync("Enter");
        var bubble = page.Locator(".bubble.out", new() { HasText = "Sent to nobody yet" });
        await Expect(bubble.Locator(".state")).ToHaveTextAsync("Sending");
        await Expect(bubble).ToHaveAttributeAsync("data-status", "delivered");
        Assert.Equal(1, await console.Phone.CountAsync(boris, gleb, "Sent to nobody yet", _cancel));
        await console.Phone.WriteAsync(boris, gleb, "Both ways.", _cancel);
        await Expect(page.Locator(".bubble.in").Last).ToContainTextAsync("Both ways.");
        browser.ExpectNoProblems();
    }
}
