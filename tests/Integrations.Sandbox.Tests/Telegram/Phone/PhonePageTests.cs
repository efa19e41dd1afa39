using System.Buffers.Text;
using Integrations.Sandbox.Telegram.World;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Integrations.Sandbox.Tests.Telegram.Phone;

/// <summary>The page as a person uses it, in a browser. Every test has people of its own.</summary>
[Collection(PhonePages.Name)]
public sealed class PhonePageTests(PhoneBrowser browser)
{
    private static long _lastKey = 7000;

    private TelegramWorld World => browser.Host.Telegram.World;

    [Fact]
    public async Task Two_people_write_to_each_other_and_each_sees_the_other_at_once()
    {
        await using var window = await browser.OpenAsync($"&person={Seed.Anna}");
        await using var other = await browser.OpenAsync($"&person={Seed.Boris}");
        await Expect(window.Page.Locator("#owner-name")).ToHaveTextAsync("Anna Abramova");

        await window.Button("New message").ClickAsync();
        await window.Page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Boris" }).ClickAsync();
        await Expect(window.Page.GetByLabel("Message", new() { Exact = true })).ToBeFocusedAsync();
        await window.Page.Keyboard.TypeAsync("First line");
        await window.Page.Keyboard.PressAsync("Shift+Enter");
        await window.Page.Keyboard.TypeAsync("second line");
        await window.Page.Keyboard.PressAsync("Enter");

        await Expect(window.Message("First line\nsecond line")).ToHaveClassAsync(new System.Text.RegularExpressions.Regex(@"\bout\b"));
        await Expect(window.Page.GetByLabel("Message", new() { Exact = true })).ToHaveValueAsync("");
        await Expect(other.Chat("Anna Abramova").Locator(".badge")).ToHaveTextAsync("1");
        await Expect(window.Message("First line").Locator(".tick")).ToHaveTextAsync("Sent");

        await other.Chat("Anna Abramova").ClickAsync();
        await Expect(window.Message("First line").Locator(".tick")).ToHaveTextAsync("Read");
        await Expect(other.Chat("Anna Abramova").Locator(".badge")).ToBeHiddenAsync();

        // A half-typed text stays, caret and all, while an answer arrives.
        await window.Page.Keyboard.TypeAsync("half typed");
        await other.Message("First line").HoverAsync();
        await other.Message("First line").GetByRole(AriaRole.Button, new() { Name = "Reply to" }).ClickAsync();
        await other.Page.Keyboard.TypeAsync("An answer");
        await other.Page.Keyboard.PressAsync("Enter");
        await Expect(window.Message("An answer").Locator("blockquote")).ToContainTextAsync("First line");
        await Expect(window.Page.GetByLabel("Message", new() { Exact = true })).ToHaveValueAsync("half typed");
        await Expect(window.Page.GetByLabel("Message", new() { Exact = true })).ToBeFocusedAsync();
        await window.PictureAsync("chat");
        window.ExpectNoProblems();
        other.ExpectNoProblems();
    }

    [Fact]
    public async Task A_link_in_the_address_is_filled_in_and_logs_the_chosen_person_in()
    {
        var key = Interlocked.Increment(ref _lastKey);
        var url = NewQrLink(key);
        await using var window = await browser.OpenAsync($"&scan={Uri.EscapeDataString(url)}");
        await Expect(window.Page.Locator("#scan-url")).ToHaveValueAsync(url);
        Assert.DoesNotContain("token", window.Page.Url, StringComparison.Ordinal);

        await window.Person("Egor").ClickAsync();
        await window.Button("Log in as Egor").ClickAsync();
        await Expect(window.Page.GetByText("The login was confirmed")).ToBeVisibleAsync();
        World.ExportQrToken(key, 2, 1, [], new DeviceInfo { DeviceModel = "Reading room", ApiId = 7, AppVersion = "1.0" });
        await Expect(window.Page.GetByText("Device linked")).ToBeVisibleAsync();

        await window.PictureAsync("linked");
        await window.Button("See the devices").ClickAsync();
        var device = window.Page.Locator("#devices li", new() { HasText = "Reading room" });
        await Expect(device).ToContainTextAsync("data centre 2");
        await device.GetByRole(AriaRole.Button).ClickAsync();
        await window.PictureAsync("revoke");
        await window.Button("Keep it").ClickAsync();
        await Expect(device).ToBeVisibleAsync();
        await device.GetByRole(AriaRole.Button).ClickAsync();
        await window.Button("Revoke").ClickAsync();
        await Expect(window.Page.GetByText("Reading room was revoked.")).ToBeVisibleAsync();
        await Expect(device).ToHaveCountAsync(0);

        await window.ShowAsync("Scan a QR");
        await window.Page.Locator("#scan-url").FillAsync(url);
        await window.Button("Log in as Egor").ClickAsync();
        await Expect(window.Page.Locator("#scan-problem")).ToHaveTextAsync("The QR code was already scanned.");
        await window.PictureAsync("scanned-twice");
        window.ExpectNoProblems();
    }

    [Fact]
    public async Task The_two_step_password_is_told_after_the_scan_and_in_the_profile()
    {
        var url = NewQrLink(Interlocked.Increment(ref _lastKey));
        await using var window = await browser.OpenAsync($"&person={Seed.Vera}&scan={Uri.EscapeDataString(url)}");
        await window.Button("Log in as Vera").ClickAsync();
        await Expect(window.Page.Locator("#scan-result")).ToContainTextAsync("correct horse");
        await window.PictureAsync("password");
        await window.ShowAsync("Profile");
        await Expect(window.Page.Locator("#profile")).ToContainTextAsync("correct horse");
        window.ExpectNoProblems();
    }

    [Fact]
    public async Task Login_codes_and_recovery_e_mails_come_in_while_one_looks()
    {
        await using var window = await browser.OpenAsync($"&person={Seed.Zoya}");
        await window.ShowAsync("Login codes");
        await Expect(window.Page.GetByText("No code has arrived.")).ToBeVisibleAsync();
        World.SendCode("9996620007", 1, 2);
        await Expect(window.Page.Locator("#codes .code")).ToHaveTextAsync("22222");
        await Expect(window.Button("Copy the login code")).ToBeVisibleAsync();
        await Expect(window.Page.Locator("#codes .fate")).ToContainTextAsync("Valid until");

        await window.PictureAsync("codes");
        await window.ShowAsync("E-mails");
        await Expect(window.Page.GetByText("Zoya gave no recovery address")).ToBeVisibleAsync();
        await window.Person("Dana").ClickAsync();
        await Expect(window.Page.GetByText("No e-mail has arrived.")).ToBeVisibleAsync();
        var mail = ForgetPasswordOf("9996620005");
        await Expect(window.Page.Locator("#emails .code")).ToHaveTextAsync(mail.Code);
        await window.PictureAsync("emails");
        window.ExpectNoProblems();
    }

    [Fact]
    public async Task A_narrow_window_shows_the_list_or_the_conversation_and_leads_back()
    {
        await using var window = await browser.OpenAsync($"&person={Seed.Dana}", width: 375);
        await window.Chat("Office").ClickAsync();
        await Expect(window.Message("Good morning, everyone.")).ToBeVisibleAsync();
        await Expect(window.Message("Good morning, everyone.").Locator(".from")).ToHaveTextAsync("Boris Belov");
        await Expect(window.Page.Locator(".service")).ToHaveTextAsync("Anna Abramova created the group");
        await Expect(window.Page.Locator("#tabs")).ToBeHiddenAsync();
        await window.Button("Back to the chats").ClickAsync();
        await Expect(window.Chat("Office")).ToBeFocusedAsync();
        foreach (var tab in new[] { "Scan", "Codes", "E-mails", "Devices", "Profile", "Chats" })
        {
            await window.ShowAsync(tab);
            Assert.Equal(0, await window.Page.EvaluateAsync<int>("() => document.documentElement.scrollWidth - document.documentElement.clientWidth"));
        }
        window.ExpectNoProblems();
    }

    [Fact]
    public async Task Nobody_writes_in_a_channel_of_somebody_else()
    {
        await using var window = await browser.OpenAsync($"&person={Seed.Gleb}");
        await window.Chat("Town news").ClickAsync();
        await Expect(window.Page.GetByText("Only its administrators write in this channel.")).ToBeVisibleAsync();
        await Expect(window.Page.Locator("#compose")).ToBeHiddenAsync();
        window.ExpectNoProblems();
    }

    private RecoveryCode ForgetPasswordOf(string phone)
    {
        var key = Interlocked.Increment(ref _lastKey);
        World.AddKey(key, new byte[256], 2, 1);
        var sent = World.SendCode(phone, 1, 2);
        Assert.Throws<TelegramRefusal>(() => World.SignIn(key, 2, phone, sent.Hash, sent.Code, new DeviceInfo()));
        World.RequestRecovery(key);
        return World.RecoveryCodesOf(World.FindPhone(phone)!.Id)[0];
    }

    private string NewQrLink(long key)
    {
        World.AddKey(key, new byte[256], 2, 1);
        return "tg://login?token=" + Base64Url.EncodeToString(World.ExportQrToken(key, 2, 1, [], new DeviceInfo()).Token!.Token);
    }
}
