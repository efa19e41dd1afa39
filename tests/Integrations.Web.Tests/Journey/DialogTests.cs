using Integrations.Bench.Product;
using Integrations.Web.Tests.Browser;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Integrations.Web.Tests.Journey;

[Collection(ConsoleTests.Name)]
public sealed class DialogTests(ConsoleFixture console)
{
    /// <summary>Each dialog of the list as name, last words, count of unread and whether somebody waits.</summary>
    private const string List =
        """
        () => [...document.querySelectorAll('.dialog')].map(row => [
          row.querySelector('strong').textContent.trim(), row.querySelector('.who small').textContent.trim(),
          row.querySelector('.badge')?.textContent ?? '0', row.querySelector('.waiting') ? 'waits' : ''].join('|')).join('\n')
        """;

    private const string Conversation = "() => [...document.querySelectorAll('.bubble')].map(bubble => bubble.dataset.status + '|' + bubble.querySelector('p').textContent).join('\\n')";

    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_arrives_while_the_window_is_out_of_sight_stays_unread_until_it_is_seen()
    {
        await using var user = await console.NewUserAsync(_cancel);
        var (anna, boris) = (console.People["anna"], console.People["boris"]);
        var account = await console.ConnectAsync(user, anna, _cancel);
        await console.Phone.WriteAsync(boris, anna, "First.", _cancel);
        await using var browser = await console.SignedInAsync(user);
        var page = browser.Page;
        await page.GotoAsync($"/dialogs/{account}");
        await page.Locator(".dialog", new() { HasText = "Boris Belov" }).ClickAsync();
        await UntilReadAsync();

        await TurnAsync("hidden");
        foreach (var text in new[] { "Second.", "Third." })
        {
            await console.Phone.WriteAsync(boris, anna, text, _cancel);
            await Expect(page.Locator(".bubble.in", new() { HasText = text })).ToBeVisibleAsync();
        }

        Assert.Equal(2, await UnreadAsync());
        await TurnAsync("visible");
        await UntilReadAsync();
        browser.ExpectNoProblems();

        Task UntilReadAsync() => Office.UntilAsync("everything is read", async () => await UnreadAsync() == 0, TimeSpan.FromSeconds(120), _cancel);

        async Task<int> UnreadAsync() =>
            (await user.Api.GetAsync($"api/v1/telegram/dialogs?account_id={account}", _cancel)).Body!["items"]!.AsArray().Single(dialog => dialog!["title"]!.GetValue<string>() == "Boris Belov")!["unread_count"]!.GetValue<int>();

        // A headless window is always in sight; the page asks the document, which is told otherwise.
        Task TurnAsync(string state) => page.EvaluateAsync(
            "state => { Object.defineProperty(document, 'visibilityState', { value: state, configurable: true }); document.dispatchEvent(new Event('visibilitychange')); }", state);
    }

    [Fact]
    public async Task A_conversation_is_begun_answered_and_found_again()
    {
        await using var user = await console.NewUserAsync(_cancel);
        var (anna, boris) = (console.People["anna"], console.People["boris"]);
        await console.ConnectAsync(user, anna, _cancel);
        await using var browser = await console.SignedInAsync(user);
        var page = browser.Page;
        await page.GotoAsync("/accounts");
        await Expect(page.Locator(".status")).ToHaveTextAsync("Connected");
        await Screens.CheckAsync(page, "accounts-one");
        await page.Locator(".account").GetByRole(AriaRole.Link, new() { Name = "Dialogs" }).ClickAsync();

        await browser.Button("New dialog").ClickAsync();
        await browser.Labelled("Write to").FillAsync("?");
        await browser.Button("Begin").ClickAsync();
        await Expect(page.GetByText("Write a username such as @maria")).ToBeVisibleAsync();
        await browser.Labelled("Write to").FillAsync("@" + boris.Username);
        await browser.Button("Begin").ClickAsync();
        await Expect(page.GetByText("Nothing has been said here yet.")).ToBeVisibleAsync();
        await browser.Labelled("Message").FillAsync("Good morning, Boris.\nAre the papers ready?");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator(".bubble.out[data-status=delivered]")).ToContainTextAsync("Are the papers ready?");
        Assert.Equal(1, await console.Phone.CountAsync(boris, anna, "Good morning, Boris.\nAre the papers ready?", _cancel));

        await console.Phone.WriteAsync(boris, anna, "They are. I bring them at noon.", _cancel);
        await Expect(page.Locator(".bubble.in")).ToContainTextAsync("They are. I bring them at noon.");
        await browser.Labelled("Message").FillAsync("Thank you! Please ring twice: the bell is quiet, and the door on the left is open only until one o’clock.");
        await browser.Button("Send").ClickAsync();
        await Expect(page.Locator(".bubble.out[data-status=delivered]")).ToHaveCountAsync(2);
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Boris Belov" })).ToBeVisibleAsync();
        await Screens.CheckAsync(page, "dialog");

        await browser.Labelled("Message").FillAsync("A thought not yet finished");
        await page.ReloadAsync();
        await Expect(page.Locator(".bubble")).ToHaveCountAsync(3);
        await Expect(browser.Labelled("Message")).ToHaveValueAsync("A thought not yet finished");
        await browser.Labelled("Message").FillAsync("");

        await console.Phone.WriteAsync(console.People["egor"], anna, "Hello Anna, this is Egor.", _cancel);
        var egor = page.Locator(".dialog", new() { HasText = "Egor Ershov" });
        await Expect(egor.Locator(".badge")).ToHaveTextAsync("1");
        await page.Keyboard.PressAsync("Escape");
        await page.Locator(".thread h2").ClickAsync();
        await page.Keyboard.PressAsync("/");
        await page.Keyboard.TypeAsync("egor");
        await Expect(page.Locator(".dialog")).ToHaveCountAsync(1);
        await egor.ClickAsync();
        await Expect(page.Locator(".bubble.in")).ToContainTextAsync("this is Egor");
        await Expect(egor.Locator(".badge")).ToHaveCountAsync(0);
        await page.ReloadAsync();
        await Expect(page.Locator(".bubble.in")).ToContainTextAsync("this is Egor");
        await Expect(egor).ToBeVisibleAsync();
        await Expect(egor.Locator(".badge")).ToHaveCountAsync(0);
        browser.ExpectNoProblems();
    }

    [Fact]
    public async Task What_telegram_refuses_is_shown_with_its_reason_and_sent_by_retry()
    {
        await using var user = await console.NewUserAsync(_cancel);
        var egor = console.People["egor"];
        var account = await console.ConnectAsync(user, egor, _cancel);
        await using var browser = await console.SignedInAsync(user);
        var page = browser.Page;
        await page.GotoAsync($"/dialogs/{account}");
        await browser.Button("New dialog").ClickAsync();
        await browser.Labelled("Write to").FillAsync("gleb");
        await browser.Button("Begin").ClickAsync();
        await console.BreakAsync(new { kind = "rpc_error", person = egor.Id, method = "messages.sendMessage", code = 403, error = "USER_PRIVACY_RESTRICTED" }, _cancel);
        await browser.Labelled("Message").FillAsync("Hello Gleb");
        await browser.Button("Send").ClickAsync();
        await Expect(page.Locator(".bubble[data-status=failed]")).ToContainTextAsync("The recipient does not accept messages from this account.");
        await Screens.CheckAsync(page, "dialog-failed");
        await console.HealAsync(_cancel);
        await browser.Button("Retry").ClickAsync();
        await Expect(page.Locator(".bubble.out[data-status=delivered]")).ToContainTextAsync("Hello Gleb");
        await Expect(page.Locator(".bubble[data-status=failed]")).ToHaveCountAsync(0);
        await page.ReloadAsync();
        await Expect(page.Locator(".bubble")).ToHaveCountAsync(1);
        await Expect(page.Locator(".bubble.out[data-status=delivered]")).ToContainTextAsync("Hello Gleb");

        await browser.Button("New dialog").ClickAsync();
        await browser.Labelled("Write to").FillAsync("nobody_of_this_name");
        await browser.Button("Begin").ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "@nobody_of_this_name" })).ToBeVisibleAsync();
        await browser.Labelled("Message").FillAsync("Is anybody there?");
        await browser.Button("Send").ClickAsync();
        await Expect(page.Locator(".bubble[data-status=failed]")).ToContainTextAsync("Telegram does not know this recipient.");
        browser.ExpectNoProblems();
    }

    [Fact]
    public async Task What_events_tell_is_shown_without_reading_again_and_is_what_a_page_shows_that_is_opened_later()
    {
        await using var user = await console.NewUserAsync(_cancel);
        var (anna, boris, egor, gleb) = (console.People["anna"], console.People["boris"], console.People["egor"], console.People["gleb"]);
        var account = await console.ConnectAsync(user, anna, _cancel);
        foreach (var writer in new[] { boris, egor, gleb })
            await console.Phone.WriteAsync(writer, anna, "The first word", _cancel);
        await using var browser = await console.SignedInAsync(user);
        var page = browser.Page;
        await page.GotoAsync($"/dialogs/{account}");
        await Expect(page.Locator(".dialog")).ToHaveCountAsync(3);
        await Row("Boris Belov").ClickAsync();
        await Expect(page.Locator(".bubble.in")).ToContainTextAsync("The first word");
        await Expect(Row("Boris Belov").Locator(".badge")).ToHaveCountAsync(0);

        var reads = await ReadsAsync();
        Assert.NotEqual(0, reads);
        for (var number = 1; number <= 5; number++)
        {
            await console.Phone.WriteAsync(boris, anna, $"Here {number}", _cancel);
            await console.Phone.WriteAsync(egor, anna, $"There {number}", _cancel);
            await Expect(page.Locator(".bubble.in").Last).ToContainTextAsync($"Here {number}");
            await Expect(Row("Egor Ershov")).ToContainTextAsync($"There {number}");
        }

        await user.Office.SendAsync(account, egor, "An answer from elsewhere", "elsewhere", _cancel);
        await Expect(Row("Egor Ershov")).ToContainTextAsync("You: An answer from elsewhere");
        await Expect(Row("Egor Ershov").Locator(".waiting")).ToHaveCountAsync(0);
        await user.Office.SendAsync(account, boris, "An answer here from elsewhere", "here", _cancel);
        await Expect(page.Locator(".bubble.out[data-status=delivered]")).ToContainTextAsync("An answer here from elsewhere");
        Assert.Equal(reads, await ReadsAsync());

        await console.BreakAsync(new { kind = "rpc_error", person = anna.Id, method = "messages.sendMessage", code = 403, error = "USER_PRIVACY_RESTRICTED" }, _cancel);
        await user.Office.SendAsync(account, gleb, "This one fails", "fails", _cancel);
        await Expect(Row("Gleb Gusev")).ToContainTextAsync("Not sent: This one fails");
        await Expect(Row("Gleb Gusev").Locator(".waiting")).ToBeVisibleAsync();
        await console.HealAsync(_cancel);

        var (list, conversation) = (await page.EvaluateAsync<string>(List), await page.EvaluateAsync<string>(Conversation));
        Assert.StartsWith("Gleb Gusev|Not sent: This one fails|1|waits\nBoris Belov|You: An answer here from elsewhere|0|\nEgor Ershov|You: An answer from elsewhere|6|", list, StringComparison.Ordinal);
        await page.ReloadAsync();
        await Expect(page.Locator(".bubble")).ToHaveCountAsync(7);
        await Expect(page.Locator(".dialog")).ToHaveCountAsync(3);
        Assert.Equal(list, await page.EvaluateAsync<string>(List));
        Assert.Equal(conversation, await page.EvaluateAsync<string>(Conversation));
        browser.ExpectNoProblems();

        ILocator Row(string name) => page.Locator(".dialog", new() { HasText = name });

        // What the Api has counted of its readings of dialogs and messages.
        async Task<long> ReadsAsync()
        {
            using var http = new HttpClient();
            var metrics = await http.GetStringAsync(new Uri(console.Product.Addresses.Api, "metrics"), _cancel);
            return metrics.Split('\n')
                .Where(line => line.StartsWith("http_server_request_duration_seconds_count{", StringComparison.Ordinal) && line.Contains("\"GET\"", StringComparison.Ordinal)
                    && (line.Contains("api/v1/telegram/dialogs", StringComparison.Ordinal) || line.Contains("api/v1/telegram/messages", StringComparison.Ordinal)))
                .Sum(line => long.Parse(line.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture));
        }
    }

    [Fact]
    public async Task Older_messages_come_when_one_scrolls_up()
    {
        await using var user = await console.NewUserAsync(_cancel);
        var (mila, zoya) = (console.People.Values.Single(person => person.Username.Length == 0), console.People["zoya"]);
        var account = await console.ConnectAsync(user, mila, _cancel);
        const int All = 120;
        for (var number = 1; number <= All; number++)
            await console.Phone.WriteAsync(zoya, mila, $"Line {number}", _cancel);
        await Office.UntilAsync("all lines are stored", async () => await user.Office.CountAsync(account, $"Line {All}", _cancel) == 1, TimeSpan.FromSeconds(120), _cancel);

        await using var browser = await console.SignedInAsync(user);
        var page = browser.Page;
        await page.GotoAsync($"/dialogs/{account}");
        await page.Locator(".dialog", new() { HasText = "Zoya Zimina" }).ClickAsync();
        var thread = page.Locator(".messages");
        await Expect(thread.GetByText($"Line {All}", new() { Exact = true })).ToBeInViewportAsync();
        var first = thread.GetByText("Line 1", new() { Exact = true });
        await Expect(first).ToHaveCountAsync(0);
        await Office.UntilAsync(
            "the first line is there",
            async () =>
            {
                await page.Locator(".bubble").First.ScrollIntoViewIfNeededAsync();
                return await first.CountAsync() > 0;
            },
            TimeSpan.FromSeconds(120),
            _cancel);
        await Expect(page.Locator(".bubble")).ToHaveCountAsync(All);
        browser.ExpectNoProblems();
    }
}
