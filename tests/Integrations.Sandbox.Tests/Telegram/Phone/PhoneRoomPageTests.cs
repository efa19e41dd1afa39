using System.Text.RegularExpressions;
using Integrations.Sandbox.Telegram.World;
using Integrations.Sandbox.Tests.Telegram.Client;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Integrations.Sandbox.Tests.Telegram.Phone;

/// <summary>Rooms, bots and files on the page, in a browser. Every test has a room of its own.</summary>
[Collection(PhonePages.Name)]
public sealed class PhoneRoomPageTests(PhoneBrowser browser)
{
    [Fact]
    public async Task BotFather_makes_a_bot_and_it_is_promoted_in_a_group_with_topics()
    {
        await using var window = await browser.OpenAsync($"&person={Seed.Anna}");
        await window.Button("New message").ClickAsync();
        await window.Page.Locator("#picker-filter").FillAsync("@botfather");
        await window.Page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "BotFather" }).ClickAsync();
        await window.Button("Start").ClickAsync();
        await window.Message("I can help you").GetByRole(AriaRole.Button, new() { Name = "/newbot" }).ClickAsync();
        await Expect(window.Message("Alright, a new bot.")).ToBeVisibleAsync();
        await window.SayAsync("Page bot");
        await Expect(window.Message("Good. Now let's choose a username")).ToBeVisibleAsync();
        await window.SayAsync("page_test_bot");
        await Expect(window.Button("Copy the token")).ToBeVisibleAsync();
        var bot = Assert.Single(browser.Host.Telegram.PhoneOf("anna").Bots);
        await Expect(window.Message("Done! Congratulations").Locator("code")).ToHaveTextAsync(bot.Token);
        await window.LookAsync("botfather");

        await window.Button("New message").ClickAsync();
        await window.Button("New group or channel").ClickAsync();
        await window.Page.GetByLabel("Name", new() { Exact = true }).FillAsync("Orders");
        await window.Page.Locator("#make-topics").CheckAsync();
        await window.LookAsync("new-group");
        await window.Button("Make").ClickAsync();
        await window.Button("New topic").ClickAsync();
        await window.Page.GetByLabel("Name of the topic").FillAsync("Order 17");
        await window.Button("Make").ClickAsync();
        await Expect(window.Page.Locator("#chat-title")).ToHaveTextAsync("Order 17");
        await window.SayAsync("Two lamps");
        await Expect(window.Message("Two lamps")).ToBeVisibleAsync();

        await window.Button("About Orders").ClickAsync();
        await window.Button("Add").ClickAsync();
        await window.Page.Locator("#picker-filter").FillAsync("@page_test");
        await window.Page.Locator("#picker").GetByRole(AriaRole.Button, new() { Name = "Page bot" }).ClickAsync();
        await window.Page.GetByRole(AriaRole.Button, new() { Name = "Rights of Page bot" }).ClickAsync();
        await window.Page.GetByLabel("Manage topics").CheckAsync();
        await window.LookAsync("rights");
        await window.Button("Make administrator").ClickAsync();
        await Expect(window.Page.Locator("#room-members")).ToContainTextAsync("administrator · bot · @page_test_bot");
        await window.Button("Make a link").ClickAsync();
        await Expect(window.Page.Locator("#room-address")).ToContainTextAsync("https://t.me/+");
        await window.LookAsync("room");
        await window.Page.Keyboard.PressAsync("Escape");
        await Expect(window.Button("About Orders")).ToBeFocusedAsync();

        // Back in the list of topics, one is closed by the keyboard alone.
        await window.Button("Back to the topics").ClickAsync();
        await window.Button("Change the topic Order 17").FocusAsync();
        await window.Page.Keyboard.PressAsync("Enter");
        await Expect(window.Page.GetByRole(AriaRole.Menuitem, new() { Name = "Rename" })).ToBeFocusedAsync();
        await window.Page.Keyboard.PressAsync("ArrowDown");
        await window.Page.Keyboard.PressAsync("Enter");
        await Expect(window.Page.GetByRole(AriaRole.Button, new() { Name = "Order 17, closed" })).ToBeVisibleAsync();
        await window.LookAsync("topics");
        var world = browser.Host.Telegram.World;
        var room = world.Dialogs(Seed.Anna).Single(dialog => world.FindChannel(dialog.Peer.Id)?.Title == "Orders").Peer;
        Assert.True(world.May(bot.Id, room, AdminRights.ManageTopics));
        Assert.False(world.May(bot.Id, room, AdminRights.DeleteMessages));
        window.ExpectNoProblems();
    }

    [Fact]
    public async Task A_photo_and_an_album_are_seen_by_the_other_and_a_file_is_saved()
    {
        await using var window = await browser.OpenAsync($"&person={Seed.Gleb}");
        await using var other = await browser.OpenAsync($"&person={Seed.Egor}");
        await WriteToAsync(window, "Egor");
        await window.AttachAsync("Photo or album", Picture("lamp.png", 320, 200));
        await window.Composer.FillAsync("The lamp");
        await window.Composer.PressAsync("Enter");
        await Expect(window.Page.Locator("#attached")).ToBeHiddenAsync();

        await other.Chat("Gleb Gusev").ClickAsync();
        await Expect(other.Page.Locator("img[alt='The lamp']")).ToHaveJSPropertyAsync("naturalWidth", 320);
        await other.Page.GetByRole(AriaRole.Button, new() { Name = "Open the photo: The lamp" }).ClickAsync();
        await Expect(other.Page.Locator("#viewer-image")).ToHaveJSPropertyAsync("naturalHeight", 200);
        await other.Page.Keyboard.PressAsync("Escape");

        await window.AttachAsync("Photo or album", Picture("1.png", 100, 80), Picture("2.png", 100, 100), Picture("3.png", 80, 100));
        await Expect(window.Page.Locator("#attached-what")).ToHaveTextAsync("An album of 3");
        await window.Button("Do not send 3.png").ClickAsync();
        await window.Composer.PressAsync("Enter");
        await Expect(other.Page.Locator(".album.photos img[src]")).ToHaveCountAsync(2);
        await Expect(other.Chat("Gleb Gusev").Locator(".preview")).ToHaveTextAsync("Photo");

        var bytes = Pictures.Noise(3000);
        await window.AttachAsync("File", new FilePayload { Name = "prices.html", MimeType = "text/html", Buffer = bytes });
        await window.Composer.PressAsync("Enter");
        var download = await other.Page.RunAndWaitForDownloadAsync(() => other.Button("Download prices.html, 2.9 KB").ClickAsync());
        Assert.Equal("prices.html", download.SuggestedFilename);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(await download.PathAsync(), TestContext.Current.CancellationToken));
        await window.AttachAsync("Voice message", new FilePayload { Name = "v.wav", MimeType = "audio/wav", Buffer = Silence(2) });
        await window.Composer.PressAsync("Enter");
        await Expect(other.Page.Locator("#messages audio[aria-label='Voice message']")).ToHaveJSPropertyAsync("duration", 2);
        await window.AttachAsync("Photo or album", new FilePayload { Name = "not.png", MimeType = "image/png", Buffer = [1, 2, 3] });
        await window.Composer.PressAsync("Enter");
        await Expect(window.Page.Locator("#send-problem")).ToContainTextAsync("A photo is a JPEG or PNG");
        await window.Button("Do not send not.png").ClickAsync();
        await other.LookAsync("media");
        window.ExpectNoProblems();
        other.ExpectNoProblems();
    }

    [Fact]
    public async Task Ones_own_message_is_edited_and_deleted_for_everybody_while_the_other_looks_on()
    {
        await using var window = await browser.OpenAsync($"&person={Seed.Zoya}");
        await using var other = await browser.OpenAsync($"&person={Seed.Mila}");
        await WriteToAsync(window, "Mila");
        await window.SayAsync("See you at fvie");
        await other.Chat("Zoya Zimina").ClickAsync();
        await Expect(other.Message("See you at fvie")).ToBeVisibleAsync();

        await MoreAsync(window, "See you at fvie", "Edit");
        await Expect(window.Composer).ToHaveValueAsync("See you at fvie");
        await window.SayAsync("See you at five");
        await Expect(other.Message("See you at five").Locator(".meta")).ToContainTextAsync("edited");
        await Expect(other.Message("See you at fvie")).ToHaveCountAsync(0);

        await other.Message("See you at five").HoverAsync();
        await other.Message("See you at five").GetByRole(AriaRole.Button, new() { Name = "More for" }).ClickAsync();
        await Expect(other.Page.GetByRole(AriaRole.Menuitem, new() { NameRegex = new Regex("^Edit") })).ToHaveCountAsync(0);
        await other.Page.GetByRole(AriaRole.Menuitem, new() { Name = "Forward" }).ClickAsync();
        await other.Page.Locator("#picker").GetByRole(AriaRole.Button, new() { Name = "Town square" }).ClickAsync();
        await Expect(other.Page.Locator("#toast")).ToHaveTextAsync("Forwarded to Town square");
        await window.Chat("Town square").ClickAsync();
        await Expect(window.Message("See you at five").Locator(".forwarded")).ToHaveTextAsync("Forwarded from Zoya Zimina");

        await window.Page.Locator($"#chats [data-key='{Seed.Mila}'] .item").ClickAsync();
        await MoreAsync(window, "See you at five", "Delete for everybody");
        await window.LookAsync("delete");
        await window.Button("Delete").ClickAsync();
        await Expect(window.Message("See you at five")).ToHaveCountAsync(0);
        await Expect(other.Message("See you at five")).ToHaveCountAsync(0);
        window.ExpectNoProblems();
        other.ExpectNoProblems();
    }

    [Fact]
    public async Task A_channel_is_joined_by_its_link_and_a_subscriber_who_is_promoted_may_post()
    {
        await using var window = await browser.OpenAsync($"&person={Seed.Vera}");
        await using var other = await browser.OpenAsync($"&person={Seed.Dana}", width: 375);
        await window.Button("New message").ClickAsync();
        await window.Button("New group or channel").ClickAsync();
        await window.Page.GetByLabel("Name", new() { Exact = true }).FillAsync("Vera's channel");
        await window.Page.GetByRole(AriaRole.Radio, new() { Name = "Channel" }).CheckAsync();
        await window.Button("Make").ClickAsync();
        await Expect(window.Page.Locator("#chat-title")).ToHaveTextAsync("Vera's channel");
        await window.SayAsync("The first post");
        await Expect(window.Message("The first post")).ToBeVisibleAsync();
        await window.Button("About Vera's channel").ClickAsync();
        await window.Button("Make a link").ClickAsync();
        await Expect(window.Page.Locator("#room-address")).ToContainTextAsync("https://t.me/+");
        var link = await window.Page.Locator("#room-address").InnerTextAsync();

        await other.Button("New message").ClickAsync();
        await other.Page.Locator("#picker-filter").FillAsync(link);
        await other.Page.GetByRole(AriaRole.Button, new() { Name = "Join by this link" }).ClickAsync();
        await Expect(other.Message("The first post")).ToBeVisibleAsync();
        await Expect(other.Page.GetByText("Only its administrators write in this channel.")).ToBeVisibleAsync();
        await Expect(other.Page.Locator("#chat-facts")).ToHaveTextAsync("channel, 2 subscribers");

        await window.Page.GetByRole(AriaRole.Button, new() { Name = "Rights of Dana Danilova" }).ClickAsync();
        await window.Page.GetByLabel("Post messages").CheckAsync();
        await window.Button("Make administrator").ClickAsync();
        await Expect(other.Composer).ToBeVisibleAsync();
        await other.SayAsync("By Dana");
        await window.Page.Keyboard.PressAsync("Escape");
        await Expect(window.Message("By Dana")).ToBeVisibleAsync();
        window.ExpectNoProblems();
        other.ExpectNoProblems();
    }

    private static async Task WriteToAsync(PhoneWindow window, string name)
    {
        await window.Button("New message").ClickAsync();
        await window.Page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = name }).ClickAsync();
        await Expect(window.Composer).ToBeFocusedAsync();
    }

    private static async Task MoreAsync(PhoneWindow window, string text, string action)
    {
        await window.Message(text).HoverAsync();
        await window.Message(text).GetByRole(AriaRole.Button, new() { Name = "More for" }).ClickAsync();
        await window.Page.GetByRole(AriaRole.Menuitem, new() { Name = action }).ClickAsync();
    }

    private static FilePayload Picture(string name, int width, int height) =>
        new() { Name = name, MimeType = "image/png", Buffer = Pictures.Png(width, height) };

    /// <summary>A WAV of nothing: 8000 samples of 8 bits a second.</summary>
    private static byte[] Silence(int seconds)
    {
        using var wave = new MemoryStream();
        using var writer = new BinaryWriter(wave);
        var length = 8000 * seconds;
        writer.Write("RIFF"u8);
        writer.Write(36 + length);
        writer.Write("WAVEfmt "u8);
        writer.Write(16);
        writer.Write((short)1);
        writer.Write((short)1);
        writer.Write(8000);
        writer.Write(8000);
        writer.Write((short)1);
        writer.Write((short)8);
        writer.Write("data"u8);
        writer.Write(length);
        writer.Write([.. Enumerable.Repeat((byte)128, length)]);
        return wave.ToArray();
    }
}
