using Integrations.Bench.Product;
using Integrations.Web.Tests.Browser;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Integrations.Web.Tests.Journey;

[Collection(ConsoleTests.Name)]
public sealed class DialogTests(ConsoleFixture console)
{
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_conversation_is_begun_answered_and_found_again()
    {
        await using var user = await console.NewUserAsync(_cancel);
        var (anna, boris) = (console.People["anna"], console.People["boris"]);
        await console.ConnectAsync(user, anna, _cancel);
        await using var browser = await console.SignedInAsync(user);
        var page = browser.Page;
        await page.GotoAsync("/");
        await Expect(page.Locator(".status")).ToHaveTextAsync("Connected");
        await Screens.CheckAsync(page, "accounts-one");
        await page.Locator(".account").GetByRole(AriaRole.Link, new() { Name = "Dialogs" }).ClickAsync();

        await browser.Button("New dialog").ClickAsync();
        await browser.Labelled("Write to").FillAsync("?");
        await browser.Button("Begin").ClickAsync();
        await Expect(page.GetByText("Write a username such as @maria")).ToBeVisibleAsync();
        await browser.Labelled("Write to").FillAsync("@" + boris.Username);
        await browser.Button("Begin").ClickAsync();
        await Expect(page.GetByText("Nothing has been said here yet.")).ToBeVisibleAsync();
        await browser.Labelled("Message").FillAsync("Good morning, Boris.\nAre the papers ready?");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator(".bubble.out[data-status=delivered]")).ToContainTextAsync("Are the papers ready?");
        Assert.Equal(1, await console.Phone.CountAsync(boris, anna, "Good morning, Boris.\nAre the papers ready?", _cancel));

        await console.Phone.WriteAsync(boris, anna, "They are. I bring them at noon.", _cancel);
        await Expect(page.Locator(".bubble.in")).ToContainTextAsync("They are. I bring them at noon.");
        await browser.Labelled("Message").FillAsync("Thank you! Please ring twice: the bell is quiet, and the door on the left is open only until one o’clock.");
        await browser.Button("Send").ClickAsync();
        await Expect(page.Locator(".bubble.out[data-status=delivered]")).ToHaveCountAsync(2);
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Boris Belov" })).ToBeVisibleAsync();
        await Screens.CheckAsync(page, "dialog");

        await browser.Labelled("Message").FillAsync("A thought not yet finished");
        await page.ReloadAsync();
        await Expect(page.Locator(".bubble")).ToHaveCountAsync(3);
        await Expect(browser.Labelled("Message")).ToHaveValueAsync("A thought not yet finished");
        await browser.Labelled("Message").FillAsync("");

        await console.Phone.WriteAsync(console.People["egor"], anna, "Hello Anna, this is Egor.", _cancel);
        var egor = page.Locator(".dialog", new() { HasText = "Egor Ershov" });
        await Expect(egor.Locator(".badge")).ToHaveTextAsync("1");
        await page.Keyboard.PressAsync("Escape");
        await page.Locator(".thread h2").ClickAsync();
        await page.Keyboard.PressAsync("/");
        await page.Keyboard.TypeAsync("egor");
        await Expect(page.Locator(".dialog")).ToHaveCountAsync(1);
        await egor.ClickAsync();
        await Expect(page.Locator(".bubble.in")).ToContainTextAsync("this is Egor");
        await Expect(egor.Locator(".badge")).ToHaveCountAsync(0);
        await page.ReloadAsync();
        await Expect(page.Locator(".bubble.in")).ToContainTextAsync("this is Egor");
        await Expect(egor).ToBeVisibleAsync();
        await Expect(egor.Locator(".badge")).ToHaveCountAsync(0);
        browser.ExpectNoProblems();
    }

    [Fact]
    public async Task What_telegram_refuses_is_shown_with_its_reason_and_sent_by_retry()
    {
        await using var user = await console.NewUserAsync(_cancel);
        var egor = console.People["egor"];
        var account = await console.ConnectAsync(user, egor, _cancel);
        await using var browser = await console.SignedInAsync(user);
        var page = browser.Page;
        await page.GotoAsync($"/dialogs/{account}");
        await browser.Button("New dialog").ClickAsync();
        await browser.Labelled("Write to").FillAsync("gleb");
        await browser.Button("Begin").ClickAsync();
        await console.BreakAsync(new { kind = "rpc_error", person = egor.Id, method = "messages.sendMessage", code = 403, error = "USER_PRIVACY_RESTRICTED" }, _cancel);
        await browser.Labelled("Message").FillAsync("Hello Gleb");
        await browser.Button("Send").ClickAsync();
        await Expect(page.Locator(".bubble[data-status=failed]")).ToContainTextAsync("The recipient does not accept messages from this account.");
        await Screens.CheckAsync(page, "dialog-failed");
        await console.HealAsync(_cancel);
        await browser.Button("Retry").ClickAsync();
        await Expect(page.Locator(".bubble.out[data-status=delivered]")).ToContainTextAsync("Hello Gleb");
        await Expect(page.Locator(".bubble[data-status=failed]")).ToHaveCountAsync(0);
        await page.ReloadAsync();
        await Expect(page.Locator(".bubble")).ToHaveCountAsync(1);
        await Expect(page.Locator(".bubble.out[data-status=delivered]")).ToContainTextAsync("Hello Gleb");

        await browser.Button("New dialog").ClickAsync();
        await browser.Labelled("Write to").FillAsync("nobody_of_this_name");
        await browser.Button("Begin").ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "@nobody_of_this_name" })).ToBeVisibleAsync();
        await browser.Labelled("Message").FillAsync("Is anybody there?");
        await browser.Button("Send").ClickAsync();
        await Expect(page.Locator(".bubble[data-status=failed]")).ToContainTextAsync("Telegram does not know this recipient.");
        browser.ExpectNoProblems();
    }

    [Fact]
    public async Task Older_messages_come_when_one_scrolls_up()
    {
        await using var user = await console.NewUserAsync(_cancel);
        var (mila, zoya) = (console.People.Values.Single(person => person.Username.Length == 0), console.People["zoya"]);
        var account = await console.ConnectAsync(user, mila, _cancel);
        const int All = 120;
        for (var number = 1; number <= All; number++)
            await console.Phone.WriteAsync(zoya, mila, $"Line {number}", _cancel);
        await Office.UntilAsync("all lines are stored", async () => await user.Office.CountAsync(account, $"Line {All}", _cancel) == 1, TimeSpan.FromSeconds(60), _cancel);

        await using var browser = await console.SignedInAsync(user);
        var page = browser.Page;
        await page.GotoAsync($"/dialogs/{account}");
        await page.Locator(".dialog", new() { HasText = "Zoya Zimina" }).ClickAsync();
        await Expect(page.GetByText($"Line {All}", new() { Exact = true })).ToBeInViewportAsync();
        var first = page.GetByText("Line 1", new() { Exact = true });
        await Expect(first).ToHaveCountAsync(0);
        while (await first.CountAsync() == 0)
        {
            _cancel.ThrowIfCancellationRequested();
            var shown = await page.Locator(".bubble").CountAsync();
            await page.Locator(".bubble").First.ScrollIntoViewIfNeededAsync();
            await Expect(page.Locator(".bubble")).Not.ToHaveCountAsync(shown);
        }

        await Expect(page.Locator(".bubble")).ToHaveCountAsync(All);
        browser.ExpectNoProblems();
    }
}
