using Microsoft.Playwright;

namespace Integrations.Web.Tests.Browser;

/// <summary>
/// Pictures of the pages as a person sees them, kept beside the test results, at desk and at telephone width.
/// With <c>INTEGRATIONS_DOCS_IMAGES</c> set to a directory, the desk pictures that the documentation shows are written there.
/// </summary>
internal static class Screens
{
    private static readonly string Directory_ = Directory.CreateDirectory(Path.Combine(RepositoryRoot(), "TestResults", "screens")).FullName;

    private static readonly string[] Documented = ["accounts", "login-qr", "dialog"];

    /// <summary>Takes both pictures and demands that the page is accessible and does not have to be scrolled sideways on a telephone.</summary>
    public static async Task CheckAsync(IPage page, string name)
    {
        var size = page.ViewportSize!;
        await TakeAsync(page, $"{name}-{size.Width}");
        if (Environment.GetEnvironmentVariable("INTEGRATIONS_DOCS_IMAGES") is { Length: > 0 } docs && size.Width == 1440 && Documented.Contains(name))
            await page.ScreenshotAsync(new() { Path = Path.Combine(docs, $"console-{name}.png"), Animations = ScreenshotAnimations.Disabled });
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

    private static async Task TakeAsync(IPage page, string name)
    {
        await page.EvaluateAsync("() => document.fonts.ready.then(() => undefined)");
        await page.ScreenshotAsync(new() { Path = Path.Combine(Directory_, $"{name}.png"), Animations = ScreenshotAnimations.Disabled });
    }

    private static async Task ExpectNoSidewaysScrollAsync(IPage page, string name)
    {
        var over = await page.EvaluateAsync<int>("() => document.documentElement.scrollWidth - document.documentElement.clientWidth");
        Assert.True(over <= 0, $"{name} is {over} px wider than the window");
    }

    private static string RepositoryRoot()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "Integrations.sln")))
            directory = directory.Parent ?? throw new InvalidOperationException("The tests run from inside the repository.");
        return directory.FullName;
    }
}
