using Integrations.Bench.Product;
using Integrations.Web.Tests.Browser;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Integrations.Web.Tests.Journey;

[Collection(ConsoleTests.Name)]
public sealed class AccountTests(ConsoleFixture console)
{
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_list_tells_each_account_and_its_state_and_follows_by_itself()
    {
        await using var user = await console.NewUserAsync(_cancel);
        await using var browser = await console.SignedInAsync(user);
        var page = browser.Page;
        await page.GotoAsync("/accounts");
        await Expect(browser.Button("Connect an account")).ToBeVisibleAsync();
        foreach (var name in new[] { "anna", "boris", "gleb", "zoya" })
            await console.ConnectAsync(user, console.People[name], _cancel);
        await Expect(page.Locator(".account[data-status=active]")).ToHaveCountAsync(4);

        var accounts = (await user.Api.GetAsync("api/personal-telegram-accounts", _cancel)).Body!.AsArray();
        var gleb = accounts.Single(account => account.OptionalText("username") == "gleb");
        await user.Api.PostAsync($"api/personal-telegram-accounts/{gleb.Text("id")}/pause", null, _cancel);
        await user.Office.StartQrAsync(_cancel);
        await Expect(page.Locator(".account[data-status=paused]")).ToContainTextAsync("Gleb Gusev");
        await Expect(page.Locator(".account[data-status=pending]")).ToContainTextAsync("Waiting for login");
        await Expect(page.Locator(".chips button")).ToHaveTextAsync(["All: 5", "connected: 3", "paused: 1", "waiting for login: 1"]);
        await Screens.CheckAsync(page, "accounts");
        browser.ExpectNoProblems();
    }

    [Fact]
    public async Task An_administrator_looks_after_an_account_of_another_and_does_not_read_it()
    {
        await using var user = await console.NewUserAsync(_cancel);
        var account = await console.ConnectAsync(user, console.People["anna"], _cancel);
        await using var administrator = await console.NewUserAsync(_cancel);
        await using var browser = await console.SignedInAsync(administrator);
        var page = browser.Page;
        await page.GotoAsync("/accounts");
        var row = page.Locator($"[data-account='{account}']");
        await Expect(row).ToContainTextAsync("another user’s");
        await Expect(row.GetByRole(AriaRole.Link)).ToHaveCountAsync(0);
        await browser.Button("Settings of Anna Abramova").ClickAsync();
        await browser.InDialog("Pause").ClickAsync();
        await Expect(row.Locator(".status")).ToHaveTextAsync("Paused");

        // While it is paused, a proxy is only remembered; its password is not shown again.
        await browser.Button("Settings of Anna Abramova").ClickAsync();
        await page.GetByLabel("Way to Telegram").FillAsync("socks5://anna:secret-way@proxy.example:1080");
        await browser.Button("Use proxy").ClickAsync();
        await Expect(page.GetByText("Through socks5://proxy.example:1080.")).ToBeVisibleAsync();
        await Expect(page.GetByLabel("Way to Telegram")).ToHaveValueAsync("");
        await Screens.CheckAsync(page, "account-proxy");
        await browser.Button("Remove the proxy").ClickAsync();
        await Expect(page.GetByText("As this installation goes.")).ToBeVisibleAsync();
        await page.GotoAsync($"/dialogs/{account}");
        await Expect(page.GetByText("No account to write from")).ToBeVisibleAsync();
        browser.ExpectNoProblems();
    }

    [Fact]
    public async Task An_operator_is_not_offered_a_login_and_a_viewer_only_looks()
    {
        await using var stranger = await console.NewUserAsync(_cancel, "operator");
        await using (var browser = await console.SignedInAsync(stranger))
        {
            await browser.Page.GotoAsync("/accounts");
            await Expect(browser.Page.GetByRole(AriaRole.Heading, new() { Name = "No accounts yet" })).ToBeVisibleAsync();
            await Expect(browser.Button("Connect an account")).ToHaveCountAsync(0);
            await Screens.CheckAsync(browser.Page, "accounts-none-operator");
            browser.ExpectNoProblems();
        }

        await using var user = await console.NewUserAsync(_cancel);
        var anna = console.People["anna"];
        var account = await console.ConnectAsync(user, anna, _cancel);
        await console.Phone.WriteAsync(console.People["egor"], anna, "Only look.", _cancel);
        var viewer = console.SameUserAs("viewer");
        await using var looking = await console.SignedInAsync(viewer);
        var page = looking.Page;
        await page.GotoAsync("/accounts");
        await Expect(page.Locator($"[data-account='{account}']")).ToContainTextAsync("Anna Abramova");
        await Expect(looking.Button("Add account")).ToHaveCountAsync(0);
        await Expect(looking.Button("Settings of Anna Abramova")).ToHaveCountAsync(0);
        await page.GotoAsync($"/dialogs/{account}");
        await page.Locator(".dialog", new() { HasText = "Egor Ershov" }).ClickAsync();
        await Expect(page.GetByText("Your role lets you read here, not write.")).ToBeVisibleAsync();
        await Expect(page.Locator(".bubble.in").Last).ToContainTextAsync("Only look.");
        looking.ExpectNoProblems();
        viewer.Api.Dispose();
    }

    [Fact]
    public async Task An_account_is_deleted_and_its_device_is_gone()
    {
        await using var user = await console.NewUserAsync(_cancel);
        var zoya = console.People["zoya"];
        await console.ConnectAsync(user, zoya, _cancel);
        await using var browser = await console.SignedInAsync(user);
        var page = browser.Page;
        await page.GotoAsync("/accounts");
        await browser.Button("Settings of Zoya Zimina").ClickAsync();
        await browser.InDialog("Pause").ClickAsync();
        await Expect(page.Locator(".account .status")).ToHaveTextAsync("Paused");
        await browser.Button("Settings of Zoya Zimina").ClickAsync();
        await browser.InDialog("Delete").ClickAsync();
        await Screens.CheckAsync(page, "account-delete");
        await page.Locator(".rz-dialog-confirm").GetByRole(AriaRole.Button, new() { Name = "Delete" }).ClickAsync();
        await Expect(page.Locator(".account")).ToHaveCountAsync(0);
        await Office.UntilAsync("the device is gone", async () => await console.Phone.DeviceCountAsync(zoya, _cancel) == 0, TimeSpan.FromSeconds(120), _cancel);
        browser.ExpectNoProblems();
    }

    [Fact]
    public async Task An_account_is_renamed_limited_paused_resumed_disconnected_and_connected_again()
    {
        await using var user = await console.NewUserAsync(_cancel);
        var boris = console.People["boris"];
        var account = await console.ConnectAsync(user, boris, _cancel);
        await using var browser = await console.SignedInAsync(user);
        var page = browser.Page;
        await page.GotoAsync("/accounts");
        await browser.Button("Settings of Boris Belov").ClickAsync();
        await browser.Labelled("Name").FillAsync("Sales, second shift, with a name that is longer than any list has room for");
        await browser.InDialog("Save").ClickAsync();
        await Expect(browser.Dialog.GetByText("Saved")).ToBeVisibleAsync();
        var groups = page.GetByRole(AriaRole.Switch, new() { Name = "Groups" });
        await Expect(groups).ToBeCheckedAsync();
        await groups.ClickAsync();
        await Expect(groups).ToBeCheckedAsync(new() { Checked = false });
        await Expect(browser.Dialog.GetByText("Saved")).ToBeVisibleAsync();
        await Screens.CheckAsync(page, "account-settings");
        await Office.UntilAsync(
            "the change is stored", async () => !(await user.Office.AccountAsync(account, _cancel)).Body!["accepts_groups"]!.GetValue<bool>(), TimeSpan.FromSeconds(120), _cancel);

        await browser.InDialog("Pause").ClickAsync();
        await Expect(page.Locator(".account .status")).ToHaveTextAsync("Paused");
        await Screens.CheckAsync(page, "account-paused");
        await browser.Button("Resume").ClickAsync();
        await Expect(page.Locator(".account .status")).ToHaveTextAsync("Connected");

        await page.GetByRole(AriaRole.Button, new() { Name = "Settings of Sales" }).ClickAsync();
        await browser.InDialog("Disconnect").ClickAsync();
        await Expect(page.GetByText("will be signed out of Telegram here.")).ToBeVisibleAsync();
        await Screens.CheckAsync(page, "account-disconnect");
        await page.Locator(".rz-dialog-confirm").GetByRole(AriaRole.Button, new() { Name = "Disconnect" }).ClickAsync();
        await Expect(page.Locator(".account .status")).ToHaveTextAsync("Disconnected");
        Assert.Equal(0, await console.Phone.DeviceCountAsync(boris, _cancel));

        await browser.Button("Reconnect").ClickAsync();
        var qr = page.Locator("#qr");
        await Expect(qr).ToBeVisibleAsync();
        await console.Phone.ScanAsync(boris, (await qr.GetAttributeAsync("data-qr-url"))!, _cancel);
        await Expect(page.Locator(".account .status")).ToHaveTextAsync("Connected");
        browser.ExpectNoProblems();
    }
}
