using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Integrations.Bench.Product;
using Integrations.Web.Tests.Browser;
using static Microsoft.Playwright.Assertions;

namespace Integrations.Web.Tests.Journey;

/// <summary>A working group is set up in the console, and carries a conversation between somebody outside and an operator in Telegram.</summary>
[Collection(ConsoleTests.Name)]
public sealed class WorkingGroupTests(ConsoleFixture console)
{
    /// <summary>The sandbox's town square, which is boris's.</summary>
    private const string Square = "c3000001";

    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_group_is_set_up_here_and_an_operator_answers_in_it()
    {
        await using var owner = await console.NewUserAsync(_cancel);
        await using var member = await console.NewUserAsync(_cancel, "operator", "Oleg Orlov");
        var (zoya, egor, boris) = (console.People["zoya"], console.People["egor"], console.People["boris"]);
        var project = (await owner.Api.PostAsync("api/v1/projects", new { name = $"Mirrored {Guid.CreateVersion7().ToString()[^4..]}" }, _cancel)).Expect(HttpStatusCode.Created).Body.Text("id");
        var token = await console.MakeBotAsync("Desk helper", _cancel);
        var bot = (await owner.Api.PostAsync("api/v1/telegram/bots", new { bot_token = token, project_id = project }, _cancel)).Expect(HttpStatusCode.Created).Body.Text("id");
        var number = long.Parse(token.Split(':')[0], CultureInfo.InvariantCulture);
        var account = await console.ConnectAsync(owner, egor, _cancel);
        await console.ExecuteAsync("update telegram_accounts set project_id = $2 where id = $1", _cancel, Guid.Parse(account), Guid.Parse(project));
        using var phone = console.Sandbox();

        await using var browser = await console.SignedInAsync(owner);
        var page = browser.Page;
        await page.GotoAsync($"/projects/{project}");
        await Expect(page.Locator("#group-missing li")).ToHaveCountAsync(2);
        await Expect(page.Locator("#mirroring-on")).ToBeDisabledAsync();
        await page.Locator("#working-group input[type=checkbox]").CheckAsync();
        await page.Locator("#group-save").ClickAsync();
        await Expect(page.Locator("#group-missing li")).ToHaveCountAsync(1);
        await Expect(page.Locator("#group-missing li")).ToHaveAttributeAsync("data-missing", "working_group");
        await Screens.CheckAsync(page, "working-group-missing");

        // In Telegram the bot is added to a group with topics and made an administrator.
        await DoAsync(phone, HttpMethod.Patch, $"{boris.Id}/chats/{Square}", new { topics = true });
        await DoAsync(phone, HttpMethod.Post, $"{boris.Id}/chats/{Square}/members", new { user_id = number });
        await DoAsync(phone, HttpMethod.Patch, $"{boris.Id}/chats/{Square}/members/{number}", new { rights = new[] { "can_manage_topics" } });
        await page.Locator("#group-chat").FillAsync("@town_square");
        await page.Locator("#group-save").ClickAsync();
        await Expect(page.Locator("#group-missing")).ToHaveCountAsync(0);
        await page.Locator("#mirroring-on").ClickAsync();
        await Expect(page.Locator("#group-queue")).ToContainTextAsync("Nothing waits");
        await Screens.CheckAsync(page, "working-group");

        await console.Phone.WriteAsync(zoya, egor, "Do you still have it?", _cancel);
        var copy = await UntilAsync(phone, boris, "Do you still have it?");
        await DoAsync(phone, HttpMethod.Post, $"{boris.Id}/chats/{Square}/messages", new { text = "Yes, come by", reply_to = copy });
        await Office.UntilAsync("zoya has the answer", async () => await console.Phone.CountAsync(zoya, egor, "Yes, come by", _cancel) == 1, TimeSpan.FromSeconds(120), _cancel);
        await UntilAsync(phone, boris, "✓ Delivered");

        // Whoever reads it here is led to its topic.
        var me = (await member.Api.GetAsync("api/v1/auth/me", _cancel)).Expect(HttpStatusCode.OK).Body!["user_id"]!.GetValue<int>();
        (await owner.Api.PutAsync($"api/v1/projects/{project}/members/{me}", new { }, _cancel)).Expect(HttpStatusCode.NoContent);
        await using var reader = await console.SignedInAsync(member, new BrowserOptions(Language: "uk"));
        await reader.Page.GotoAsync($"/dialogs/{account}");
        await reader.Page.Locator(".dialog", new() { HasText = "Zoya" }).ClickAsync();
        await Expect(reader.Page.Locator(".compose.closed a")).ToHaveAttributeAsync("href", new System.Text.RegularExpressions.Regex("^https://t\\.me/c/3000001/[0-9]+$"));
        await Screens.CheckAsync(reader.Page, "working-group-dialog-uk");

        // So is the account's own user.
        await page.GotoAsync($"/dialogs/{account}");
        await page.Locator(".dialog", new() { HasText = "Zoya" }).ClickAsync();
        await Expect(page.Locator(".compose.closed a")).ToHaveCountAsync(1);
        await page.GotoAsync($"/projects/{project}");
        await page.Locator("#mirroring-off").ClickAsync();
        await Expect(page.Locator("#mirroring-on")).ToBeEnabledAsync();
        browser.ExpectNoProblems();
        reader.ExpectNoProblems();
        // Other tests begin with no bots, and with a square without topics.
        await owner.Api.DeleteAsync($"api/v1/telegram/bots/{bot}", _cancel);
        await DoAsync(phone, HttpMethod.Patch, $"{boris.Id}/chats/{Square}", new { topics = false });
    }

    /// <summary>The number of the message in the square that has these words.</summary>
    private async Task<int> UntilAsync(HttpClient phone, Person reader, string words)
    {
        JsonNode? found = null;
        await Office.UntilAsync(
            $"'{words}' is in the group",
            async () =>
            {
                var messages = JsonNode.Parse(await phone.GetStringAsync(new Uri($"sandbox/people/{reader.Id}/chats/{Square}/messages", UriKind.Relative), _cancel))!;
                var list = messages as JsonArray ?? messages["messages"]?.AsArray() ?? messages["items"]!.AsArray();
                found = list.FirstOrDefault(message => message!["text"]!.ToString().Contains(words, StringComparison.Ordinal));
                return found is not null;
            },
            TimeSpan.FromSeconds(120),
            _cancel);
        return found!["id"]!.GetValue<int>();
    }

    private async Task DoAsync(HttpClient phone, HttpMethod method, string path, object body)
    {
        using var request = new HttpRequestMessage(method, new Uri($"sandbox/people/{path}", UriKind.Relative)) { Content = JsonContent.Create(body) };
        using var response = await phone.SendAsync(request, _cancel);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(_cancel));
    }
}
