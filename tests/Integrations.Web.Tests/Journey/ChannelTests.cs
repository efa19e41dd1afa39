using Integrations.Sandbox.Tests.Telegram.Client;
using Integrations.Web.Tests.Browser;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Integrations.Web.Tests.Journey;

[Collection(ConsoleTests.Name)]
public sealed class ChannelTests(ConsoleFixture console)
{
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1440)]
    [InlineData(375)]
    public async Task A_channel_is_connected_posted_in_edited_pinned_scheduled_and_taken_back(int width)
    {
        await using var user = await console.NewUserAsync(_cancel);
        var account = await console.ConnectAsync(user, console.People["anna"], _cancel);
        await using var browser = await console.SignedInAsync(user, new(Width: width, Height: width is 375 ? 740 : 900));
        var page = browser.Page;

        await page.GotoAsync("/channels");
        await Expect(page.GetByText("No channels yet")).ToBeVisibleAsync();
        await Screens.CheckAsync(page, $"channels-empty-{width}");
        await browser.Button("Connect a channel").ClickAsync();
        await page.Locator("#channel-sender").SelectOptionAsync(new SelectOptionValue { Index = 1 });
        await Expect(page.GetByText("Town news")).ToBeVisibleAsync();
        await browser.Labelled("Name, link or id").FillAsync("not a channel!");
        await browser.InDialog("Connect a channel").ClickAsync();
        await Expect(page.GetByText("This is no name, link or id of a channel.")).ToBeVisibleAsync();
        await Screens.CheckAsync(page, $"channels-connect-{width}");
        await page.Locator(".found-channel", new() { HasText = "Town news" }).ClickAsync();
        await browser.InDialog("Connect a channel").ClickAsync();

        var row = page.Locator("[data-channel]", new() { HasText = "Town news" });
        await Expect(row.Locator("[data-channel-state]")).ToHaveAttributeAsync("data-channel-state", "works");
        await Screens.CheckAsync(page, $"channels-{width}");
        await row.GetByRole(AriaRole.Link, new() { Name = "Town news" }).ClickAsync();

        await browser.Labelled("Message").FillAsync("The mill is open");
        await Expect(page.Locator("[data-preview]")).ToHaveTextAsync("The mill is open");
        await browser.Button("Post").ClickAsync();
        var post = page.Locator("[data-post]", new() { HasText = "The mill" });
        await Expect(post).ToHaveAttributeAsync("data-status", "delivered");
        await browser.Button("Edit “The mill is open”").ClickAsync();
        // Not before the form is the post's: what is typed into the one before goes with it.
        await Expect(browser.Labelled("Message")).ToHaveValueAsync("The mill is open");
        await browser.Labelled("Message").FillAsync("The mill is closed");
        await browser.Button("Save").ClickAsync();
        await Expect(post).ToContainTextAsync("edited");
        await browser.Button("Pin “The mill is closed”").ClickAsync();
        await ConfirmAsync(browser, "Pin");
        await Expect(post).ToContainTextAsync("pinned");

        await Expect(browser.Button("Post")).ToBeDisabledAsync();
        await page.Locator("[data-attach-input]").Last.SetInputFilesAsync(new FilePayload { Name = "mill.png", MimeType = "image/png", Buffer = Pictures.Png(640, 400) });
        await Expect(page.Locator(".attachment img")).ToHaveCountAsync(1);
        await Screens.CheckAsync(page, $"channel-attaching-{width}");
        await browser.Button("Post").ClickAsync();
        var picture = page.Locator("[data-post]", new() { Has = page.Locator("img") });
        await Expect(picture).ToHaveAttributeAsync("data-status", "delivered");
        await Expect(page.Locator(".attachment")).ToHaveCountAsync(0);

        // Nothing goes without a file that was refused, however often one tries.
        await page.Locator("[data-attach-input]").Last.SetInputFilesAsync(new FilePayload { Name = "empty.txt", MimeType = "text/plain", Buffer = [] });
        await Expect(page.Locator(".attachment.refused")).ToHaveCountAsync(1);
        await browser.Labelled("Message").FillAsync("With a file");
        for (var i = 0; i < 2; i++)
        {
            await browser.Button("Post").ClickAsync();
            await Expect(page.GetByText("empty.txt could not be sent.")).ToBeVisibleAsync();
        }

        await browser.Button("Remove empty.txt").ClickAsync();
        await browser.Button("Post").ClickAsync();
        await Expect(page.Locator("[data-post]", new() { HasText = "With a file" })).ToHaveCountAsync(1);
        // The post may be there by its event before the form has heard that it was taken.
        await Expect(browser.Labelled("Message")).ToHaveValueAsync("");

        await browser.Labelled("Message").FillAsync("For tomorrow");
        await page.GetByText("Post later").ClickAsync();
        await page.Locator("#post-at").FillAsync(TimeProvider.System.GetUtcNow().AddDays(1).ToString("yyyy-MM-dd'T'HH:mm", System.Globalization.CultureInfo.InvariantCulture));
        await browser.Button("Schedule").ClickAsync();
        var later = page.Locator("[data-post]", new() { HasText = "For tomorrow" });
        await Expect(later).ToHaveAttributeAsync("data-status", "scheduled");
        await Screens.CheckAsync(page, $"channel-{width}");
        await browser.Button("Delete “For tomorrow”").ClickAsync();
        await ConfirmAsync(browser, "Delete");
        await Expect(later).ToContainTextAsync("deleted");
        await browser.Button("Delete “The mill is closed”").ClickAsync();
        await ConfirmAsync(browser, "Delete");
        await Expect(post).ToContainTextAsync("deleted");

        await page.GotoAsync("/channels");
        await Expect(row.Locator("[data-channel-state]")).ToHaveAttributeAsync("data-channel-state", "works");
        (await user.Api.DeleteAsync($"api/v1/telegram/accounts/{account}", _cancel)).Expect(System.Net.HttpStatusCode.OK);
        await Expect(row.Locator("[data-channel-state]")).ToHaveAttributeAsync("data-channel-state", "waits");
        await browser.Button("Delete Town news").ClickAsync();
        await ConfirmAsync(browser, "Delete");
        await Expect(page.GetByText("No channels yet")).ToBeVisibleAsync();
        browser.ExpectNoProblems();
    }

    private static Task ConfirmAsync(BrowserPage browser, string action) =>
        browser.Page.Locator(".rz-dialog-confirm").GetByRole(AriaRole.Button, new() { Name = action, Exact = true }).ClickAsync();
}
