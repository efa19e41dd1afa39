using System.Text.RegularExpressions;
using Integrations.Bench.Product;
using Integrations.Web.Tests.Browser;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Integrations.Web.Tests.Journey;

[Collection(ConsoleTests.Name)]
public sealed partial class LoginTests(ConsoleFixture console)
{
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_qr_login_survives_a_closed_window_and_a_wrong_password()
    {
        await using var user = await console.NewUserAsync(_cancel);
        var vera = console.People["vera"];
        await using var browser = await console.SignedInAsync(user);
        var page = browser.Page;
        await page.GotoAsync("/accounts");
        await browser.Button("Connect an account").ClickAsync();
        var qr = page.Locator("#qr");
        await Expect(qr).ToBeVisibleAsync();
        await Expect(page.GetByText("Settings → Devices → Link Desktop Device")).ToBeVisibleAsync();
        await Expect(page.Locator(".countdown")).ToHaveTextAsync(TimeLeft());
        await Screens.CheckAsync(page, "login-qr");

        await page.Keyboard.PressAsync("Escape");
        await Expect(browser.Dialog).ToBeHiddenAsync();
        await Expect(page.Locator(".account .status")).ToHaveTextAsync("Waiting for login");
        await Screens.CheckAsync(page, "accounts-login-open");
        await browser.Button("Continue").ClickAsync();
        await Expect(qr).ToBeVisibleAsync();
        await ScanAsync(vera, qr);

        await browser.Labelled("Telegram password").FillAsync("not the password");
        await browser.InDialog("Continue").ClickAsync();
        await Expect(browser.Dialog.GetByText("Wrong password. Try again.")).ToBeVisibleAsync();
        await Expect(browser.Labelled("Telegram password")).ToBeFocusedAsync();
        await Expect(browser.Labelled("Telegram password")).ToHaveValueAsync("");
        await Screens.CheckAsync(page, "login-password-wrong");
        await browser.Labelled("Telegram password").FillAsync(vera.Password!);
        await browser.InDialog("Continue").ClickAsync();
        await Expect(browser.Dialog).ToBeHiddenAsync();
        await Expect(page.Locator(".account .status")).ToHaveTextAsync("Connected");
        await Expect(page.GetByText("Vera Voronina")).ToBeVisibleAsync();
        browser.ExpectNoProblems();
    }

    [Fact]
    public async Task A_phone_login_with_2fa_tells_every_wrong_step_in_its_place()
    {
        await using var user = await console.NewUserAsync(_cancel);
        var vera = console.People["vera"];
        await using var browser = await console.SignedInAsync(user);
        var page = browser.Page;
        await page.GotoAsync("/accounts");
        await browser.Button("Connect an account").ClickAsync();
        await browser.Button("Phone number").ClickAsync();

        await browser.Labelled("Phone number").FillAsync("hello");
        await browser.Button("Send the code").ClickAsync();
        await Expect(browser.Dialog.GetByRole(AriaRole.Alert)).ToContainTextAsync("Please check what you entered.");
        // As at Telegram itself, a number that has no account gets a code too; only its answer tells.
        await browser.Labelled("Phone number").FillAsync("+999 66 2 9999");
        await browser.Button("Send the code").ClickAsync();
        await browser.Labelled("Code").FillAsync("22222");
        await browser.InDialog("Continue").ClickAsync();
        await Expect(browser.Dialog.GetByRole(AriaRole.Alert)).ToContainTextAsync("Telegram does not know this number.");
        await Screens.CheckAsync(page, "login-phone-unknown");
        await browser.Button("Try again").ClickAsync();
        await Expect(browser.Labelled("Phone number")).ToHaveValueAsync("+999 66 2 9999");

        await browser.Labelled("Phone number").FillAsync("+" + vera.Phone);
        await browser.Button("Send the code").ClickAsync();
        await browser.Labelled("Code").FillAsync("00000");
        await browser.InDialog("Continue").ClickAsync();
        await Expect(browser.Dialog.GetByText("Wrong code. Try again.")).ToBeVisibleAsync();
        await Expect(browser.Labelled("Code")).ToBeFocusedAsync();
        await Screens.CheckAsync(page, "login-code-wrong");
        await browser.Labelled("Code").FillAsync(await CodeAsync(vera));
        await browser.InDialog("Continue").ClickAsync();

        await browser.Labelled("Telegram password").FillAsync("not the password");
        await browser.InDialog("Continue").ClickAsync();
        await Expect(browser.Dialog.GetByText("Wrong password. Try again.")).ToBeVisibleAsync();
        await browser.Labelled("Telegram password").FillAsync(vera.Password!);
        await browser.InDialog("Continue").ClickAsync();
        await Expect(browser.Dialog).ToBeHiddenAsync();
        await Expect(page.Locator(".account[data-status=active]")).ToContainTextAsync("Vera Voronina");
        browser.ExpectNoProblems();
    }

    [Fact]
    public async Task A_forgotten_password_is_replaced_by_a_code_from_the_e_mail()
    {
        await using var user = await console.NewUserAsync(_cancel);
        var dana = console.People["dana"];
        await using var browser = await console.SignedInAsync(user);
        var page = browser.Page;
        await page.GotoAsync("/accounts");
        await browser.Button("Connect an account").ClickAsync();
        var qr = page.Locator("#qr");
        await Expect(qr).ToBeVisibleAsync();
        await ScanAsync(dana, qr);
        await browser.Button("Forgot the password?").ClickAsync();
        await Expect(browser.Labelled("Code from the e-mail")).ToBeFocusedAsync();
        await Screens.CheckAsync(page, "login-recovery");
        await browser.Labelled("Code from the e-mail").FillAsync("000000");
        await browser.InDialog("Continue").ClickAsync();
        await Expect(browser.Dialog.GetByText("Wrong code. Try again.")).ToBeVisibleAsync();
        await browser.Button("Enter the password instead").ClickAsync();
        await Expect(browser.Labelled("Telegram password")).ToBeFocusedAsync();
        await browser.Button("Forgot the password?").ClickAsync();
        await Expect(browser.Labelled("Code from the e-mail")).ToBeFocusedAsync();
        // With the right code Telegram takes the password off the account: no other test may need hers.
        await browser.Labelled("Code from the e-mail").FillAsync(await console.Phone.NewestEmailCodeAsync(dana, _cancel) ?? "no e-mail came");
        await browser.InDialog("Continue").ClickAsync();
        await Expect(browser.Dialog).ToBeHiddenAsync();
        await Expect(page.Locator(".account[data-status=active]")).ToContainTextAsync("Dana Danilova");
        browser.ExpectNoProblems();
    }

    [Fact]
    public async Task A_code_that_lapsed_is_told_and_another_is_sent()
    {
        await using var user = await console.NewUserAsync(_cancel);
        var zoya = console.People["zoya"];
        await using var browser = await console.SignedInAsync(user);
        var page = browser.Page;
        await page.GotoAsync("/accounts");
        await browser.Button("Connect an account").ClickAsync();
        await browser.Button("Phone number").ClickAsync();
        await browser.Labelled("Phone number").FillAsync("+" + zoya.Phone);
        await browser.Button("Send the code").ClickAsync();
        await Expect(browser.Labelled("Code")).ToBeVisibleAsync();
        await console.BreakAsync(new { kind = "rpc_error", method = "auth.signIn", code = 400, error = "PHONE_CODE_EXPIRED" }, _cancel);
        await browser.Labelled("Code").FillAsync(await CodeAsync(zoya));
        await browser.InDialog("Continue").ClickAsync();
        await Expect(browser.Dialog.GetByText("The code has lapsed. Ask for a new one.")).ToBeVisibleAsync();
        await Screens.CheckAsync(page, "login-code-lapsed");
        await console.HealAsync(_cancel);
        await browser.Button("Send the code again").ClickAsync();
        await Expect(browser.Dialog.GetByText("The code has lapsed. Ask for a new one.")).ToBeHiddenAsync();
        await browser.Labelled("Code").FillAsync(await CodeAsync(zoya));
        await browser.InDialog("Continue").ClickAsync();
        await Expect(page.Locator(".account[data-status=active]")).ToContainTextAsync("Zoya Zimina");
        browser.ExpectNoProblems();
    }

    [Fact]
    public async Task A_flood_wait_is_counted_down_and_the_login_goes_on_after_it()
    {
        await using var user = await console.NewUserAsync(_cancel);
        var gleb = console.People["gleb"];
        await using var browser = await console.SignedInAsync(user);
        var page = browser.Page;
        await page.GotoAsync("/accounts");
        await browser.Button("Connect an account").ClickAsync();
        await browser.Button("Phone number").ClickAsync();
        await console.BreakAsync(new { kind = "flood_wait", method = "auth.sendCode", seconds = 5 }, _cancel);
        await browser.Labelled("Phone number").FillAsync("+" + gleb.Phone);
        await browser.Button("Send the code").ClickAsync();
        await Expect(browser.Dialog.GetByRole(AriaRole.Alert)).ToContainTextAsync(FloodWait());
        await Expect(browser.Button("Send the code")).ToBeDisabledAsync();
        await console.HealAsync(_cancel);
        await browser.Button("Send the code").ClickAsync();

        await Expect(browser.Labelled("Code")).ToBeVisibleAsync();
        await browser.Labelled("Code").FillAsync(await CodeAsync(gleb));
        await browser.InDialog("Continue").ClickAsync();
        await Expect(page.Locator(".account[data-status=active]")).ToContainTextAsync("Gleb Gusev");
        browser.ExpectNoProblems();
    }

    [Fact]
    public async Task A_qr_login_that_nobody_scanned_in_time_says_so_and_a_new_code_connects()
    {
        await using var user = await console.NewUserAsync(_cancel);
        // Begun at an Api that gives ten seconds; the page that follows it and the code after it are the product's own.
        await using (var hasty = await SecondApi.StartAsync(console.Product, new Dictionary<string, string>(StringComparer.Ordinal) { ["PERSONAL_TELEGRAM_QR_TIMEOUT"] = "10" }, _cancel))
        {
            using var api = new ApiClient(hasty.Address, user.Api.Bearer);
            await new Office(api).StartQrAsync(_cancel);
        }

        await using var browser = await console.SignedInAsync(user);
        var page = browser.Page;
        await page.GotoAsync("/accounts");
        await page.Locator(".account").GetByRole(AriaRole.Button).First.ClickAsync();
        await Expect(browser.Button("Show a new code")).ToBeVisibleAsync();
        await Expect(page.Locator("#qr")).ToHaveCountAsync(0);
        await Screens.CheckAsync(page, "login-qr-lapsed");
        await browser.Button("Show a new code").ClickAsync();
        var qr = page.Locator("#qr");
        await Expect(qr).ToBeVisibleAsync();
        await ScanAsync(console.People["gleb"], qr);
        await Expect(page.Locator(".account[data-status=active]")).ToContainTextAsync("Gleb Gusev");
        browser.ExpectNoProblems();
    }

    [Fact]
    public async Task A_login_is_cancelled_and_leaves_nothing_behind()
    {
        await using var user = await console.NewUserAsync(_cancel);
        await using var browser = await console.SignedInAsync(user);
        var page = browser.Page;
        await page.GotoAsync("/accounts");
        await browser.Button("Connect an account").ClickAsync();
        await Expect(page.Locator("#qr")).ToBeVisibleAsync();
        await browser.Button("Cancel the login").ClickAsync();
        await Expect(browser.Dialog).ToBeHiddenAsync();
        await Expect(browser.Button("Connect an account")).ToBeVisibleAsync();
        browser.ExpectNoProblems();
    }

    [Fact]
    public async Task The_sandbox_phone_opens_with_the_code_in_its_scanner()
    {
        await using var user = await console.NewUserAsync(_cancel);
        var addresses = console.Product.Addresses;
        await using var second = await SecondConsole.StartAsync(
            addresses,
            new Dictionary<string, string> { ["services__sandbox__http__0"] = addresses.Sandbox.ToString(), ["SANDBOX_TOKEN"] = addresses.SandboxToken },
            _cancel);
        await using var browser = await console.SignedInAsync(user);
        var page = browser.Page;
        await page.GotoAsync(new Uri(second.Address, "/accounts").ToString());
        await browser.Button("Connect an account").ClickAsync();
        var link = browser.Link("Open sandbox phone");
        await Expect(link).ToBeVisibleAsync();
        await Screens.CheckAsync(page, "login-qr-sandbox");
        var phone = await browser.Context.RunAndWaitForPageAsync(() => link.ClickAsync());
        await Expect(phone.Locator("#scan-url")).ToHaveValueAsync(LoginLink());
        await phone.Locator("#people .item", new() { HasText = "Egor" }).ClickAsync();
        await phone.GetByRole(AriaRole.Button, new() { Name = "Log in as Egor" }).ClickAsync();
        await Expect(page.Locator(".account[data-status=active]")).ToContainTextAsync("Egor Ershov");
        browser.ExpectNoProblems();
    }

    private async Task<string> CodeAsync(Person person) =>
        await console.Phone.NewestCodeAsync(person, _cancel) ?? throw new ScenarioException($"no code came to {person.Username}");

    // The code shown is replaced every half minute; on a slow machine it can be just between being read and being scanned.
    private async Task ScanAsync(Person person, ILocator qr)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await console.Phone.ScanAsync(person, (await qr.GetAttributeAsync("data-qr-url"))!, _cancel);
                return;
            }
            catch (ScenarioException) when (attempt < 3)
            {
                await Expect(qr).ToBeVisibleAsync();
            }
        }
    }

    [GeneratedRegex("^tg://login")]
    private static partial Regex LoginLink();

    [GeneratedRegex(@"Time left: [0-3]:\d\d")]
    private static partial Regex TimeLeft();

    [GeneratedRegex(@"Telegram asks to wait before the next try\. Try again in 0:0\d\.")]
    private static partial Regex FloodWait();
}
