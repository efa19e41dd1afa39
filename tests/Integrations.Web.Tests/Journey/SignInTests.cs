using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Integrations.Bench.Product;
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
    public async Task The_second_step_is_set_up_asked_for_and_given_by_app_or_recovery_code()
    {
        const string email = "second.step@example.org";
        const string password = "correct horse battery staple";
        using var owner = new ApiClient(console.Product.Addresses.Api, await console.OwnerSessionAsync(_cancel));
        var invited = await owner.PostAsync("api/v1/invitations", new { email, role = "operator" }, _cancel);
        using var anonymous = new ApiClient(console.Product.Addresses.Api);
        var joined = await anonymous.PostAsync(
            "api/v1/invitations/accept", new { token = invited.Body.Text("token"), display_name = "Stepan", password }, _cancel);
        await using var browser = await console.SignedInAsync(joined.Body.Text("session_token"));
        var page = browser.Page;

        await page.GotoAsync("/settings#second-factor");
        await browser.Button("Set up").ClickAsync();
        await page.Locator("#second-factor-password").FillAsync(password);
        await browser.InDialog("Continue").ClickAsync();
        await Expect(page.GetByRole(AriaRole.Img, new() { Name = "QR code for the authenticator app" })).ToBeVisibleAsync();
        await Screens.CheckAsync(page, "second-factor");
        var secret = await page.Locator("#second-factor-secret").InputValueAsync();
        await browser.Labelled("Code from the app").FillAsync("000000");
        await browser.InDialog("Switch on").ClickAsync();
        await Expect(browser.Dialog.GetByRole(AriaRole.Alert)).ToHaveTextAsync("The code is not right, or was used already.");
        await browser.Labelled("Code from the app").FillAsync(Code(secret, steps: 0));
        await browser.InDialog("Switch on").ClickAsync();
        await Expect(page.Locator(".recovery-codes li")).ToHaveCountAsync(10);
        await Screens.CheckAsync(page, "recovery-codes");
        var recovery = await page.Locator(".recovery-codes code").First.TextContentAsync();
        await browser.InDialog("Close").ClickAsync();
        await Expect(page.GetByText("recovery codes left: 10")).ToBeVisibleAsync();

        foreach (var code in new[] { Code(secret, steps: 1), recovery! })
        {
            await using var another = await console.AnonymousAsync();
            await another.Page.GotoAsync("/sign-in");
            await another.Labelled("E-mail").FillAsync(email);
            await another.Labelled("Password").FillAsync(password);
            await another.Button("Sign in").ClickAsync();
            await Expect(another.Page.GetByRole(AriaRole.Heading, new() { Name = "One more step" })).ToBeVisibleAsync();
            await another.Page.GotoAsync("/settings");
            await Expect(another.Page).ToHaveURLAsync(SignInAddress());
            await another.Page.GotoAsync("/sign-in/code");
            await Screens.CheckAsync(another.Page, "sign-in-code");
            await another.Labelled("Code from the app").FillAsync(code);
            await another.Button("Continue").ClickAsync();
            await Expect(another.Page.GetByRole(AriaRole.Heading, new() { Name = "No accounts yet" })).ToBeVisibleAsync();
            another.ExpectNoProblems();
        }

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
        await page.GotoAsync("/accounts");
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

    /// <summary>What an authenticator shows, by RFC 6238.</summary>
    private static string Code(string secret, int steps)
    {
        var bits = string.Concat(secret.Select(c => Convert.ToString("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".IndexOf(c, StringComparison.Ordinal), 2).PadLeft(5, '0')));
        var key = Enumerable.Range(0, bits.Length / 8).Select(i => Convert.ToByte(bits.Substring(i * 8, 8), 2)).ToArray();
        var counter = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(counter, (TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() / 30) + steps);
#pragma warning disable CA5350 // What authenticators use.
        var hash = HMACSHA1.HashData(key, counter);
#pragma warning restore CA5350
        var number = BinaryPrimitives.ReadInt32BigEndian(hash.AsSpan(hash[^1] & 15)) & int.MaxValue;
        return (number % 1_000_000).ToString("D6", CultureInfo.InvariantCulture);
    }

    [GeneratedRegex("/sign-in$")]
    private static partial Regex SignInAddress();
}
