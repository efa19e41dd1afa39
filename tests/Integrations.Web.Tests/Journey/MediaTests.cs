using Integrations.Mtproto.Schema;
using Integrations.Sandbox.Tests.Telegram.Client;
using Integrations.Web.Tests.Browser;
using static Microsoft.Playwright.Assertions;

namespace Integrations.Web.Tests.Journey;

/// <summary>Messages as they are: pictures, files, recordings, answers, edits and deletions in a thread.</summary>
[Collection(ConsoleTests.Name)]
public sealed class MediaTests(ConsoleFixture console)
{
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_thread_shows_what_was_sent_and_what_became_of_it()
    {
        await using var user = await console.NewUserAsync(_cancel);
        var (anna, boris) = (console.People["anna"], console.People["boris"]);
        var account = await console.ConnectAsync(user, anna, _cancel);
        await using var side = await console.OtherSideAsync(boris, _cancel);
        var to = await side.FindAsync(anna.Username);
        var report = Pictures.Noise(300_000);
        var first = await side.SendPhotoAsync(to, Pictures.Png(640, 400), "The view from here");
        await using var browser = await console.SignedInAsync(user);
        var page = browser.Page;
        await page.GotoAsync($"/dialogs/{account}");
        await page.Locator(".dialog", new() { HasText = "Boris Belov" }).ClickAsync();

        // A picture is one, as large as it was said to be before it was there.
        var picture = page.Locator(".bubble.in img");
        await Expect(picture).ToHaveAttributeAsync("alt", "Photo");
        Assert.Equal("640x400", await page.EvaluateAsync<string>("async () => { const i = document.querySelector('.bubble.in img'); await i.decode(); return `${i.naturalWidth}x${i.naturalHeight}`; }"));
        var box = (await picture.BoundingBoxAsync())!;
        Assert.Equal(1.6, Math.Round(box.Width / box.Height, 1));

        await side.SendDocumentAsync(to, report, "report.pdf", "application/pdf");
        var file = page.Locator(".bubble.in a.file");
        await Expect(file).ToContainTextAsync("report.pdf");
        await Expect(file).ToContainTextAsync("293 KB");
        var kept = await page.RunAndWaitForDownloadAsync(() => file.ClickAsync());
        Assert.Equal("report.pdf", kept.SuggestedFilename);
        await using (var stream = await kept.CreateReadStreamAsync())
        {
            using var copy = new MemoryStream();
            await stream.CopyToAsync(copy, _cancel);
            Assert.Equal(report, copy.ToArray());
        }

        await side.SendVoiceAsync(to, Pictures.Noise(4000));
        await Expect(page.Locator(".bubble.in .sound")).ToContainTextAsync("0:03");
        await side.SendDocumentAsync(
            to, Pictures.Png(512, 512), "sticker.png", "image/png", new DocumentAttributeImageSize { W = 512, H = 512 },
            new DocumentAttributeSticker { Alt = "!", Stickerset = new InputStickerSetEmpty() });
        await Expect(page.Locator(".bubble.in img")).ToHaveCountAsync(2);
        await side.SendAlbumAsync(to, "Three of them", Pictures.Png(100, 100), Pictures.Png(120, 100), Pictures.Png(140, 100));
        await Expect(page.Locator(".bubble.in .album img")).ToHaveCountAsync(3);
        await Expect(page.Locator(".bubble.in", new() { HasText = "Three of them" })).ToHaveCountAsync(1);

        var answer = await side.SendTextAsync(to, "Do you like itt?", replyTo: first);
        var answered = page.Locator(".bubble.in", new() { HasText = "Do you like it" });
        await Expect(answered.Locator(".quote")).ToHaveTextAsync("The view from here");
        await side.EditAsync(to, answer, "Do you like it?");
        await Expect(answered).ToContainTextAsync("edited");
        await Expect(answered.Locator("p")).ToHaveTextAsync("Do you like it?");
        await Screens.CheckAsync(page, "dialog-media");
        await side.DeleteAsync(to, answer);
        await Expect(answered.Locator("del")).ToHaveTextAsync("Do you like it?");
        await Expect(answered).ToContainTextAsync("Deleted in Telegram");

        // What a page shows that is opened later is the same.
        var live = await ShownAsync();
        await page.ReloadAsync();
        await Expect(page.Locator(".bubble.in .album img")).ToHaveCountAsync(3);
        await Expect(answered.Locator("del")).ToHaveTextAsync("Do you like it?");
        Assert.Equal(live, await ShownAsync());
        browser.ExpectNoProblems();

        Task<string> ShownAsync() => page.EvaluateAsync<string>(
            "() => [...document.querySelectorAll('.bubble')].map(bubble => [bubble.className.trim(), bubble.querySelectorAll('img').length, ...[...bubble.querySelectorAll('p, .quote, .file, figcaption')].map(part => part.textContent.trim())].join('|')).join('\\n')");
    }

    [Fact]
    public async Task A_file_is_the_sessions_that_may_read_it_and_nobody_elses()
    {
        await using var user = await console.NewUserAsync(_cancel);
        await using var other = await console.NewUserAsync(_cancel);
        var (anna, gleb) = (console.People["anna"], console.People["gleb"]);
        var account = await console.ConnectAsync(user, anna, _cancel);
        await using var side = await console.OtherSideAsync(gleb, _cancel);
        await side.SendPhotoAsync(await side.FindAsync(anna.Username), Pictures.Png(64, 64), "For Anna alone");
        await using var browser = await console.SignedInAsync(user);
        await browser.Page.GotoAsync($"/dialogs/{account}");
        await browser.Page.Locator(".dialog", new() { HasText = "For Anna alone" }).ClickAsync();
        var address = (await browser.Page.Locator(".bubble.in img").GetAttributeAsync("src"))!;

        await using var stranger = await console.SignedInAsync(other);
        await using var nobody = await console.AnonymousAsync();

        Assert.Equal(200, (await browser.Context.APIRequest.GetAsync(address)).Status);
        Assert.Equal(404, (await stranger.Context.APIRequest.GetAsync(address)).Status);
        Assert.Equal(401, (await nobody.Context.APIRequest.GetAsync(address)).Status);
        var part = await browser.Context.APIRequest.GetAsync(address, new() { Headers = [new("Range", "bytes=1-3")] });
        Assert.Equal((206, "PNG"), (part.Status, System.Text.Encoding.ASCII.GetString(await part.BodyAsync())));
    }
}
