using Integrations.Web.Tests.Browser;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Integrations.Web.Tests.Journey;

/// <summary>Every page in every language, at a desk and on a telephone, by day and by night.</summary>
[Collection(ConsoleTests.Name)]
public sealed class MatrixTests(ConsoleFixture console)
{
    private static readonly (int Width, int Height)[] Sizes = [(1440, 900), (375, 740)];
    private static readonly ColorScheme[] Schemes = [ColorScheme.Light, ColorScheme.Dark];
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("en")]
    [InlineData("ru")]
    [InlineData("uk")]
    public async Task Every_page_stands_in_every_size_and_scheme(string language)
    {
        await using var user = await console.NewUserAsync(_cancel, "owner");
        await console.ConnectAsync(user, console.People["anna"], _cancel);
        await console.Phone.WriteAsync(console.People["boris"], console.People["anna"], "A message for the pages to show", _cancel);
        await using var browser = await console.SignedInAsync(user, new(Language: language));
        var page = browser.Page;
        foreach (var path in ConsolePages.All)
        {
            await page.SetViewportSizeAsync(Sizes[0].Width, Sizes[0].Height);
            await page.GotoAsync(path);
            await Expect(page.Locator("html")).ToHaveAttributeAsync("lang", language);
            var name = $"matrix-{(path is "/" ? "overview" : path.Trim('/'))}-{language}";
            foreach (var (width, height) in Sizes)
            {
                await page.SetViewportSizeAsync(width, height);
                foreach (var scheme in Schemes)
                {
                    await page.EmulateMediaAsync(new() { ColorScheme = scheme });
                    await Expect(page.Locator("main h1").First).ToBeVisibleAsync();
                    await Expect(page.Locator("main [aria-busy=true]")).ToHaveCountAsync(0);
                    await Screens.LookAsync(page, scheme is ColorScheme.Dark ? name + "-dark" : name);
                }
            }

            await page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Light });
            if (language is "en")
            {
                await page.SetViewportSizeAsync(Sizes[0].Width, Sizes[0].Height);
                await Accessibility.CheckAsync(page, name);
                await page.SetViewportSizeAsync(2560, 1300);
                await Screens.LookAsync(page, name);
            }
        }

        browser.ExpectNoProblems();
    }
}
