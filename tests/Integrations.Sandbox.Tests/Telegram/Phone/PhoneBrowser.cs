using System.Text.Json;
using Deque.AxeCore.Commons;
using Microsoft.Playwright;

namespace Integrations.Sandbox.Tests.Telegram.Phone;

/// <summary>The sandbox host and one Chromium that looks at its page.</summary>
public sealed class PhoneBrowser : IAsyncLifetime
{
    // Only tells a hang from slowness.
    private const float Patience = 60_000;

    private static readonly string[] Arguments =
    [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    ];

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public APhoneHost Host { get; } = new();

    public async ValueTask InitializeAsync()
    {
        Assertions.SetDefaultExpectTimeout(Patience);
        await Host.InitializeAsync();
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new() { ExecutablePath = "/usr/bin/chromium", Args = Arguments, Timeout = Patience });
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
            await _browser.DisposeAsync();
        _playwright?.Dispose();
        await Host.DisposeAsync();
    }

    /// <summary>A window of its own, with the phone of a person in it.</summary>
    /// <param name="fragment">What follows the token in the address, such as <c>&amp;person=1000001</c>.</param>
    /// <param name="width">Of the window, in pixels.</param>
    internal async Task<PhoneWindow> OpenAsync(string fragment, int width = 1440)
    {
        var context = await _browser!.NewContextAsync(new() { ViewportSize = new() { Width = width, Height = 800 }, Locale = "en-GB" });
        context.SetDefaultTimeout(Patience);
        context.SetDefaultNavigationTimeout(Patience);
        var window = new PhoneWindow(context, await context.NewPageAsync());
        await window.Page.GotoAsync($"{Host.Http.BaseAddress}#token={APhoneHost.Token}{fragment}");
        return window;
    }
}

/// <summary>A browser takes both cores for itself: these tests run after the others, not beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class PhonePages : ICollectionFixture<PhoneBrowser>
{
    public const string Name = "phone pages";
}

/// <summary>One window; it notes what the browser's console complains of.</summary>
internal sealed class PhoneWindow : IAsyncDisposable
{
    private static readonly string Axe = ReadAxe();

    private readonly IBrowserContext _context;
    private readonly List<string> _problems = [];

    public PhoneWindow(IBrowserContext context, IPage page)
    {
        (_context, Page) = (context, page);
        page.Console += (_, message) =>
        {
            // A refused request is an answer that the page shows in place; the browser notes it as an error all the same.
            if (message.Type == "error" && !message.Text.StartsWith("Failed to load resource", StringComparison.Ordinal))
                _problems.Add(message.Text);
        };
        page.PageError += (_, error) => _problems.Add(error);
    }

    public IPage Page { get; }

    public ILocator Button(string name) => Page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    public ILocator Person(string name) => Page.Locator("#people .item", new() { HasText = name });

    public ILocator Chat(string title) => Page.Locator("#chats .item", new() { HasText = title });

    public ILocator Message(string text) => Page.Locator(".message", new() { HasText = text });

    public Task ShowAsync(string tab) => Page.GetByRole(AriaRole.Tab, new() { Name = tab }).ClickAsync();

    public ILocator Composer => Page.GetByLabel("Message", new() { Exact = true });

    public async Task SayAsync(string text)
    {
        await Composer.FillAsync(text);
        await Composer.PressAsync("Enter");
    }

    /// <summary>Chooses files by the menu of the paperclip.</summary>
    public async Task AttachAsync(string kind, params FilePayload[] files)
    {
        await Button("Attach").ClickAsync();
        var chooser = await Page.RunAndWaitForFileChooserAsync(() => Page.GetByRole(AriaRole.Menuitem, new() { NameRegex = new($"^{kind}") }).ClickAsync());
        await chooser.SetFilesAsync(files);
    }

    /// <summary>
    /// Pictures by day and by night, at desk and at telephone width; demands that nothing keeps somebody out and that nothing has to be scrolled sideways.
    /// </summary>
    public async Task LookAsync(string name)
    {
        await Page.EvaluateAsync(Axe);
        foreach (var width in new[] { 1440, 375 })
        {
            await Page.SetViewportSizeAsync(width, 800);
            foreach (var scheme in new[] { ColorScheme.Light, ColorScheme.Dark })
            {
                await Page.EmulateMediaAsync(new() { ColorScheme = scheme });
                var at = $"{name}-{width}-{(scheme == ColorScheme.Dark ? "dark" : "light")}";
                await PictureAsync(at);
                var findings = await FindAsync();
                Assert.True(findings.Length == 0, $"{at}: {string.Join("; ", findings)}");
                Assert.Equal(0, await Page.EvaluateAsync<int>("() => document.documentElement.scrollWidth - document.documentElement.clientWidth"));
            }
        }

        await Page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Light });
        await Page.SetViewportSizeAsync(1440, 800);
    }

    /// <summary>A picture of the window as a person sees it, kept beside the test results.</summary>
    public async Task PictureAsync(string name)
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "Integrations.sln")))
            root = root.Parent ?? throw new InvalidOperationException("The tests run from inside the repository.");
        await Page.ScreenshotAsync(new()
        {
            Path = Path.Combine(root.FullName, "TestResults", "screens", $"phone-{name}.png"),
            Animations = ScreenshotAnimations.Disabled,
        });
    }

    /// <summary>No script failed, and nothing was refused by the content policy.</summary>
    public void ExpectNoProblems() => Assert.Empty(_problems);

    public ValueTask DisposeAsync() => _context.DisposeAsync();

    private async Task<string[]> FindAsync()
    {
        var violations = await Page.EvaluateAsync<JsonElement>(
            """
            async () => {
              const found = await axe.run(document, { resultTypes: ['violations'] });
              return found.violations.filter(v => v.impact === 'serious' || v.impact === 'critical')
                .flatMap(v => v.nodes.map(n => `${v.id}: ${n.target.join(' ')}: ${n.failureSummary.replaceAll('\n', ' ')}`));
            }
            """);
        return [.. violations.EnumerateArray().Select(violation => violation.GetString()!)];
    }

    private static string ReadAxe()
    {
        using var resource = typeof(AxeResult).Assembly.GetManifestResourceStream("Deque.AxeCore.Commons.Resources.axe.min.js")
            ?? throw new InvalidOperationException("The package does not carry axe-core.");
        using var reader = new StreamReader(resource);
        return reader.ReadToEnd();
    }
}
