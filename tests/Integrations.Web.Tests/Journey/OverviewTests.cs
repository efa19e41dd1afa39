using System.Text.RegularExpressions;
using Integrations.Web.Tests.Browser;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Integrations.Web.Tests.Journey;

[Collection(ConsoleTests.Name)]
public sealed partial class OverviewTests(ConsoleFixture console)
{
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_message_that_failed_is_told_and_sent_again_where_it_is_told_and_then_all_is_well()
    {
        await using var user = await console.NewUserAsync(_cancel);
        var (egor, gleb) = (console.People["egor"], console.People["gleb"]);
        var account = await console.ConnectAsync(user, egor, _cancel);
        await console.Phone.WriteAsync(console.People["zoya"], egor, "Good morning", _cancel);
        await user.Office.SendAsync(account, gleb, "The first of them arrives.", "one", _cancel);
        var own = console.SameUserAs("operator");
        await using var browser = await console.SignedInAsync(own);
        var page = browser.Page;
        await page.GotoAsync("/");
        await Expect(page).ToHaveTitleAsync("Overview");
        await Expect(page.Locator("main").GetByText("All is well")).ToBeVisibleAsync();
        await Expect(page.Locator("#received")).ToHaveTextAsync("1");
        await Expect(page.Locator("#sent")).ToHaveTextAsync("1");

        await console.BreakAsync(new { kind = "rpc_error", person = egor.Id, method = "messages.sendMessage", code = 403, error = "USER_PRIVACY_RESTRICTED" }, _cancel);
        await user.Office.SendAsync(account, gleb, "This one does not.", "two", _cancel);
        var problem = page.Locator(".problem[data-kind=message_failed]");
        await Expect(problem).ToContainTextAsync("The recipient does not accept messages from this account.");
        await Expect(problem).ToContainTextAsync("Gleb Gusev");
        await Expect(page.Locator("#failed")).ToHaveTextAsync("1");
        await Screens.CheckAsync(page, "overview-problem");

        await console.HealAsync(_cancel);
        await browser.Button("Send again").ClickAsync();
        await Expect(problem).ToHaveCountAsync(0);
        await Expect(page.Locator("main").GetByText("All is well")).ToBeVisibleAsync();
        await Expect(page.Locator("#failed")).ToHaveTextAsync("0");
        await Screens.CheckAsync(page, "overview-well");

        await browser.Button("30 days").ClickAsync();
        await Expect(page.Locator(".chart").First.Locator(".column")).ToHaveCountAsync(30);
        await page.Locator(".as-table summary").First.ClickAsync();
        await Expect(page.Locator(".as-table table").First.Locator("tbody tr")).ToHaveCountAsync(30);
        await Screens.CheckAsync(page, "overview-30-days");
        browser.ExpectNoProblems();
        own.Api.Dispose();
    }

    [Fact]
    public async Task A_wait_is_counted_down_and_the_page_speaks_the_readers_language_at_night()
    {
        await using var user = await console.NewUserAsync(_cancel);
        var egor = console.People["egor"];
        var account = await console.ConnectAsync(user, egor, _cancel);
        await console.BreakAsync(new { kind = "flood_wait", person = egor.Id, method = "messages.sendMessage", seconds = 12 }, _cancel);
        await user.Office.SendAsync(account, console.People["gleb"], "Later", "flood", _cancel);
        var own = console.SameUserAs("operator");
        await using var browser = await console.SignedInAsync(own, new(Dark: true, Language: "ru"));
        var page = browser.Page;
        await page.GotoAsync("/");
        var problem = page.Locator(".problem[data-kind=flood_wait]");
        await Expect(problem).ToContainTextAsync("Telegram просит подождать");
        await Expect(problem.Locator(".countdown")).ToHaveTextAsync(Countdown());
        await Screens.CheckAsync(page, "overview-wait-ru-dark");
        await console.HealAsync(_cancel);
        await Expect(page.Locator("main").GetByText("Всё в порядке")).ToBeVisibleAsync();
        browser.ExpectNoProblems();
        own.Api.Dispose();
    }

    [Fact]
    public async Task An_account_that_was_given_up_is_logged_in_again_from_here()
    {
        await using var user = await console.NewUserAsync(_cancel);
        var zoya = console.People["zoya"];
        await console.ConnectAsync(user, zoya, _cancel);
        var own = console.SameUserAs("operator");
        await using var browser = await console.SignedInAsync(own);
        var page = browser.Page;
        await page.GotoAsync("/");
        await console.Phone.EndDevicesAsync(zoya, _cancel);
        var problem = page.Locator(".problem[data-kind=account_error]");
        await Expect(problem).ToContainTextAsync("Zoya Zimina");
        await problem.GetByRole(AriaRole.Button).ClickAsync();
        var qr = page.Locator("#qr");
        await Expect(qr).ToBeVisibleAsync();
        await Screens.CheckAsync(page, "overview-log-in");
        await console.Phone.ScanAsync(zoya, (await qr.GetAttributeAsync("data-qr-url"))!, _cancel);
        await Expect(problem).ToHaveCountAsync(0);
        await Expect(page.Locator("main").GetByText("All is well")).ToBeVisibleAsync();
        own.Api.Dispose();
    }

    [Fact]
    public async Task Who_has_no_account_is_told_whom_to_ask_and_an_administrator_how_to_begin()
    {
        await using var stranger = await console.NewUserAsync(_cancel, "operator");
        await using var browser = await console.SignedInAsync(stranger);
        await browser.Page.GotoAsync("/");
        await Expect(browser.Page.GetByRole(AriaRole.Heading, new() { Name = "No accounts yet" })).ToBeVisibleAsync();
        await Expect(browser.Button("Connect an account")).ToHaveCountAsync(0);
        await Screens.CheckAsync(browser.Page, "overview-none");
        browser.ExpectNoProblems();
    }

    [GeneratedRegex(@"^осталось 0:\d\d$")]
    private static partial Regex Countdown();
}
