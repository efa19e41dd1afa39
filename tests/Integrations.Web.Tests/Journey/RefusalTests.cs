using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Integrations.Bench.Product;
using Integrations.Web.Tests.Browser;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Integrations.Web.Tests.Journey;

/// <summary>What administrators see of refused requests, and what they are asked for before they are let in.</summary>
[Collection(ConsoleTests.Name)]
public sealed partial class RefusalTests(ConsoleFixture console)
{
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Refusals_are_listed_filtered_and_counted_by_day()
    {
        await using var user = await console.NewUserAsync(_cancel, name: "Rita Refused");
        for (var i = 0; i < 3; i++)
            await user.Api.GetAsync($"api/v1/telegram/messages/{Guid.CreateVersion7()}", _cancel);
        using (var anonymous = new ApiClient(console.Product.Addresses.Api))
            await anonymous.PostAsync("api/v1/auth/sign-in", new { email = ConsoleFixture.OwnerEmail, password = "not the password" }, _cancel);
        await Office.UntilAsync(
            "the refusals are written",
            async () => (await user.Api.GetAsync("api/v1/security/refusals?limit=200", _cancel)).Body!.ToJsonString() is var text
                && text.Contains("Rita Refused", StringComparison.Ordinal) && text.Contains("sign_in", StringComparison.Ordinal),
            TimeSpan.FromSeconds(120),
            _cancel);
        await using var browser = await console.SignedInAsync(user);
        var page = browser.Page;

        await page.GotoAsync("/refusals");
        await Expect(page).ToHaveTitleAsync("Refusals");
        await Expect(page.Locator(".line[data-kind=sign_in]").First).ToContainTextAsync("Failed sign-in");
        await browser.Labelled("Who").SelectOptionAsync("Rita Refused");
        await Expect(page.Locator(".line[data-kind=sign_in]")).ToHaveCountAsync(0);
        await Expect(page.Locator(".line[data-kind=unknown_id]").First).ToContainTextAsync("Unknown object");
        await Expect(page.Locator(".line[data-kind=unknown_id]").First).ToContainTextAsync("you · from 127.0.0.1 · GetMessage", new() { IgnoreCase = true });
        await browser.Labelled("Kind").SelectOptionAsync("throttle");
        await Expect(page.GetByText("Nothing of this kind was refused in this time.")).ToBeVisibleAsync();
        await browser.Labelled("Who").SelectOptionAsync("");
        await browser.Labelled("Kind").SelectOptionAsync("");
        await Expect(page.Locator(".line").First).ToBeVisibleAsync();
        await page.GetByText("Numbers by day (UTC)").ClickAsync();
        await Expect(page.Locator(".refusal-days .row").First).ToContainTextAsync("Unknown object");
        await Screens.CheckAsync(page, "refusals");
        browser.ExpectNoProblems();

        await using var reader = await console.SignedInAsync(console.SameUserAs("operator"));
        await reader.Page.GotoAsync("/");
        await Expect(reader.Page.GetByRole(AriaRole.Link, new() { Name = "Refusals" })).ToHaveCountAsync(0);
    }

    [Theory]
    [InlineData("ru", "Отказы")]
    [InlineData("uk", "Відмови")]
    public async Task Refusals_are_told_in_the_readers_language(string language, string title)
    {
        await using var user = await console.NewUserAsync(_cancel);
        await using var browser = await console.SignedInAsync(user, new BrowserOptions(Language: language));

        await browser.Page.GotoAsync("/refusals");

        await Expect(browser.Page.GetByRole(AriaRole.Heading, new() { Name = title, Level = 1 })).ToBeVisibleAsync();
        await Screens.CheckAsync(browser.Page, $"refusals-{language}");
        browser.ExpectNoProblems();
    }

    [Fact]
    public async Task An_owner_requires_a_second_factor_an_administrator_sets_it_up_and_a_lost_one_is_reset()
    {
        var (owner, admin) = await FoundAsync();
        await using var ruling = await console.SignedInAsync(owner);
        await using var ruled = await console.SignedInAsync(admin);
        await ruled.Page.GotoAsync("/projects");
        await Expect(ruled.Page.GetByRole(AriaRole.Heading, new() { Name = "Projects", Level = 1 })).ToBeVisibleAsync();

        await ruling.Page.GotoAsync("/settings#security-rule");
        await Expect(ruling.Page.Locator("[data-required=false]")).ToContainTextAsync("without one: 1");
        await ruling.Button("Require it").ClickAsync();
        await ConfirmAsync(ruling, "Require it");
        await Expect(ruling.Page.Locator("[data-required=true]")).ToBeVisibleAsync();
        await Screens.CheckAsync(ruling.Page, "security-rule");

        // The page that was open leads there by itself, and so does every other.
        await Expect(ruled.Page).ToHaveURLAsync(SecondFactorAddress());
        await ruled.Page.GotoAsync("/people");
        await Expect(ruled.Page).ToHaveURLAsync(SecondFactorAddress());
        await Screens.CheckAsync(ruled.Page, "second-factor-needed");
        await ruled.Page.Locator("#second-factor-password").FillAsync(ConsoleFixture.OwnerPassword);
        await ruled.Button("Continue").ClickAsync();
        await Expect(ruled.Page.GetByRole(AriaRole.Img, new() { Name = "QR code for the authenticator app" })).ToBeVisibleAsync();
        await Screens.CheckAsync(ruled.Page, "second-factor-needed-secret");
        var secret = await ruled.Page.Locator("#second-factor-secret").InputValueAsync();
        await ruled.Labelled("Code from the app").FillAsync("000000");
        await ruled.Button("Switch on").ClickAsync();
        await Expect(ruled.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("The code is not right, or was used already.");
        Assert.Equal(secret, await ruled.Page.Locator("#second-factor-secret").InputValueAsync());
        await ruled.Labelled("Code from the app").FillAsync(Code(secret));
        await ruled.Button("Switch on").ClickAsync();
        await Expect(ruled.Page.Locator(".recovery-codes li")).ToHaveCountAsync(10);
        await ruled.Link("Continue").ClickAsync();
        await ruled.Page.GotoAsync("/projects");
        await Expect(ruled.Page.GetByRole(AriaRole.Heading, new() { Name = "Projects", Level = 1 })).ToBeVisibleAsync();

        await ruling.Page.GotoAsync("/people");
        await Expect(ruling.Page.GetByText("signs in with a code")).ToHaveCountAsync(2);
        await ruling.Button("Reset the second step of Ada").ClickAsync();
        await Screens.CheckAsync(ruling.Page, "second-factor-reset");
        await ConfirmAsync(ruling, "Reset second step");
        await Expect(ruling.Page.GetByText("signs in with a code")).ToHaveCountAsync(1);
        await Expect(ruled.Page).ToHaveURLAsync(SignInAddress());
        ruling.ExpectNoProblems();
    }

    /// <summary>A tenant of its own with an owner, who has a second factor, and an administrator without; the rule would shut other tests out. Their sessions.</summary>
    private async Task<(string Owner, string Admin)> FoundAsync()
    {
        await console.TenantAsync(_cancel);
        var tenant = Guid.CreateVersion7();
        await console.ExecuteAsync("insert into tenants (id, name) values ($1, 'Ruled')", _cancel, tenant);
        var sessions = new List<string>();
        foreach (var (number, role, name) in new[] { (2_000_000_001, "owner", "Otto"), (2_000_000_002, "admin", "Ada") })
        {
            var token = "ses_" + System.Buffers.Text.Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
            await console.ExecuteAsync(
                """
                with person as (insert into users (id, tenant_id, user_id, subject, email, display_name, role, password_hash)
                                select gen_random_uuid(), $1, $2, 'console:' || $2, $3, $4, $5, u.password_hash from users u where u.email = $6)
                insert into console_sessions (token_hash, tenant_id, user_id, expires_at) values ($7, $1, $2, now() + interval '1 day')
                """,
                _cancel, tenant, number, $"{name}.{tenant:n}@example.org", name, role, ConsoleFixture.OwnerEmail, SHA256.HashData(Encoding.UTF8.GetBytes(token)));
            sessions.Add(token);
        }

        await console.ExecuteAsync(
            "insert into second_factors (id, tenant_id, user_id, secret_sealed, confirmed_at) values (gen_random_uuid(), $1, 2000000001, 'x', now())", _cancel, tenant);
        return (sessions[0], sessions[1]);
    }

    private static Task ConfirmAsync(BrowserPage browser, string action) =>
        browser.Page.Locator(".rz-dialog-confirm").GetByRole(AriaRole.Button, new() { Name = action, Exact = true }).ClickAsync();

    /// <summary>What an authenticator shows, by RFC 6238.</summary>
    private static string Code(string secret)
    {
        var bits = string.Concat(secret.Select(c => Convert.ToString("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".IndexOf(c, StringComparison.Ordinal), 2).PadLeft(5, '0')));
        var key = Enumerable.Range(0, bits.Length / 8).Select(i => Convert.ToByte(bits.Substring(i * 8, 8), 2)).ToArray();
        var counter = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(counter, TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() / 30);
#pragma warning disable CA5350 // What authenticators use.
        var hash = HMACSHA1.HashData(key, counter);
#pragma warning restore CA5350
        var number = BinaryPrimitives.ReadInt32BigEndian(hash.AsSpan(hash[^1] & 15)) & int.MaxValue;
        return (number % 1_000_000).ToString("D6", CultureInfo.InvariantCulture);
    }

    [GeneratedRegex("/second-factor$")]
    private static partial Regex SecondFactorAddress();

    [GeneratedRegex("/sign-in$")]
    private static partial Regex SignInAddress();
}
