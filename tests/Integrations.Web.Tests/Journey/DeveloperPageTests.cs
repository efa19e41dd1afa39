using Integrations.Web.Tests.Browser;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Integrations.Web.Tests.Journey;

/// <summary>The local host's own page, in a browser; what it answers is tested with the host.</summary>
[Collection(ConsoleTests.Name)]
public sealed class DeveloperPageTests(ConsoleFixture console)
{
    [Fact]
    public async Task The_developer_page_looks_like_the_console_on_a_desk_and_on_a_telephone_by_day_and_by_night()
    {
        var addresses = console.Product.Addresses;
        await using (var locked = await console.AnonymousAsync())
        {
            await locked.Page.GotoAsync(addresses.DeveloperPage.ToString());
            await Expect(locked.Page.GetByRole(AriaRole.Heading, new() { Name = "Sign in" })).ToBeVisibleAsync();
            await Screens.CheckAsync(locked.Page, "developer-locked");
            await locked.Page.GetByLabel("Token").FillAsync(addresses.DeveloperPageToken);
            await locked.Button("Open").ClickAsync();
            await Expect(locked.Page.GetByRole(AriaRole.Tab, new() { Name = "Resources" })).ToBeVisibleAsync();
        }

        await using var browser = await console.AnonymousAsync();
        var page = browser.Page;
        await page.GotoAsync($"{addresses.DeveloperPage}#token={addresses.DeveloperPageToken}");
        await Expect(page.GetByRole(AriaRole.Row, new() { NameRegex = new("^web ") })).ToContainTextAsync("Healthy");
        await Screens.CheckAsync(page, "developer");
        await page.GetByRole(AriaRole.Row, new() { NameRegex = new("^api ") }).Locator(".name").ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "api", Exact = true })).ToBeVisibleAsync();
        await Screens.CheckAsync(page, "developer-details");
        await page.GetByRole(AriaRole.Tab, new() { Name = "Console logs" }).ClickAsync();
        await Expect(page.Locator(".line").First).ToBeVisibleAsync();
        await Screens.CheckAsync(page, "developer-logs");

        await page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Dark });
        await Screens.CheckAsync(page, "developer-logs-dark");
        await page.GetByRole(AriaRole.Tab, new() { Name = "Resources" }).ClickAsync();
        await Screens.CheckAsync(page, "developer-dark");
        browser.ExpectNoProblems();
    }
}
