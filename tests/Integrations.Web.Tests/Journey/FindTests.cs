using Integrations.Web.Tests.Browser;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Integrations.Web.Tests.Journey;

/// <summary>Finding what was said, and clearing dialogs away.</summary>
[Collection(ConsoleTests.Name)]
public sealed class FindTests(ConsoleFixture console)
{
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_was_said_is_found_in_another_form_and_read_where_it_was_said()
    {
        await using var user = await console.NewUserAsync(_cancel);
        var (anna, boris) = (console.People["anna"], console.People["boris"]);
        var account = Guid.Parse(await console.ConnectAsync(user, anna, _cancel));
        await console.Phone.WriteAsync(boris, anna, "Скажите, где мой заказ?", _cancel);
        await using var browser = await console.SignedInAsync(user);
        var page = browser.Page;
        await page.GotoAsync("/dialogs");
        await Expect(page.Locator(".dialog")).ToHaveCountAsync(1);
        // Far above what a thread shows at first, and one that is found by the beginning of a word.
        await console.ExecuteAsync(
            """
            insert into messages (id, tenant_id, account_id, dialog_id, shard, direction, status, text, telegram_date)
            select gen_random_uuid(), d.tenant_id, d.personal_account_id, d.id, 0, 'personal_telegram_in', 'received',
                   case n when 100 then 'Моє замовлення ще не надійшло' else 'chatter ' || n end, now() - make_interval(secs => 500 - n)
              from dialogs d, generate_series(1, 400) n where d.personal_account_id = $1 order by n
            """,
            _cancel,
            account);
        await page.ReloadAsync();

        await browser.Labelled("Search dialogs").FillAsync("заказа");
        await Expect(page.Locator(".hit mark")).ToHaveTextAsync("заказ");
        await Screens.CheckAsync(page, "desk-found");
        await browser.Labelled("Search dialogs").FillAsync("замов");
        await Expect(page.Locator(".hit mark")).ToHaveTextAsync("замовлення");
        await page.Locator(".hit").ClickAsync();

        var hit = page.Locator(".bubble[aria-current=true]");
        await Expect(hit).ToContainTextAsync("Моє замовлення ще не надійшло");
        await Expect(hit).ToBeInViewportAsync();
        await Expect(page.GetByRole(AriaRole.Log).GetByText("chatter 101", new() { Exact = true })).ToBeVisibleAsync();
        await Screens.CheckAsync(page, "desk-found-thread");
        await browser.Button("Newer messages").ClickAsync();
        await Expect(page.GetByRole(AriaRole.Log).GetByText("chatter 150", new() { Exact = true })).ToBeVisibleAsync();
        await browser.Button("To the newest").ClickAsync();
        await Expect(page.GetByRole(AriaRole.Log).GetByText("chatter 400", new() { Exact = true })).ToBeInViewportAsync();
        await Expect(browser.Button("To the newest")).ToHaveCountAsync(0);
        await console.Phone.WriteAsync(boris, anna, "Here I am again", _cancel);
        await Expect(page.Locator(".bubble.in", new() { HasText = "Here I am again" })).ToBeVisibleAsync();
        browser.ExpectNoProblems();
    }

    [Fact]
    public async Task A_dialog_is_closed_found_by_its_state_downloaded_and_deleted()
    {
        await using var user = await console.NewUserAsync(_cancel);
        var (anna, boris, egor) = (console.People["anna"], console.People["boris"], console.People["egor"]);
        await console.ConnectAsync(user, anna, _cancel);
        await console.Phone.WriteAsync(boris, anna, "The first word", _cancel);
        await console.Phone.WriteAsync(egor, anna, "Another matter", _cancel);
        await using var browser = await console.SignedInAsync(user);
        var page = browser.Page;
        await page.GotoAsync("/dialogs");
        await Expect(page.Locator(".dialog")).ToHaveCountAsync(2);
        await page.Locator(".dialog", new() { HasText = "Boris" }).ClickAsync();

        await MenuAsync("close-dialog");
        await Expect(page.Locator(".dialog", new() { HasText = "Boris" }).Locator(".closed-mark")).ToBeVisibleAsync();
        await page.Locator(".more-filters summary").ClickAsync();
        await page.Locator("#filter-state").SelectOptionAsync("closed");
        await Expect(page.Locator(".dialog")).ToHaveCountAsync(1);
        await Expect(page.Locator(".dialog")).ToContainTextAsync("Boris");
        await Screens.CheckAsync(page, "desk-more-filters");
        await page.Locator("#filter-state").SelectOptionAsync("open");
        await Expect(page.Locator(".dialog")).ToContainTextAsync("Egor");
        await console.Phone.WriteAsync(boris, anna, "And one thing more", _cancel);
        await Expect(page.Locator(".dialog")).ToHaveCountAsync(2);

        var download = await page.RunAndWaitForDownloadAsync(() => MenuAsync("export-dialog"));
        await using (var stream = await download.CreateReadStreamAsync())
        using (var reader = new StreamReader(stream))
            Assert.Contains("The first word", await reader.ReadToEndAsync(_cancel), StringComparison.Ordinal);

        await MenuAsync("delete-dialog");
        await page.Locator(".rz-dialog-confirm").GetByRole(AriaRole.Button, new() { Name = "Delete", Exact = true }).ClickAsync();
        await Expect(page.Locator(".dialog", new() { HasText = "Boris" })).ToHaveCountAsync(0);
        await Expect(page.GetByText("The first word")).ToHaveCountAsync(0);
        browser.ExpectNoProblems();

        async Task MenuAsync(string item)
        {
            if (await page.Locator(".thread-menu[open]").CountAsync() == 0)
                await page.Locator(".thread-menu summary").ClickAsync();
            await page.Locator($"#{item}").ClickAsync();
        }
    }
}
