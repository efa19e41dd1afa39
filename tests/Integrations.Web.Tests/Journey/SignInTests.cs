using System.Text.RegularExpressions;
using Integrations.Web.Tests.Browser;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Integrations.Web.Tests.Journey;

[Collection(ConsoleTests.Name)]
public sealed partial class SignInTests(ConsoleFixture console)
{
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_owner_signs_in_by_password_and_out_again()
    {
        await console.TenantAsync(_cancel);
        await using var browser = await console.AnonymousAsync();
        var page = browser.Page;
        await page.GotoAsync("/");
        await Expect(page).ToHaveURLAsync(SignInAddress());
        await Screens.CheckAsync(page, "sign-in");

        await browser.Labelled("E-mail").FillAsync(ConsoleFixture.OwnerEmail);
        await browser.Labelled("Password").FillAsync("not the password");
        await browser.Button("Sign in").ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToHaveTextAsync("The e-mail or the password is wrong.");

        await browser.Labelled("E-mail").FillAsync(ConsoleFixture.OwnerEmail);
        await browser.Labelled("Password").FillAsync(ConsoleFixture.OwnerPassword);
        await browser.Button("Show the password").ClickAsync();
        await Expect(browser.Labelled("Password")).ToHaveAttributeAsync("type", "text");
        await browser.Button("Sign in").ClickAsync();
        await Expect(page.GetByText("Three steps to the first message")).ToBeVisibleAsync();

        await page.Locator("summary[aria-label='Your account']").ClickAsync();
        await browser.Button("Sign out").ClickAsync();
        await Expect(page).ToHaveURLAsync(SignInAddress());
        await page.GotoAsync("/dialogs");
        await Expect(page).ToHaveURLAsync(SignInAddress());
        browser.ExpectNoProblems();
    }

    [Fact]
    public async Task An_owner_link_that_was_used_is_refused_in_place()
    {
        await console.TenantAsync(_cancel);
        await using var browser = await console.AnonymousAsync();
        await browser.Page.GotoAsync("/welcome#token=long-gone");
        await browser.Labelled("E-mail").FillAsync("late@example.org");
        await browser.Labelled("Choose a password").FillAsync("a password nobody has");
        await browser.Button("Create the owner").ClickAsync();
        await Expect(browser.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("This link has lapsed or was used.");
        browser.ExpectNoProblems();
    }

    [Fact]
    public async Task Language_and_appearance_are_chosen_in_the_header_and_stay()
    {
        await using var user = await console.NewUserAsync(_cancel);
        await using var browser = await console.SignedInAsync(user);
        var page = browser.Page;
        await page.GotoAsync("/");
        await Expect(page.GetByText("Three steps to the first message")).ToBeVisibleAsync();

        await page.Locator("summary[aria-label^='Appearance']").ClickAsync();
        await browser.Button("Dark").ClickAsync();
        await Expect(page.Locator("html")).ToHaveAttributeAsync("data-theme", "dark");
        await Expect(page.Locator("body")).ToHaveCSSAsync("background-color", "rgb(15, 19, 27)");
        await Expect(page.GetByText("Three steps to the first message")).ToBeVisibleAsync();
        await Screens.CheckAsync(page, "first-steps-dark");

        foreach (var (language, heading) in new[] { ("Русский", "Три шага до первого сообщения"), ("Українська", "Три кроки до першого повідомлення") })
        {
            await page.Locator("summary[aria-label*='English'], summary[aria-label*='Русский']").ClickAsync();
            await browser.Button(language).ClickAsync();
            await Expect(page.GetByText(heading)).ToBeVisibleAsync();
        }

        await page.ReloadAsync();
        await Expect(page.GetByText("Три кроки до першого повідомлення")).ToBeVisibleAsync();
        await Expect(page.Locator("html")).ToHaveAttributeAsync("lang", "uk");
        await Screens.CheckAsync(page, "first-steps-dark-uk");
        browser.ExpectNoProblems();
    }

    [Fact]
    public async Task Keys_are_listed_and_lead_to_the_search()
    {
        await using var user = await console.NewUserAsync(_cancel);
        await console.ConnectAsync(user, console.People["zoya"], _cancel);
        await using var browser = await console.SignedInAsync(user);
        var page = browser.Page;
        await page.GotoAsync("/");
        await Expect(page.Locator(".account")).ToHaveCountAsync(1);

        await page.Keyboard.PressAsync("?");
        await Expect(browser.Dialog).ToBeVisibleAsync();
        await Screens.CheckAsync(page, "keys");
        await page.Keyboard.PressAsync("Escape");
        await Expect(browser.Dialog).ToBeHiddenAsync();

        await page.Keyboard.PressAsync("/");
        await Expect(browser.Labelled("Search accounts")).ToBeFocusedAsync();
        await page.Keyboard.TypeAsync("nobody of this name");
        await Expect(page.GetByText("Nothing matches the search.")).ToBeVisibleAsync();
        await browser.Labelled("Search accounts").FillAsync("zoya");
        await Expect(page.Locator(".account")).ToHaveCountAsync(1);
        await page.Keyboard.PressAsync("Escape");
        await Expect(browser.Labelled("Search accounts")).Not.ToBeFocusedAsync();
        browser.ExpectNoProblems();
    }

    [Fact]
    public async Task A_page_that_is_not_there_says_so()
    {
        await using var user = await console.NewUserAsync(_cancel);
        await using var browser = await console.SignedInAsync(user);
        var response = await browser.Page.GotoAsync("/no/such/page");
        Assert.Equal(404, response!.Status);
        await Expect(browser.Page.GetByRole(AriaRole.Heading, new() { Name = "There is no such page" })).ToBeVisibleAsync();
    }

    [GeneratedRegex("/sign-in$")]
    private static partial Regex SignInAddress();
}
