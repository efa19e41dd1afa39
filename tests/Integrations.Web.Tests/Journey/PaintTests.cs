using System.Text.Json;
using Integrations.Bench.Product;
using Integrations.Web.Tests.Browser;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Integrations.Web.Tests.Journey;

/// <summary>How a page comes up in a browser that has been here before. Times depend on the machine and are only written down; that nothing jumps is demanded.</summary>
[Collection(ConsoleTests.Name)]
public sealed class PaintTests(ConsoleFixture console)
{
    private const double MostShift = 0.02;
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nothing_jumps_while_a_page_comes_up()
    {
        await using var user = await console.NewUserAsync(_cancel);
        var account = await console.ConnectAsync(user, console.People["anna"], _cancel);
        await console.Phone.WriteAsync(console.People["boris"], console.People["anna"], "Something to look at", _cancel);
        var connected = await user.Api.PostAsync("api/v1/telegram/bots", new { bot_token = await console.MakeBotAsync("Something to look at", _cancel) }, _cancel);
        var bot = connected.Expect(System.Net.HttpStatusCode.Created).Body.Text("id");
        Dictionary<string, object> figures = [];
        List<string> jumps = [];
        foreach (var width in new[] { 1440, 375 })
        {
            await using var browser = await console.SignedInAsync(user, new(Width: width, Height: width is 375 ? 740 : 900));
            await browser.Context.AddInitScriptAsync(
                """
                // The moment at which the page shows what it is for: its heading, and nothing that still loads.
                new MutationObserver((_, watch) => {
                  if (document.querySelector('main h1') && !document.querySelector('main [aria-busy=true]')) {
                    window.usefulAt ??= performance.now();
                    watch.disconnect();
                  }
                }).observe(document, { childList: true, subtree: true, attributes: true });
                """);
            foreach (var path in (string[])["/sign-in", .. ConsolePages.All, $"/dialogs/{account}"])
            {
                var measured = default(JsonElement);
                // The first time fills the browser's cache and warms the servers.
                for (var time = 1; time <= 2; time++)
                {
                    await browser.Page.GotoAsync(path);
                    await Expect(browser.Page.Locator("main h1").First).ToBeVisibleAsync();
                    await Expect(browser.Page.Locator("main [aria-busy=true]")).ToHaveCountAsync(0);
                    measured = await MeasureAsync(browser.Page);
                }

                figures[$"{path.Replace(account, "…", StringComparison.Ordinal)} {width}"] = measured;
                if (measured.GetProperty("shift").GetDouble() >= MostShift)
                    jumps.Add($"{path} at {width}: {measured}");
            }

            browser.ExpectNoProblems();
        }

        // The bots are the whole company's: other tests begin without any.
        await user.Api.DeleteAsync($"api/v1/telegram/bots/{bot}", _cancel);
        await File.WriteAllTextAsync(Path.Combine(Screens.Directory, "..", "paint.json"), JsonSerializer.Serialize(figures, Indented), _cancel);
        Assert.True(jumps.Count == 0, string.Join('\n', jumps));
    }

    private static Task<JsonElement> MeasureAsync(IPage page) => page.EvaluateAsync<JsonElement>(
        """
        async () => {
          const entries = type => new Promise(done => {
            const watch = new PerformanceObserver(list => { watch.disconnect(); done(list.getEntries()); });
            watch.observe({ type, buffered: true });
            setTimeout(() => done([]), 300);
          });
          const shifts = (await entries('layout-shift')).filter(entry => !entry.hadRecentInput);
          const largest = (await entries('largest-contentful-paint')).at(-1);
          const first = performance.getEntriesByName('first-contentful-paint')[0];
          return {
            first_ms: Math.round(first?.startTime ?? 0),
            largest_ms: Math.round(largest?.startTime ?? 0),
            useful_ms: Math.round(window.usefulAt ?? 0),
            shift: Math.round(1000 * shifts.reduce((sum, entry) => sum + entry.value, 0)) / 1000,
            what: shifts.flatMap(entry => entry.sources.map(source => source.node?.nodeName + '.' + (source.node?.className ?? ''))).slice(0, 5),
          };
        }
        """);
}
