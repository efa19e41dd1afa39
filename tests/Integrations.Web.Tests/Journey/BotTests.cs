using Integrations.Web.Tests.Browser;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Integrations.Web.Tests.Journey;

[Collection(ConsoleTests.Name)]
public sealed class BotTests(ConsoleFixture console)
{
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_bot_is_connected_looked_at_switched_off_and_on_and_deleted()
    {
        const string Name = "Shop helper";
        var token = await console.MakeBotAsync(Name, _cancel);
        await using var user = await console.NewUserAsync(_cancel);
        await using var browser = await console.SignedInAsync(user);
        var page = browser.Page;

        await page.GotoAsync("/bots");
        await Expect(page.GetByText("No bots yet")).ToBeVisibleAsync();
        await Screens.CheckAsync(page, "bots-empty");
        await browser.Button("Connect a bot").ClickAsync();
        await browser.Labelled("Bot token").FillAsync("nonsense");
        await browser.InDialog("Connect a bot").ClickAsync();
        await Expect(page.GetByText("This is not a bot's token.")).ToBeVisibleAsync();
        await Screens.CheckAsync(page, "bots-connect");
        await browser.Labelled("Bot token").FillAsync(token);
        await browser.InDialog("Connect a bot").ClickAsync();

        var row = page.Locator("[data-bot]", new() { HasText = Name });
        await Expect(row).ToContainTextAsync("Works");
        await Screens.CheckAsync(page, "bots");
        await browser.Button($"Details of {Name}").ClickAsync();
        await Expect(page.Locator("[data-webhook]")).ToHaveTextAsync("here");
        await Screens.CheckAsync(page, "bots-details");
        Assert.DoesNotContain(token[^12..], await page.ContentAsync(), StringComparison.Ordinal);
        await page.Keyboard.PressAsync("Escape");

        // A colleague's page follows by events.
        await using var other = await console.SignedInAsync(user, new(Language: "uk"));
        await other.Page.GotoAsync("/bots");
        await Expect(other.Page.Locator("[data-bot]")).ToContainTextAsync("Працює");
        await browser.Button($"Switch {Name} off").ClickAsync();
        await ConfirmAsync(browser, "Switch off");
        await Expect(row).ToContainTextAsync("Switched off");
        await Expect(other.Page.Locator("[data-bot]")).ToContainTextAsync("Вимкнено");

        await browser.Button($"Register {Name} anew").ClickAsync();
        await Expect(row).ToContainTextAsync("Works");
        await browser.Button($"Delete {Name}").ClickAsync();
        await ConfirmAsync(browser, "Delete");
        await Expect(page.GetByText("No bots yet")).ToBeVisibleAsync();
        browser.ExpectNoProblems();
        other.ExpectNoProblems();
    }

    [Fact]
    public async Task Who_may_not_connect_bots_is_told_who_does()
    {
        await using var user = await console.NewUserAsync(_cancel, role: "operator");
        await using var browser = await console.SignedInAsync(user, new(Language: "ru"));

        await browser.Page.GotoAsync("/bots");

        await Expect(browser.Page.GetByText("Ботов подключают администраторы вашей компании.")).ToBeVisibleAsync();
        await Expect(browser.Button("Подключить бота")).ToHaveCountAsync(0);
        await Screens.CheckAsync(browser.Page, "bots-operator-ru");
        browser.ExpectNoProblems();
    }

    private static Task ConfirmAsync(BrowserPage browser, string action) =>
        browser.Page.Locator(".rz-dialog-confirm").GetByRole(AriaRole.Button, new() { Name = action, Exact = true }).ClickAsync();
}
