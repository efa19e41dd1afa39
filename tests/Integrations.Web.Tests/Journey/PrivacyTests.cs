using System.IO.Compression;
using Integrations.Bench.Product;
using Integrations.Web.Tests.Browser;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Integrations.Web.Tests.Journey;

/// <summary>What people are asked before an account is connected, get of their data, and have erased.</summary>
[Collection(ConsoleTests.Name)]
public sealed class PrivacyTests(ConsoleFixture console)
{
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("en", "Connect an account", "Continue")]
    [InlineData("ru", "Подключить аккаунт", "Продолжить")]
    [InlineData("uk", "Підключити акаунт", "Продовжити")]
    public async Task Nothing_is_asked_of_Telegram_before_the_reader_has_agreed(string language, string connect, string goOn)
    {
        await using var user = await console.NewUserAsync(_cancel, agrees: false);
        await using var browser = await console.SignedInAsync(user, new() { Language = language, Dark = language == "ru", Width = language == "uk" ? 390 : 1280 });
        var page = browser.Page;
        await page.GotoAsync("/accounts");
        await page.GetByRole(AriaRole.Button, new() { Name = connect }).First.ClickAsync();
        await Expect(page.Locator("#consent-text")).ToBeVisibleAsync();
        await Expect(page.Locator("#qr")).ToBeHiddenAsync();
        await Expect(browser.InDialog(goOn)).ToBeDisabledAsync();
        await Screens.CheckAsync(page, $"consent-{language}");

        await page.Locator("#consent-agree").CheckAsync();
        await browser.InDialog(goOn).ClickAsync();
        await Expect(page.Locator("#qr")).ToBeVisibleAsync();
        var state = (await user.Api.GetAsync("api/v1/privacy/consent", _cancel)).Body;
        Assert.NotNull(state.OptionalText("given_at"));
        browser.ExpectNoProblems();
    }

    [Fact]
    public async Task The_reader_downloads_his_data_and_takes_his_consent_back()
    {
        await using var user = await console.NewUserAsync(_cancel, name: "Petra Privat");
        await using var browser = await console.SignedInAsync(user);
        var page = browser.Page;
        await page.GotoAsync("/settings");
        var section = page.Locator("#privacy");
        await Expect(section.Locator("[data-consent=given]")).ToBeVisibleAsync();
        await Screens.CheckAsync(page, "settings-privacy");

        var download = await page.RunAndWaitForDownloadAsync(() => section.GetByRole(AriaRole.Link, new() { Name = "Download the data" }).ClickAsync());
        Assert.Matches(@"^user-\d{4}-\d\d-\d\d\.zip$", download.SuggestedFilename);
        await using (var archive = new ZipArchive(File.OpenRead(await download.PathAsync())))
        {
            using var people = new StreamReader(await archive.GetEntry("users.json")!.OpenAsync(_cancel));
            Assert.Contains("Petra Privat", await people.ReadToEndAsync(_cancel), StringComparison.Ordinal);
            Assert.NotNull(archive.GetEntry("manifest.json"));
        }

        await section.GetByRole(AriaRole.Button, new() { Name = "Take it back" }).ClickAsync();
        await page.Locator(".rz-dialog-confirm").GetByRole(AriaRole.Button, new() { Name = "Take it back", Exact = true }).ClickAsync();
        await Expect(section.Locator("[data-consent=none]")).ToBeVisibleAsync();
        Assert.Equal("CONSENT_REQUIRED", (await user.Api.PostAsync("api/personal-telegram-accounts/login", new { }, _cancel)).Code);
        browser.ExpectNoProblems();
    }

    [Fact]
    public async Task An_owner_erases_a_user_and_keeps_the_receipt_and_others_are_not_offered_it()
    {
        var victim = await console.NewUserAsync(_cancel, role: "operator", name: "Vitja Victim");
        var number = (await victim.Api.GetAsync("api/v1/auth/me", _cancel)).Body!["user_id"]!.GetValue<int>();
        await using (var admin = await console.NewUserAsync(_cancel))
        await using (var other = await console.SignedInAsync(admin))
        {
            await other.Page.GotoAsync("/people");
            await Expect(other.Page.Locator($"[data-person='{number}']")).ToBeVisibleAsync();
            await Expect(other.Page.GetByRole(AriaRole.Button, new() { Name = "Data of Vitja Victim" })).ToBeHiddenAsync();
            await other.Page.GotoAsync("/settings");
            await Expect(other.Page.Locator("#privacy")).ToBeVisibleAsync();
            await Expect(other.Page.Locator("#tenant-privacy")).ToBeHiddenAsync();
        }

        await using var browser = await console.SignedInAsync(await console.OwnerSessionAsync(_cancel));
        var page = browser.Page;
        await page.GotoAsync("/people");
        await page.GetByRole(AriaRole.Button, new() { Name = "Data of Vitja Victim" }).ClickAsync();
        await Expect(browser.Dialog.GetByRole(AriaRole.Link, new() { Name = "Download the data" })).ToBeVisibleAsync();
        await Expect(browser.InDialog("Erase for good")).ToBeDisabledAsync();
        await Screens.CheckAsync(page, "erase-user");
        await browser.Labelled("Type erase to confirm").FillAsync("erase");
        await browser.InDialog("Erase for good").ClickAsync();
        await Expect(browser.Dialog.Locator("#erasure-token")).ToHaveValueAsync(new System.Text.RegularExpressions.Regex("^era_"));
        await Screens.CheckAsync(page, "erase-begun");
        await page.Keyboard.PressAsync("Escape");

        await page.GotoAsync("/settings");
        var section = page.Locator("#tenant-privacy");
        await Expect(section.Locator("[data-erasure]").First).ToBeVisibleAsync();
        await Expect(section.Locator("[data-erasure]").First).ToHaveAttributeAsync("data-state", "done", new() { Timeout = 240_000 });
        await Expect(section.GetByRole(AriaRole.Button, new() { Name = "Copy the receipt" }).First).ToBeVisibleAsync();
        await section.ScrollIntoViewIfNeededAsync();
        await Screens.CheckAsync(page, "settings-tenant-privacy");
        Assert.Equal(System.Net.HttpStatusCode.Unauthorized, (await victim.Api.GetAsync("api/v1/auth/me", _cancel)).Status);
        await section.GetByRole(AriaRole.Button, new() { Name = "Erase the organisation" }).ClickAsync();
        await browser.Labelled("Type erase everything to confirm").FillAsync("erase");
        await Expect(browser.InDialog("Erase for good")).ToBeDisabledAsync();
        await Screens.CheckAsync(page, "erase-tenant");
        browser.ExpectNoProblems();
    }
}
