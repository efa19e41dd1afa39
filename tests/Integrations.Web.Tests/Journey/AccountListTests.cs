using System.Text.Json.Nodes;
using Integrations.Bench.Product;
using Integrations.Web.Tests.Browser;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Integrations.Web.Tests.Journey;

/// <summary>Many accounts at once, their timeline, what one is told, and sessions from elsewhere.</summary>
[Collection(ConsoleTests.Name)]
public sealed class AccountListTests(ConsoleFixture console)
{
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Several_accounts_are_picked_paused_and_resumed_and_what_refuses_is_named()
    {
        await using var user = await console.NewUserAsync(_cancel);
        foreach (var name in new[] { "anna", "boris", "gleb" })
            await console.ConnectAsync(user, console.People[name], _cancel);
        await using var browser = await console.SignedInAsync(user);
        var page = browser.Page;
        await page.GotoAsync("/accounts");
        await Expect(page.Locator(".account[data-status=active]")).ToHaveCountAsync(3);
        await browser.Labelled("Select Gleb Gusev").CheckAsync();
        await browser.Labelled("Select Anna Abramova").CheckAsync();
        await Expect(page.GetByText("Selected: 2")).ToBeVisibleAsync();
        await Screens.CheckAsync(page, "accounts-picked");
        await browser.Button("Pause").ClickAsync();
        await Expect(page.GetByText("Done: 2 · refused: 0")).ToBeVisibleAsync();
        await Expect(page.Locator(".account[data-status=paused]")).ToHaveCountAsync(2);

        await browser.Labelled("Select all that are shown").CheckAsync();
        await page.Locator(".bulk").GetByRole(AriaRole.Button, new() { Name = "Resume", Exact = true }).ClickAsync();
        await Expect(page.GetByText("Done: 2 · refused: 1")).ToBeVisibleAsync();
        await Expect(page.Locator(".bulk-summary li")).ToContainTextAsync("Boris Belov");
        await Expect(page.Locator(".account[data-status=active]")).ToHaveCountAsync(3);
        await Screens.CheckAsync(page, "accounts-bulk-done");
        browser.ExpectNoProblems();
    }

    [Fact]
    public async Task A_thousand_accounts_are_walked_through_and_changed_at_once()
    {
        await using var user = await console.NewUserAsync(_cancel);
        var me = (await user.Api.GetAsync("api/v1/auth/me", _cancel)).Body!["user_id"]!.GetValue<int>();
        // Of a world that no worker here looks after: they stay as they are.
        await console.ExecuteAsync(
            """
            insert into telegram_accounts (id, tenant_id, user_id, shard, world, status, goal, display_name, telegram_user_id)
            select gen_random_uuid(), u.tenant_id, u.user_id, 0, 'telegram', 'paused', 'paused', 'Account ' || lpad(n::text, 4, '0'), 7000000000 + n
              from users u, generate_series(1, 1000) n where u.user_id = $1
            """,
            _cancel,
            me);
        try
        {
            await using var browser = await console.SignedInAsync(user);
            var page = browser.Page;
            await page.GotoAsync("/accounts");
            await Expect(page.GetByText("All: 1000")).ToBeVisibleAsync();
            await Expect(page.Locator(".account").First).ToBeVisibleAsync();
            Assert.InRange(await page.Locator(".account").CountAsync(), 5, 60);
            await page.Locator("[data-search]").FillAsync("Account 0777");
            await Expect(page.Locator(".account")).ToHaveCountAsync(1);
            await page.Locator("[data-search]").FillAsync("");
            await browser.Labelled("Select all that are shown").CheckAsync();
            await Expect(page.GetByText("Selected: 1000")).ToBeVisibleAsync();
            await page.Locator("#bulk-stored").SelectOptionAsync("groups_off");
            await Expect(page.GetByText("Done: 1000 · refused: 0")).ToBeVisibleAsync(new() { Timeout = 360_000 });
            browser.ExpectNoProblems();
        }
        finally
        {
            // Nobody else takes them away: no worker here looks after that world.
            await console.ExecuteAsync("update telegram_accounts set deleted_at = now() where user_id = $1", CancellationToken.None, me);
        }

        Assert.DoesNotContain((await user.Api.GetAsync("api/personal-telegram-accounts", _cancel)).Body!.AsArray(), account => account!["user_id"]!.GetValue<int>() == me);
    }

    [Fact]
    public async Task A_state_and_a_search_leave_out_the_others()
    {
        await using var user = await console.NewUserAsync(_cancel);
        foreach (var name in new[] { "anna", "boris" })
            await console.ConnectAsync(user, console.People[name], _cancel);
        await using var browser = await console.SignedInAsync(user);
        var page = browser.Page;
        await page.GotoAsync("/accounts");
        await browser.Labelled("Select Boris Belov").CheckAsync();
        await browser.Button("Pause").ClickAsync();
        await Expect(page.Locator(".account[data-status=paused]")).ToHaveCountAsync(1);
        await page.Locator(".chips [data-state=paused]").ClickAsync();
        await Expect(page.Locator(".account")).ToHaveCountAsync(1);
        await page.Locator("[data-search]").FillAsync("Anna");
        await Expect(page.GetByText("Nothing matches the search.")).ToBeVisibleAsync();
        browser.ExpectNoProblems();
    }

    [Fact]
    public async Task The_timeline_of_an_account_follows_by_itself()
    {
        await using var user = await console.NewUserAsync(_cancel);
        var account = await console.ConnectAsync(user, console.People["anna"], _cancel);
        await using var browser = await console.SignedInAsync(user);
        var page = browser.Page;
        await page.GotoAsync("/accounts");
        await browser.Button("Settings of Anna Abramova").ClickAsync();
        await browser.InDialog("Timeline").ClickAsync();
        await Expect(page.Locator(".timeline")).ToContainTextAsync("Logged in");
        await user.Api.PostAsync($"api/personal-telegram-accounts/{account}/pause", null, _cancel);
        await Expect(page.Locator(".timeline li").First).ToContainTextAsync("Paused");
        await Screens.CheckAsync(page, "account-timeline");
        browser.ExpectNoProblems();
    }

    [Fact]
    public async Task The_bell_has_nothing_to_tell_and_takes_what_it_is_to_be_silent_about()
    {
        await using var user = await console.NewUserAsync(_cancel);
        await using var browser = await console.SignedInAsync(user, new BrowserOptions(Language: "ru"));
        var page = browser.Page;
        await page.GotoAsync("/accounts");
        await page.Locator(".bell summary").First.ClickAsync();
        await Expect(page.GetByText("Всё в порядке")).ToBeVisibleAsync();
        await page.GetByText("О чём уведомлять").ClickAsync();
        var back = page.GetByRole(AriaRole.Switch, new() { Name = "Связь восстановлена" });
        await Expect(back).ToBeCheckedAsync();
        await back.ClickAsync();
        await Office.UntilAsync(
            "it is muted",
            async () => (await user.Api.GetAsync("api/v1/notices/settings", _cancel)).Body!["muted"] is JsonArray { Count: 1 },
            TimeSpan.FromSeconds(120),
            _cancel);
        await Screens.CheckAsync(page, "notices-ru");
        browser.ExpectNoProblems();
    }

    [Fact]
    public async Task What_is_no_session_is_told_line_by_line_before_anything_is_written()
    {
        await using var user = await console.NewUserAsync(_cancel);
        await using var browser = await console.SignedInAsync(user, new BrowserOptions(Dark: true));
        var page = browser.Page;
        await page.GotoAsync("/accounts");
        await browser.Button("Import").ClickAsync();
        await Screens.CheckAsync(page, "import-dark");
        var key = new byte[263];
        (key[0], key[262]) = (2, 7);
        var session = "1" + Convert.ToBase64String(key).Replace('+', '-').Replace('/', '_');
        await page.Locator("#import-text").FillAsync($"{session}, Sales\n1broken Support\n{session}");
        await browser.InDialog("Check").ClickAsync();
        await Expect(page.GetByText("Good: 1 · refused: 2")).ToBeVisibleAsync();
        await Expect(page.Locator("[data-verdict=bad]").First).ToContainTextAsync("not a string session");
        await Expect(browser.InDialog("Import 1")).ToBeDisabledAsync();
        await browser.Labelled("The old program is stopped and will not be started again.").CheckAsync();
        await Expect(browser.InDialog("Import 1")).ToBeEnabledAsync();
        await Screens.CheckAsync(page, "import-trial-dark");
        browser.ExpectNoProblems();
    }
}
