using Microsoft.Playwright;

namespace Integrations.Web.Tests.Browser;

/// <summary>
/// Pictures of the pages as a person sees them, kept beside the test results, at desk and at telephone width.
/// With <c>INTEGRATIONS_DOCS_IMAGES</c> set to a directory, the desk pictures that the documentation shows are written there.
/// </summary>
internal static class Screens
{
    /// <summary>Where the pictures are.</summary>
    public static readonly string Directory = System.IO.Directory.CreateDirectory(Path.Combine(SecondConsole.Root(), "TestResults", "screens")).FullName;

    /// <summary>Pictures that the documentation shows, and what they are called there.</summary>
    private static readonly Dictionary<string, string> Documented = new(StringComparer.Ordinal)
    {
        ["overview-problem"] = "overview",
        ["accounts"] = "accounts",
        ["login-qr"] = "login-qr",
        ["desk-answering"] = "dialog",
        ["system"] = "system",
    };

    /// <summary>Takes both pictures and demands that the page is accessible and does not have to be scrolled sideways on a telephone.</summary>
    public static async Task CheckAsync(IPage page, string name)
    {
        var size = page.ViewportSize!;
        await TakeAsync(page, $"{name}-{size.Width}");
        if (Environment.GetEnvironmentVariable("INTEGRATIONS_DOCS_IMAGES") is { Length: > 0 } docs && size.Width == 1440 && Documented.TryGetValue(name, out var shown))
            await page.ScreenshotAsync(new() { Path = Path.Combine(docs, $"console-{shown}.png"), Animations = ScreenshotAnimations.Disabled });
        if (size.Width <= 375)
        {
            await ExpectNoSidewaysScrollAsync(page, name);
            return;
        }

        await Accessibility.CheckAsync(page, name);
        await page.SetViewportSizeAsync(375, 740);
        await TakeAsync(page, $"{name}-375");
        await ExpectNoSidewaysScrollAsync(page, name);
        await page.SetViewportSizeAsync(size.Width, size.Height);
    }

    /// <summary>Takes a picture of the page as it stands, named after its width, and demands that it does not have to be scrolled sideways.</summary>
    public static async Task LookAsync(IPage page, string name)
    {
        await TakeAsync(page, $"{name}-{page.ViewportSize!.Width}");
        await ExpectNoSidewaysScrollAsync(page, $"{name} at {page.ViewportSize.Width}");
    }

    private static async Task TakeAsync(IPage page, string name)
    {
        await page.EvaluateAsync("() => document.fonts.ready.then(() => undefined)");
        await page.ScreenshotAsync(new() { Path = Path.Combine(Directory, $"{name}.png"), Animations = ScreenshotAnimations.Disabled });
    }

    private static async Task ExpectNoSidewaysScrollAsync(IPage page, string name)
    {
        // A page follows its window within some frames; what stays too wide is too wide.
        var over = await page.EvaluateAsync<int>(
            """
            async () => {
              let over = 1;
              for (let frame = 0; frame < 120 && over > 0; frame++) {
                await new Promise(requestAnimationFrame);
                over = document.documentElement.scrollWidth - document.documentElement.clientWidth;
              }
              return over;
            }
            """);
        Assert.True(over <= 0, $"{name} is {over} px wider than the window");
    }
}
