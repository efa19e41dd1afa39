using System.Text.RegularExpressions;
using Integrations.Bench.Product;
using Integrations.Web.Tests.Browser;
using static Microsoft.Playwright.Assertions;

namespace Integrations.Web.Tests.Journey;

/// <summary>What becomes of an open page when its circuit, or the right to it, is gone.</summary>
[Collection(ConsoleTests.Name)]
public sealed partial class CircuitTests(ConsoleFixture console)
{
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_session_that_was_ended_elsewhere_takes_its_open_pages_with_it()
    {
        var session = await console.OwnerSessionAsync(_cancel);
        await using var browser = await console.SignedInAsync(session);
        await using var still = await console.SignedInAsync(await console.OwnerSessionAsync(_cancel));
        await browser.Page.GotoAsync("/activity");
        await still.Page.GotoAsync("/activity");
        await Expect(browser.Page.Locator("main h1")).ToBeVisibleAsync();
        await Expect(still.Page.Locator("main h1")).ToBeVisibleAsync();

        using var elsewhere = new ApiClient(console.Product.Addresses.Api, session);
        await elsewhere.PostAsync("api/v1/auth/sign-out", null, _cancel);
        await Expect(browser.Page).ToHaveURLAsync(SignInAddress());
        await Expect(browser.Labelled("E-mail")).ToBeVisibleAsync();
        await browser.Page.GoBackAsync();
        await Expect(browser.Page).ToHaveURLAsync(SignInAddress());
        await Expect(still.Page.Locator("main h1")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_restarted_console_says_so_and_follows_a_link_once_it_answers()
    {
        await using var user = await console.NewUserAsync(_cancel);
        await console.ConnectAsync(user, console.People["zoya"], _cancel);
        await using var browser = await console.SignedInAsync(user, new(Language: "ru"));
        var page = browser.Page;
        await page.GotoAsync("/accounts");
        await Expect(page.Locator(".account")).ToHaveCountAsync(1);
        await page.EvaluateAsync("() => window.sameDocument = true");

        console.Product.Kill("web");
        await Expect(page.Locator("#components-reconnect-modal")).ToBeVisibleAsync();
        await Screens.CheckAsync(page, "console-away");
        await page.Locator(".rail a[href='/dialogs']").ClickAsync();
        await page.WaitForFunctionAsync("() => window.sameDocument === undefined");
        await Expect(page).ToHaveURLAsync(DialogsAddress());
        await Expect(page.Locator("main h1")).ToBeVisibleAsync();
        await Expect(page.Locator("#components-reconnect-modal")).ToBeHiddenAsync();
        await Expect(page.Locator("#blazor-error-ui")).ToBeHiddenAsync();
    }

    [Fact]
    public async Task Windows_of_one_session_follow_the_same_events_each_in_its_own_language()
    {
        await using var user = await console.NewUserAsync(_cancel);
        await using var english = await console.SignedInAsync(user);
        await using var russian = await console.SignedInAsync(user, new(Language: "ru"));
        await english.Page.GotoAsync("/accounts");
        await russian.Page.GotoAsync("/accounts");
        await Expect(english.Page.Locator("main h1").First).ToBeVisibleAsync();
        await Expect(russian.Page.Locator("main h1").First).ToBeVisibleAsync();
        await console.ConnectAsync(user, console.People["egor"], _cancel);
        await Expect(english.Page.Locator(".account .status")).ToHaveTextAsync("Connected");
        await Expect(russian.Page.Locator(".account .status")).ToHaveTextAsync("Подключён");

        // The one that opened the stream leaves; the other still hears.
        await english.DisposeAsync();
        var account = await console.ConnectAsync(user, console.People["gleb"], _cancel);
        await user.Api.PostAsync($"api/personal-telegram-accounts/{account}/pause", null, _cancel);
        await Expect(russian.Page.Locator(".account[data-status=paused] .status")).ToBeVisibleAsync();
        russian.ExpectNoProblems();
    }

    [GeneratedRegex("/sign-in$")]
    private static partial Regex SignInAddress();

    [GeneratedRegex("/dialogs")]
    private static partial Regex DialogsAddress();
}
