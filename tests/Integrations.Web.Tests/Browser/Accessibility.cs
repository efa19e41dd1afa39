using System.Text.Json;
using Deque.AxeCore.Commons;
using Microsoft.Playwright;

namespace Integrations.Web.Tests.Browser;

/// <summary>What axe-core says of a page as it stands, by day and by night.</summary>
internal static class Accessibility
{
    private static readonly string Axe = ReadAxe();

    /// <summary>Demands that there is no finding that would keep somebody out; a lesser one is a matter of taste.</summary>
    public static async Task CheckAsync(IPage page, string name)
    {
        var dark = await page.EvaluateAsync<bool>("() => matchMedia('(prefers-color-scheme: dark)').matches");
        // Evaluated, not added as an element, which the content policy would refuse.
        await page.EvaluateAsync(Axe);
        foreach (var scheme in new[] { ColorScheme.Light, ColorScheme.Dark })
        {
            await page.EmulateMediaAsync(new() { ColorScheme = scheme });
            var findings = await FindAsync(page);
            Assert.True(findings.Length == 0, $"{name}, {scheme}: {string.Join("; ", findings)}");
        }

        await page.EmulateMediaAsync(new() { ColorScheme = dark ? ColorScheme.Dark : ColorScheme.Light });
    }

    private static async Task<string[]> FindAsync(IPage page)
    {
        var violations = await page.EvaluateAsync<JsonElement>(
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
