using System.Net;
using Integrations.Bench.Product;
using Integrations.Web.Tests.Browser;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Integrations.Web.Tests.Journey;

[Collection(ConsoleTests.Name)]
public sealed class LimitTests(ConsoleFixture console)
{
    private const string Limits = "api/v1/settings/limits";
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_administrator_sets_the_limits_and_puts_them_back()
    {
        await using var user = await console.NewUserAsync(_cancel);
        await user.Api.PutAsync(Limits, new { status = new { per_minute = 5000 } }, _cancel);
        await using var browser = await console.SignedInAsync(user);
        var page = browser.Page;
        try
        {
            await page.GotoAsync("/settings/limits");
            var send = page.Locator("[data-limit=send]");
            var (minute, burst) = (send.GetByLabel("A minute"), send.GetByLabel("At once"));
            await Expect(minute).ToHaveValueAsync("100");
            await Expect(browser.Button("Save")).ToBeDisabledAsync();
            await Screens.CheckAsync(page, "limits");

            await minute.FillAsync("100001");
            await Expect(send.GetByText("Enter whole numbers from 1 to 100000.")).ToBeVisibleAsync();
            await Expect(minute).ToHaveAttributeAsync("aria-invalid", "true");
            await Expect(browser.Button("Save")).ToBeDisabledAsync();
            await Screens.CheckAsync(page, "limits-invalid");

            await minute.FillAsync("300");
            await Expect(burst).ToHaveValueAsync("300");
            await burst.FillAsync("50");
            await minute.FillAsync("250");
            await Expect(burst).ToHaveValueAsync("50");
            await browser.Button("Save").ClickAsync();
            await Expect(page.GetByText("Saved. It holds within a few seconds.")).ToBeVisibleAsync();
            await Expect(browser.Button("Save")).ToBeDisabledAsync();
            await Screens.CheckAsync(page, "limits-saved");
            Assert.Equal((250, 50, "tenant"), await SendAsync(user));

            await page.ReloadAsync();
            await Expect(minute).ToHaveValueAsync("250");
            await send.GetByRole(AriaRole.Button, new() { Name = "Use the default Sending messages" }).ClickAsync();
            await Expect(minute).ToHaveValueAsync("100");

            // Somebody else's change takes nothing away that is being typed, and stands there once that is given up.
            await user.Api.PutAsync(Limits, new { send = new { per_minute = 300 }, status = new { per_minute = 5000 } }, _cancel);
            await Expect(minute).ToHaveValueAsync("100");
            await browser.Button("Discard changes").ClickAsync();
            await Expect(minute).ToHaveValueAsync("300");

            // Otherwise it is there by itself.
            await user.Api.PutAsync(Limits, new { status = new { per_minute = 5000 } }, _cancel);
            await Expect(minute).ToHaveValueAsync("100");
            browser.ExpectNoProblems();
        }
        finally
        {
            await user.Office.RaiseLimitsAsync(CancellationToken.None);
        }
    }

    [Theory]
    [InlineData("ru", "Ограничения запросов", true)]
    [InlineData("uk", "Обмеження запитів", false)]
    public async Task The_limits_are_told_in_the_readers_language(string language, string title, bool dark)
    {
        await using var user = await console.NewUserAsync(_cancel);
        await using var browser = await console.SignedInAsync(user, new(Dark: dark, Language: language));
        var page = browser.Page;

        await page.GotoAsync("/settings/limits");

        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = title })).ToBeVisibleAsync();
        await Expect(page.Locator("[data-limit]")).ToHaveCountAsync(3);
        await Screens.CheckAsync(page, $"limits-{language}");
    }

    [Fact]
    public async Task Who_is_no_administrator_is_told_so()
    {
        await using var user = await console.NewUserAsync(_cancel, "viewer");
        await using var browser = await console.SignedInAsync(user);
        var page = browser.Page;

        await page.GotoAsync("/settings/limits");

        await Expect(page.GetByText("Only owners and administrators see and change the limits.")).ToBeVisibleAsync();
        await Screens.CheckAsync(page, "limits-viewer");
        browser.ExpectNoProblems();
    }

    [Fact]
    public async Task Who_asks_too_often_reads_how_long_to_wait()
    {
        await using var user = await console.NewUserAsync(_cancel);
        await user.Api.PutAsync(Limits, new { connect = new { per_minute = 6, burst = 1 }, status = new { per_minute = 5000 } }, _cancel);
        try
        {
            await using var browser = await console.SignedInAsync(user);
            var page = browser.Page;
            await page.GotoAsync("/accounts");
            await Office.UntilAsync("the limit holds", async () => (await user.Api.PostAsync("api/v1/telegram/connect", new { }, _cancel)).Status == HttpStatusCode.TooManyRequests, TimeSpan.FromSeconds(20), _cancel);

            await browser.Button("Connect an account").ClickAsync();

            await Expect(page.Locator("#login-error")).ToContainTextAsync("Too many requests");
            await Screens.CheckAsync(page, "limits-waiting");
        }
        finally
        {
            await user.Office.RaiseLimitsAsync(CancellationToken.None);
        }
    }

    [Fact]
    public async Task A_page_that_is_opened_while_its_reader_has_to_wait_goes_on_by_itself()
    {
        await using var user = await console.NewUserAsync(_cancel);
        await user.Api.PutAsync(Limits, new { status = new { per_minute = 120, burst = 60 } }, _cancel);
        try
        {
            await using var browser = await console.SignedInAsync(user);
            var page = browser.Page;
            await page.GotoAsync("/accounts");
            await Expect(page.GetByText("Three steps to the first message")).ToBeVisibleAsync();
            await Office.UntilAsync("the budget is used up", async () => (await user.Api.GetAsync("api/v1/auth/me", _cancel)).Status == HttpStatusCode.TooManyRequests, TimeSpan.FromSeconds(30), _cancel);

            await browser.Link("Activity").ClickAsync();

            await Expect(page.Locator(".none, .line").First).ToBeVisibleAsync();
        }
        finally
        {
            await Office.UntilAsync(
                "the limits are raised again",
                async () => (await user.Api.PutAsync(Limits, new { connect = new { per_minute = 10_000 }, send = new { per_minute = 100_000 }, status = new { per_minute = 100_000 } }, CancellationToken.None)).Status == HttpStatusCode.OK,
                TimeSpan.FromSeconds(120),
                CancellationToken.None);
        }
    }

    private async Task<(int PerMinute, int Burst, string Source)> SendAsync(ConsoleUser user)
    {
        var send = (await user.Api.GetAsync(Limits, _cancel)).Body!["limits"]!.AsArray().Single(limit => limit.Text("class") == "send")!;
        return (send["per_minute"]!.GetValue<int>(), send["burst"]!.GetValue<int>(), send.Text("source"));
    }
}
