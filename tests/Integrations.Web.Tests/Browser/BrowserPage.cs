using Microsoft.Playwright;

namespace Integrations.Web.Tests.Browser;

/// <summary>What a browser is like; the default is a desk in English and by day.</summary>
internal sealed record BrowserOptions(int Width = 1440, int Height = 900, bool Dark = false, string Language = "en");

/// <summary>One browser window with its own cookies; it notes what the browser's console complains of.</summary>
internal sealed class BrowserPage : IAsyncDisposable
{
    private readonly List<string> _problems = [];

    public BrowserPage(IBrowserContext context, IPage page)
    {
        (Context, Page) = (context, page);
        page.Console += (_, message) =>
        {
            if (message.Type == "error")
                _problems.Add(message.Text);
        };
        page.PageError += (_, error) => _problems.Add(error);
    }

    public IBrowserContext Context { get; }

    public IPage Page { get; }

    public ILocator Button(string name) => Page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    /// <summary>A button of the dialog in front; the page behind it may have one of the same name.</summary>
    public ILocator InDialog(string name) => Dialog.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    public ILocator Link(string name) => Page.GetByRole(AriaRole.Link, new() { Name = name, Exact = true });

    public ILocator Labelled(string label) => Page.GetByLabel(label, new() { Exact = true });

    public ILocator Dialog => Page.GetByRole(AriaRole.Dialog);

    /// <summary>No script failed, nothing was refused by the content policy, nothing was missing.</summary>
    public void ExpectNoProblems() => Assert.Empty(_problems);

    public ValueTask DisposeAsync() => Context.DisposeAsync();
}
