using Integrations.Web.Tests.Browser;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Integrations.Web.Tests.Journey;

[Collection(ConsoleTests.Name)]
public sealed class ActivityTests(ConsoleFixture console)
{
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_was_done_is_listed_filtered_and_a_failure_is_copied_with_its_code()
    {
        await using var user = await console.NewUserAsync(_cancel);
        var account = await console.ConnectAsync(user, console.People["zoya"], _cancel);
        // The same person again: Telegram lets it in, the product does not keep it twice.
        var (second, link) = await user.Office.StartQrAsync(_cancel);
        await console.Phone.ScanAsync(console.People["zoya"], link, _cancel);
        await user.Office.UntilLoginAsync(second, "error", TimeSpan.FromSeconds(120), _cancel);
        for (var time = 0; time < 13; time++)
        {
            await user.Api.PostAsync($"api/personal-telegram-accounts/{account}/pause", null, _cancel);
            await user.Api.PostAsync($"api/personal-telegram-accounts/{account}/reconnect", null, _cancel);
        }

        await using var browser = await console.SignedInAsync(user);
        var page = browser.Page;
        await browser.Context.GrantPermissionsAsync(["clipboard-read", "clipboard-write"]);
        await page.GotoAsync("/activity");
        await Expect(page.Locator(".line").First).ToBeVisibleAsync();
        await Expect(page).ToHaveTitleAsync("Activity");
        await browser.Labelled("Outcome").SelectOptionAsync("Failed");
        await Expect(page.Locator(".line")).ToHaveCountAsync(1);
        await Expect(page.Locator(".line")).ToContainTextAsync("This Telegram account is connected already.");
        await Screens.CheckAsync(page, "activity-failed");
        await browser.Button("Copy").ClickAsync();
        await Expect(page.GetByText("Copied")).ToBeVisibleAsync();
        var copied = await page.EvaluateAsync<string>("() => navigator.clipboard.readText()");
        Assert.Contains("TG_ALREADY_CONNECTED", copied, StringComparison.Ordinal);
        var trace = await page.Locator(".trouble .ids span code").InnerTextAsync();
        Assert.Matches("^[0-9a-f]{32}$", trace);
        Assert.Contains(trace, copied, StringComparison.Ordinal);

        await browser.Labelled("Search code, text or trace").FillAsync(trace[..12]);
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator(".line")).ToHaveCountAsync(1);
        await browser.Labelled("Action").SelectOptionAsync("Pause");
        await Expect(page.GetByText("Nothing of this kind happened in this time.")).ToBeVisibleAsync();
        await Screens.CheckAsync(page, "activity-empty");
        await browser.Labelled("Action").SelectOptionAsync("All");
        var download = await page.RunAndWaitForDownloadAsync(() => browser.Link("Download CSV").ClickAsync());
        Assert.Equal("activity.csv", download.SuggestedFilename);
        var table = await File.ReadAllLinesAsync(await download.PathAsync(), _cancel);
        Assert.Equal(2, table.Length);
        Assert.Contains(",error,TG_ALREADY_CONNECTED,", table[1], StringComparison.Ordinal);
        Assert.Contains(trace, table[1], StringComparison.Ordinal);
        await browser.Labelled("Search code, text or trace").FillAsync("");
        await page.Keyboard.PressAsync("Enter");

        await browser.Labelled("Outcome").SelectOptionAsync("All");
        await browser.Labelled("Period").SelectOptionAsync("Last 24 hours");
        await Expect(page.Locator(".line[data-status=success]").First).ToBeVisibleAsync();
        await Screens.CheckAsync(page, "activity");
        await browser.Labelled("Who").SelectOptionAsync("Everybody");
        await page.Locator(".line .what button").First.ClickAsync();
        await Expect(browser.Labelled("Who")).ToHaveValueAsync("one");
        browser.ExpectNoProblems();
    }

    [Fact]
    public async Task Who_changed_what_is_listed_and_proven_to_be_whole()
    {
        await using var user = await console.NewUserAsync(_cancel, name: "Olha Auditor");
        await user.Api.PostAsync("api/v1/projects", new { name = "Shop" }, _cancel);
        await using var browser = await console.SignedInAsync(user);
        var page = browser.Page;
        await page.GotoAsync("/audit");
        await Expect(page).ToHaveTitleAsync("Audit");
        await browser.Labelled("Who").SelectOptionAsync("Olha Auditor");
        // The newest first: the project, and before it that the storing was agreed to.
        await Expect(page.Locator(".line")).ToHaveCountAsync(2);
        var opened = page.Locator(".line").First;
        await Expect(opened).ToContainTextAsync("Project opened");
        await Expect(opened).ToContainTextAsync("you from 127.0.0.1");
        await opened.GetByText("What changed").ClickAsync();
        await Expect(opened.Locator("pre")).ToContainTextAsync("project.open");
        await browser.Button("Verify").ClickAsync();
        await Expect(page.Locator(".verdict[data-valid=true]")).ToContainTextAsync("Nothing was removed and nothing changed");
        await Screens.CheckAsync(page, "audit");
        var download = await page.RunAndWaitForDownloadAsync(() => browser.Link("Download CSV").ClickAsync());
        Assert.Equal("audit.csv", download.SuggestedFilename);
        Assert.Contains(",OpenProject,", (await File.ReadAllLinesAsync(await download.PathAsync(), _cancel))[1], StringComparison.Ordinal);
        await browser.Labelled("Action").SelectOptionAsync("Limits set");
        await Expect(page.GetByText("Nothing was changed in this time.")).ToBeVisibleAsync();

        var own = console.SameUserAs("operator");
        await using var other = await console.SignedInAsync(own);
        await other.Page.GotoAsync("/audit");
        await Expect(other.Page.GetByRole(AriaRole.Heading, new() { Name = "There is no such page" })).ToBeVisibleAsync();
        own.Api.Dispose();
    }

    [Fact]
    public async Task Rows_are_walked_and_every_place_is_reached_by_keys()
    {
        await using var user = await console.NewUserAsync(_cancel);
        var anna = console.People["anna"];
        await console.ConnectAsync(user, anna, _cancel);
        await console.ConnectAsync(user, console.People["zoya"], _cancel);
        await console.Phone.WriteAsync(console.People["egor"], anna, "Can you hear me?", _cancel);
        await using var browser = await console.SignedInAsync(user);
        var page = browser.Page;
        await page.GotoAsync("/accounts");
        var rows = page.Locator(".account");
        await Expect(rows).ToHaveCountAsync(2);
        await page.Keyboard.PressAsync("j");
        await Expect(rows.Nth(0)).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("j");
        await Expect(rows.Nth(1)).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("k");
        await Expect(rows.Nth(0)).ToBeFocusedAsync();

        await page.Keyboard.PressAsync("Control+k");
        var palette = page.Locator("#palette");
        await Expect(palette.GetByRole(AriaRole.Option, new() { Name = "Anna Abramova" })).ToBeVisibleAsync();
        await Screens.CheckAsync(page, "palette");
        await page.Keyboard.TypeAsync("nothing of this name");
        await Expect(palette.GetByText("There is no such place.")).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("Escape");
        await Expect(palette).ToBeHiddenAsync();

        await page.Keyboard.PressAsync("Control+k");
        await page.Keyboard.TypeAsync("egor");
        await Expect(palette.GetByRole(AriaRole.Option)).ToHaveCountAsync(1);
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator(".bubble.in")).ToContainTextAsync("Can you hear me?");
        await page.Locator(".thread h2").ClickAsync();
        await page.Keyboard.PressAsync("Control+k");
        await page.Keyboard.TypeAsync("activity");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Activity" })).ToBeVisibleAsync();
        browser.ExpectNoProblems();
    }
}
