using System.Text.RegularExpressions;
using Integrations.Bench.Product;
using Integrations.Web.Tests.Browser;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Integrations.Web.Tests.Journey;

[Collection(ConsoleTests.Name)]
public sealed class PeopleTests(ConsoleFixture console)
{
    private const string Password = "correct horse battery staple";
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_invited_person_comes_in_by_the_link_sees_the_project_and_is_shut_out_again()
    {
        await using var administrator = await console.NewUserAsync(_cancel);
        var name = $"Support {Guid.CreateVersion7().ToString()[..8]}";
        await administrator.Api.PostAsync("api/v1/projects", new { name }, _cancel);
        await using var browser = await console.SignedInAsync(administrator);
        var page = browser.Page;
        await page.GotoAsync("/people");
        var email = $"nina.{Guid.CreateVersion7()}@example.org";
        await browser.Button("Invite").ClickAsync();
        await browser.Labelled("E-mail").FillAsync(email);
        await browser.Labelled("Role").SelectOptionAsync("operator");
        await browser.Labelled(name).CheckAsync();
        await Screens.CheckAsync(page, "invite");
        await browser.InDialog("Create the invitation").ClickAsync();
        var link = await browser.Labelled("Invitation link").InputValueAsync();
        await Expect(browser.InDialog("Copy")).ToBeVisibleAsync();
        await Screens.CheckAsync(page, "invite-link");
        await browser.InDialog("Close").ClickAsync();
        await Expect(browser.Dialog).ToBeHiddenAsync();
        await Expect(page.Locator($"[data-invitation='{email}']")).ToContainTextAsync("Operator");
        await Screens.CheckAsync(page, "people");

        await using var second = await console.AnonymousAsync();
        var other = second.Page;
        await other.GotoAsync(link);
        await Screens.CheckAsync(other, "invited");
        Assert.DoesNotContain("token=", other.Url, StringComparison.Ordinal);
        await second.Labelled("Your name").FillAsync("Nina Novak");
        await second.Labelled("Choose a password").FillAsync(Password);
        await second.Button("Join").ClickAsync();
        await Expect(other.Locator(".rail")).ToBeVisibleAsync();
        await other.GotoAsync("/projects");
        await Expect(other.GetByText(name)).ToBeVisibleAsync();
        await Expect(second.Button("New project")).ToHaveCountAsync(0);

        // By itself, from the event: the invitation is gone and the person is there.
        var row = page.Locator(".person", new() { HasText = "Nina Novak" });
        await Expect(row).ToBeVisibleAsync();
        await Expect(page.Locator($"[data-invitation='{email}']")).ToHaveCountAsync(0);
        await browser.Labelled("Role of Nina Novak").SelectOptionAsync("viewer");
        await Expect(browser.Labelled("Role of Nina Novak")).ToHaveValueAsync("viewer");
        await browser.Button("Switch off Nina Novak").ClickAsync();
        await ConfirmAsync(browser, "Switch off");
        await Expect(row).ToContainTextAsync("Switched off");
        // The open page leaves by itself, and none opens again.
        await Expect(other).ToHaveURLAsync(new Regex("/sign-in$"));
        await other.GotoAsync("/projects");
        await Expect(other).ToHaveURLAsync(new Regex("/sign-in$"));

        await other.GotoAsync(link);
        await second.Labelled("Your name").FillAsync("Again");
        await second.Labelled("Choose a password").FillAsync(Password);
        await second.Button("Join").ClickAsync();
        await Expect(other.GetByRole(AriaRole.Alert)).ToContainTextAsync("This invitation has lapsed, was used or was revoked.");
        browser.ExpectNoProblems();
    }

    [Fact]
    public async Task A_key_is_shown_once_works_and_ends_when_it_is_revoked()
    {
        await using var user = await console.NewUserAsync(_cancel, "operator");
        await using var browser = await console.SignedInAsync(user);
        var page = browser.Page;
        await page.GotoAsync("/settings");
        await Expect(page.GetByText("No keys yet.")).ToBeVisibleAsync();
        await browser.Button("New key").ClickAsync();
        await browser.Labelled("What is it for?").FillAsync("Nightly report");
        await Expect(page.GetByText("manage projects")).ToHaveCountAsync(0);
        await Screens.CheckAsync(page, "api-key-new");
        await browser.InDialog("Create the key").ClickAsync();
        var key = await browser.Labelled("API key").InputValueAsync();
        Assert.StartsWith("int_", key, StringComparison.Ordinal);
        await Screens.CheckAsync(page, "api-key-once");
        await browser.InDialog("Close").ClickAsync();

        using var program = new ApiClient(console.Product.Addresses.Api, key);
        (await program.GetAsync("api/v1/telegram/accounts", _cancel)).Expect(System.Net.HttpStatusCode.OK);
        (await program.PostAsync("api/v1/telegram/send", new { }, _cancel)).Expect(System.Net.HttpStatusCode.Forbidden);
        await page.ReloadAsync();
        var row = page.Locator("[data-key='Nightly report']");
        await Expect(row).ToContainTextAsync("last used");
        await Expect(page.GetByText(key)).ToHaveCountAsync(0);
        await Screens.CheckAsync(page, "settings");

        await browser.Button("Revoke Nightly report").ClickAsync();
        await ConfirmAsync(browser, "Revoke");
        await Expect(row).ToHaveCountAsync(0);
        (await program.GetAsync("api/v1/telegram/accounts", _cancel)).Expect(System.Net.HttpStatusCode.Unauthorized);
        browser.ExpectNoProblems();
    }

    [Fact]
    public async Task Preferences_go_with_the_person_and_other_sessions_are_ended()
    {
        await using var administrator = await console.NewUserAsync(_cancel);
        var email = $"roman.{Guid.CreateVersion7()}@example.org";
        var invited = await administrator.Api.PostAsync("api/v1/invitations", new { email, role = "viewer" }, _cancel);
        await administrator.Api.PostAsync(
            "api/v1/invitations/accept", new { token = invited.Body.Text("token"), display_name = "Roman", password = Password }, _cancel);

        await using var first = await console.AnonymousAsync();
        var page = first.Page;
        await SignInAsync(first, email);
        await page.GotoAsync("/settings");
        await first.Labelled("Time zone").SelectOptionAsync("Asia/Tokyo");
        await page.Locator("#theme").SelectOptionAsync("dark");
        await Expect(page.Locator("html")).ToHaveAttributeAsync("data-theme", "dark");
        await page.Locator("#language").SelectOptionAsync("ru");
        await Expect(page.Locator("html")).ToHaveAttributeAsync("lang", "ru");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Где вы вошли" })).ToBeVisibleAsync();
        await Expect(page.Locator("#time-zone")).ToHaveValueAsync("Asia/Tokyo");
        await Screens.CheckAsync(page, "settings-dark-ru");

        await using var second = await console.AnonymousAsync();
        await SignInAsync(second, email);
        await Expect(second.Page.Locator("html")).ToHaveAttributeAsync("lang", "ru");
        await Expect(second.Page.Locator("html")).ToHaveAttributeAsync("data-theme", "dark");
        await second.Page.GotoAsync("/settings");
        await Expect(second.Page.Locator("#time-zone")).ToHaveValueAsync("Asia/Tokyo");
        await Expect(second.Page.Locator("[data-session]")).ToHaveCountAsync(3);

        await second.Page.Locator("#current-password").FillAsync("not the password");
        await second.Page.Locator("#new-password").FillAsync("another horse battery staple");
        await second.Button("Сменить пароль").ClickAsync();
        await Expect(second.Page.GetByText("Текущий пароль неверен.")).ToBeVisibleAsync();
        await second.Page.Locator("#current-password").FillAsync(Password);
        await second.Button("Сменить пароль").ClickAsync();
        await Expect(second.Page.GetByText("Пароль изменён, остальные сеансы завершены.")).ToBeVisibleAsync();
        await Expect(second.Page.Locator("[data-session]")).ToHaveCountAsync(1);
        // The page of a session that has ended leaves by itself.
        await Expect(page).ToHaveURLAsync(new Regex("/sign-in$"));
        second.ExpectNoProblems();
    }

    [Fact]
    public async Task A_project_is_opened_filled_and_emptied()
    {
        await using var administrator = await console.NewUserAsync(_cancel);
        await using var browser = await console.SignedInAsync(administrator);
        var page = browser.Page;
        await page.GotoAsync("/projects");
        await browser.Button("New project").ClickAsync();
        var name = $"Shop {Guid.CreateVersion7().ToString()[..8]}";
        // A select is as wide as its longest option unless it is kept from it.
        var second = await console.ConnectAsync(administrator, console.People["boris"], _cancel);
        await console.ExecuteAsync("update telegram_accounts set display_name = $2 where id = $1", _cancel, Guid.Parse(second), $"Boris {new string('w', 90)}");
        await browser.Labelled("Name").FillAsync(name);
        await browser.InDialog("Create the project").ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = name })).ToBeVisibleAsync();
        await Expect(page.GetByText("Members read and answer the dialogs of this project's accounts.")).ToBeVisibleAsync();

        await browser.Button("Add personal account").ClickAsync();
        var qr = page.Locator("#qr");
        await Expect(qr).ToBeVisibleAsync();
        await Screens.CheckAsync(page, "project-login");
        var link = await qr.GetAttributeAsync("data-qr-url");
        await console.Phone.ScanAsync(console.People["anna"], link!, _cancel);
        await Expect(page.Locator(".row .status")).ToHaveTextAsync("Connected");
        await Expect(page.Locator("main [data-account]")).ToContainTextAsync("Telegram ID");
        await browser.Labelled("Assign an account…").SelectOptionAsync(second);
        await Expect(page.Locator("main [data-account]")).ToHaveCountAsync(2);
        var me = (await administrator.Api.GetAsync("api/v1/auth/me", _cancel)).Body!["user_id"]!.ToString();
        await browser.Labelled("Add a member…").SelectOptionAsync(me);
        await Expect(page.Locator($"[data-member='{me}']")).ToBeVisibleAsync();
        await Screens.CheckAsync(page, "project");

        await page.GotoAsync("/projects");
        var card = page.Locator(".project", new() { HasText = name });
        await Expect(card).ToContainTextAsync("Members: 1");
        await Expect(card).ToContainTextAsync("connected: 2");
        await Screens.CheckAsync(page, "projects");
        await card.GetByRole(AriaRole.Link).ClickAsync();

        await page.Locator($"[data-account='{second}']").GetByRole(AriaRole.Button).ClickAsync();
        await ConfirmAsync(browser, "Take out");
        await Expect(page.Locator("main [data-account]")).ToHaveCountAsync(1);
        await browser.Button("Delete").ClickAsync();
        await ConfirmAsync(browser, "Delete");
        await Expect(page.GetByText("The project still has accounts. Take them out first.")).ToBeVisibleAsync();
        browser.ExpectNoProblems();
    }

    private static Task ConfirmAsync(BrowserPage browser, string action) =>
        browser.Page.Locator(".rz-dialog-confirm").GetByRole(AriaRole.Button, new() { Name = action, Exact = true }).ClickAsync();

    private static async Task SignInAsync(BrowserPage browser, string email)
    {
        await browser.Page.GotoAsync("/sign-in");
        await browser.Labelled("E-mail").FillAsync(email);
        await browser.Labelled("Password").FillAsync(Password);
        await browser.Button("Sign in").ClickAsync();
        await Expect(browser.Page.Locator(".rail")).ToBeVisibleAsync();
    }
}
