using Integrations.Web.Tests.Browser;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Integrations.Web.Tests.Journey;

[Collection(ConsoleTests.Name)]
public sealed class SystemTests(ConsoleFixture console)
{
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_worker_that_died_is_shown_so_within_its_lease_and_the_one_after_it_takes_its_shards()
    {
        await using var user = await console.NewUserAsync(_cancel);
        await using var browser = await console.SignedInAsync(user);
        var page = browser.Page;
        await page.GotoAsync("/system");
        await Expect(page).ToHaveTitleAsync("System");
        var worker = page.Locator("[data-kind=worker][data-state=alive]");
        await Expect(worker).ToHaveCountAsync(1);
        await Expect(page.Locator("[data-kind=api][data-state=alive]")).Not.ToHaveCountAsync(0);
        await Expect(page.Locator("[data-kind=web][data-state=alive]")).Not.ToHaveCountAsync(0);
        await Expect(page.Locator("[data-shard]")).ToHaveCountAsync(16);
        await Expect(page.Locator("#difference")).ToHaveTextAsync("0");
        await Expect(page.Locator("#read-at")).ToContainTextAsync("read at");
        await Screens.CheckAsync(page, "system");

        var id = await worker.GetAttributeAsync("data-host");
        console.Product.Kill("workers");
        await Expect(page.Locator($"[data-host='{id}']")).ToHaveAttributeAsync("data-state", "dead");
        await Screens.CheckAsync(page, "system-dead-worker");
        await Expect(worker).ToHaveCountAsync(1);
        await Expect(page.Locator("[data-shard]", new() { HasText = "nobody" })).ToHaveCountAsync(0);
        browser.ExpectNoProblems();
    }

    [Fact]
    public async Task It_is_told_in_the_readers_language_and_to_administrators_only()
    {
        await using var user = await console.NewUserAsync(_cancel);
        await using (var browser = await console.SignedInAsync(user, new(Dark: true, Language: "ru")))
        {
            await browser.Page.GotoAsync("/system");
            await Expect(browser.Page.Locator("[data-kind=worker]").First).ToContainTextAsync("Воркер");
            await Screens.CheckAsync(browser.Page, "system-ru-dark");
            browser.ExpectNoProblems();
        }

        var worker = console.SameUserAs("operator");
        await using var other = await console.SignedInAsync(worker);
        await other.Page.GotoAsync("/system");
        await Expect(other.Page.GetByRole(AriaRole.Heading, new() { Name = "There is no such page" })).ToBeVisibleAsync();
        await Expect(other.Link("System")).ToHaveCountAsync(0);
        worker.Api.Dispose();
    }
}
