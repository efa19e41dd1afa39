using System.Net;
using Integrations.Bench.Product;
using Integrations.Web.Tests.Browser;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Integrations.Web.Tests.Journey;

/// <summary>The dialogs of a project as its team works on them.</summary>
[Collection(ConsoleTests.Name)]
public sealed class DeskTests(ConsoleFixture console)
{
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Two_people_work_on_one_inbox_and_see_each_other_live()
    {
        await using var maria = await console.NewUserAsync(_cancel, name: "Maria Meyer");
        await using var oleg = await console.NewUserAsync(_cancel, "operator", "Oleg Orlov");
        var (anna, boris) = (console.People["anna"], console.People["boris"]);
        var account = await console.ConnectAsync(maria, anna, _cancel);
        await ShareAsync(account, "Shop", maria, oleg);
        await console.Phone.WriteAsync(boris, anna, "Where is my parcel?", _cancel);
        await using var first = await console.SignedInAsync(maria);
        await using var second = await console.SignedInAsync(oleg);
        foreach (var page in new[] { first.Page, second.Page })
        {
            await page.GotoAsync($"/dialogs/{account}");
            await Expect(Row(page)).ToContainTextAsync("Where is my parcel?");
            await Expect(Row(page).Locator(".waiting")).ToBeVisibleAsync();
            await Row(page).ClickAsync();
        }

        await Expect(first.Page.Locator(".thread header")).ToContainTextAsync("Oleg Orlov is here too");
        await first.Labelled("Assign").ClickAsync();
        await Expect(first.Button("Assign to me")).ToBeVisibleAsync();
        await Screens.CheckAsync(first.Page, "desk-assign");
        await first.Button("Assign to me").ClickAsync();
        await Expect(second.Labelled("Assigned to Maria Meyer")).ToBeVisibleAsync();
        await Expect(Row(second.Page).Locator(".assigned")).ToHaveAttributeAsync("title", "Assigned to Maria Meyer");

        await first.Labelled("Message").PressSequentiallyAsync("It is on ");
        await Expect(second.Page.Locator(".thread header")).ToContainTextAsync("Maria Meyer is answering");
        await Expect(Row(second.Page)).ToContainTextAsync("Maria Meyer is answering");
        await Screens.CheckAsync(second.Page, "desk-answering");

        await second.Labelled("Internal note").CheckAsync();
        await second.Page.Locator("#text").FillAsync("The carrier has lost it; offer another one.");
        await Screens.CheckAsync(second.Page, "desk-note-composer");
        await second.Button("Add note").ClickAsync();
        await Expect(first.Page.Locator(".note")).ToContainTextAsync("The carrier has lost it; offer another one.");
        await Expect(first.Page.Locator(".note")).ToContainTextAsync("Internal note by Oleg Orlov");

        await first.Labelled("Message").FillAsync("We send you another one today.");
        await first.Page.Keyboard.PressAsync("Enter");
        await Expect(first.Page.Locator(".bubble.out[data-status=delivered]")).ToContainTextAsync("We send you another one today.");
        await Expect(second.Page.Locator(".bubble.out[data-status=delivered]")).ToContainTextAsync("Maria Meyer");
        await Expect(Row(second.Page)).ToContainTextAsync("You: We send you another one today.");
        await Expect(Row(second.Page).Locator(".waiting")).ToHaveCountAsync(0);
        Assert.Equal(1, await console.Phone.CountAsync(boris, anna, "We send you another one today.", _cancel));
        Assert.Equal(0, await console.Phone.CountAsync(boris, anna, "The carrier has lost it; offer another one.", _cancel));
        await Screens.CheckAsync(first.Page, "desk-thread");

        await second.Button("Delete the note").ClickAsync();
        await Expect(first.Page.Locator(".note")).ToHaveCountAsync(0);
        await first.Page.GotoAsync("/accounts");
        await Expect(second.Page.Locator(".thread header")).Not.ToContainTextAsync("Maria Meyer is");
        first.ExpectNoProblems();
        second.ExpectNoProblems();
    }

    [Fact]
    public async Task The_list_is_searched_filtered_and_filters_are_kept()
    {
        await using var user = await console.NewUserAsync(_cancel, name: "Maria Meyer");
        var (egor, vera) = (console.People["egor"], console.People["vera"]);
        var account = await console.ConnectAsync(user, egor, _cancel);
        await using var browser = await console.SignedInAsync(user);
        var page = browser.Page;
        await page.GotoAsync("/dialogs");
        await Expect(page.GetByText("No dialogs yet.")).ToBeVisibleAsync();
        await Screens.CheckAsync(page, "desk-empty");
        await console.Phone.WriteAsync(vera, egor, "Are you open on Sunday?", _cancel);
        await Expect(page.Locator(".dialog")).ToHaveCountAsync(1);
        // More than one page, and more than anybody draws at once.
        await console.ExecuteAsync(
            """
            insert into dialogs (id, tenant_id, source, personal_account_id, peer_kind, peer_id, title, last_message_at)
            select gen_random_uuid(), tenant_id, 'personal_telegram', id, 'user', 5000000000 + n, 'Customer ' || lpad(n::text, 4, '0'), now() - make_interval(mins => n)
              from telegram_accounts, generate_series(1, 5000) n where id = $1
            """,
            _cancel,
            Guid.Parse(account));
        await page.ReloadAsync();
        await Expect(page.GetByText("Customer 0001")).ToBeVisibleAsync();
        Assert.InRange(await page.Locator(".dialog").CountAsync(), 5, 60);
        var list = page.Locator("ul.dialogs");
        for (var number = 60; number <= 240; number += 60)
        {
            await UntilAsync(async () =>
            {
                await list.EvaluateAsync("list => { list.scrollTop = list.scrollHeight; }");
                return await page.GetByText($"Customer {number:0000}").CountAsync() > 0 || await Reached(page) >= number;
            });
        }

        await UntilAsync(async () => await page.Locator(".dialog").CountAsync() is >= 5 and <= 60);
        await page.Locator(".thread").ClickAsync();
        await page.Keyboard.PressAsync("/");
        await page.Keyboard.TypeAsync("customer 4711");
        await Expect(page.Locator(".dialog")).ToHaveCountAsync(1);
        await Expect(page.Locator(".dialog")).ToContainTextAsync("Customer 4711");
        await browser.Labelled("Search dialogs").FillAsync("nobody of this name");
        await Expect(page.GetByText("No dialog matches this search.")).ToBeVisibleAsync();
        await Screens.CheckAsync(page, "desk-nothing-found");
        await browser.Button("Show all dialogs").ClickAsync();

        await browser.Button("Waiting").ClickAsync();
        await Expect(page.Locator(".dialog")).ToHaveCountAsync(1);
        await Expect(page.Locator(".dialog")).ToContainTextAsync("Are you open on Sunday?");
        await browser.Button("Save this filter").ClickAsync();
        await browser.Labelled("Name of the filter").FillAsync("To do now");
        await browser.Button("Save").ClickAsync();
        await Expect(browser.Button("To do now")).ToHaveAttributeAsync("aria-pressed", "true");
        await Screens.CheckAsync(page, "desk-filters");
        await browser.Button("Mine").ClickAsync();
        await Expect(page.GetByText("No dialog is assigned to you.")).ToBeVisibleAsync();
        await page.ReloadAsync();
        await browser.Button("To do now").ClickAsync();
        await Expect(page.Locator(".dialog")).ToHaveCountAsync(1);
        await browser.Button("Delete the filter To do now").ClickAsync();
        await Expect(browser.Button("To do now")).ToHaveCountAsync(0);
        browser.ExpectNoProblems();
    }

    [Fact]
    public async Task Quick_replies_are_written_found_by_a_slash_and_filled_in()
    {
        await using var user = await console.NewUserAsync(_cancel, name: "Maria Meyer");
        var (gleb, zoya) = (console.People["gleb"], console.People["zoya"]);
        var account = await console.ConnectAsync(user, gleb, _cancel);
        await console.Phone.WriteAsync(zoya, gleb, "Good evening", _cancel);
        await using var browser = await console.SignedInAsync(user);
        var page = browser.Page;
        await page.GotoAsync($"/dialogs/{account}");
        await page.Locator(".dialog", new() { HasText = "Zoya" }).ClickAsync();

        await browser.Button("Quick replies").ClickAsync();
        await Expect(page.GetByText("There are no quick replies yet.")).ToBeVisibleAsync();
        await browser.Button("Manage").ClickAsync();
        foreach (var (shortcut, text) in new[] { ("hello", "Good day, {name}! How can we help?"), ("bye", "Thank you, and see you soon."), ("hours", "We are open from 9 to 18.") })
        {
            await browser.Labelled("Shortcut").FillAsync(shortcut);
            await browser.Dialog.GetByLabel("Text", new() { Exact = true }).FillAsync(text);
            await browser.InDialog("Save").ClickAsync();
            await Expect(browser.Dialog.GetByText("/" + shortcut, new() { Exact = true })).ToBeVisibleAsync();
        }

        await browser.Labelled("Shortcut").FillAsync("hello");
        await browser.Dialog.GetByLabel("Text", new() { Exact = true }).FillAsync("Another");
        await browser.InDialog("Save").ClickAsync();
        await Expect(page.GetByText("There is a quick reply with this shortcut already.")).ToBeVisibleAsync();
        await Screens.CheckAsync(page, "desk-quick-editor");
        await page.Keyboard.PressAsync("Escape");

        var message = browser.Labelled("Message");
        await message.ClickAsync();
        await page.Keyboard.TypeAsync("/");
        await Expect(page.GetByRole(AriaRole.Option)).ToHaveCountAsync(3);
        await Screens.CheckAsync(page, "desk-quick");
        await page.Keyboard.TypeAsync("h");
        await Expect(page.GetByRole(AriaRole.Option).Filter(new() { Visible = true })).ToHaveCountAsync(2);
        await page.Keyboard.PressAsync("ArrowDown");
        await Expect(page.Locator("[data-quick-list] [aria-selected=true]")).ToContainTextAsync("/hours");
        await page.Keyboard.PressAsync("ArrowUp");
        await page.Keyboard.PressAsync("Enter");
        await Expect(message).ToHaveValueAsync("Good day, Zoya Zimina! How can we help?");
        await Expect(page.Locator("[data-quick-list]")).ToBeHiddenAsync();
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator(".bubble.out[data-status=delivered]")).ToContainTextAsync("Good day, Zoya Zimina! How can we help?");
        browser.ExpectNoProblems();
    }

    [Fact]
    public async Task A_mirrored_project_is_read_here_and_answered_in_its_group()
    {
        await using var owner = await console.NewUserAsync(_cancel);
        await using var member = await console.NewUserAsync(_cancel, "operator", "Oleg Orlov");
        var (boris, anna) = (console.People["boris"], console.People["anna"]);
        var account = await console.ConnectAsync(owner, boris, _cancel);
        await ShareAsync(account, "Mirrored shop", owner, member);
        await console.ExecuteAsync("update projects set mirroring = true from telegram_accounts a where a.id = $1 and projects.id = a.project_id", _cancel, Guid.Parse(account));
        await console.Phone.WriteAsync(anna, boris, "A question", _cancel);
        await using var browser = await console.SignedInAsync(member, new BrowserOptions(Dark: true, Language: "ru"));
        var page = browser.Page;
        await page.GotoAsync($"/dialogs/{account}");
        await page.Locator(".dialog").ClickAsync();
        await Expect(page.Locator(".compose.closed")).ToContainTextAsync("Mirrored shop");
        await Expect(page.Locator("#text")).ToHaveAttributeAsync("aria-label", "Внутренняя заметка");
        await page.Locator("#text").FillAsync("Я отвечу в группе.");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator(".note")).ToContainTextAsync("Я отвечу в группе.");
        await Screens.CheckAsync(page, "desk-mirrored-ru");
        Assert.Equal(0, await console.Phone.CountAsync(anna, boris, "Я отвечу в группе.", _cancel));
        browser.ExpectNoProblems();
    }

    private static ILocator Row(IPage page) => page.Locator(".dialog", new() { HasText = "Boris Belov" });

    private static async Task<int> Reached(IPage page) => await page.EvaluateAsync<int>(
        "() => Math.max(0, ...[...document.querySelectorAll('.dialog strong')].map(name => Number(/Customer (\\d+)/.exec(name.textContent)?.[1] ?? 0)))");

    private Task UntilAsync(Func<Task<bool>> question) => Office.UntilAsync("the list went on", question, TimeSpan.FromSeconds(120), _cancel);

    /// <summary>Puts an account into a project of its own, whose members these people are.</summary>
    private async Task ShareAsync(string account, string name, params ConsoleUser[] members)
    {
        var project = (await members[0].Api.PostAsync("api/v1/projects", new { name = $"{name} {Guid.CreateVersion7().ToString()[^4..]}" }, _cancel)).Expect(HttpStatusCode.Created).Body.Text("id");
        await console.ExecuteAsync("update telegram_accounts set project_id = $2 where id = $1", _cancel, Guid.Parse(account), Guid.Parse(project));
        foreach (var member in members)
        {
            var me = (await member.Api.GetAsync("api/v1/auth/me", _cancel)).Expect(HttpStatusCode.OK).Body!["user_id"]!.GetValue<int>();
            await console.ExecuteAsync(
                "insert into project_members (tenant_id, project_id, user_id) select tenant_id, id, $2 from projects where id = $1", _cancel, Guid.Parse(project), me);
        }
    }
}
