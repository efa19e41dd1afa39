using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Integrations.Web.Tests.Texts;

public sealed partial class TextTests
{
    private static readonly string Web = Path.Combine(RepositoryRoot(), "Integrations.Web");

    [Theory]
    [InlineData("Text.ru.resx")]
    [InlineData("Text.uk.resx")]
    public void Every_text_exists_in_every_language(string file)
    {
        Assert.Equal(Keys("Text.resx"), Keys(file));
    }

    [Theory]
    [InlineData("Text.ru.resx")]
    [InlineData("Text.uk.resx")]
    public void A_translation_takes_the_same_arguments_as_the_english_text(string file)
    {
        var english = Values("Text.resx");
        foreach (var (key, value) in Values(file))
            Assert.Equal(Arguments(english[key]), Arguments(value));
    }

    [Fact]
    public void Every_text_that_a_page_asks_for_exists()
    {
        var known = Keys("Text.resx").ToHashSet(StringComparer.Ordinal);
        var asked = Sources("*.razor", "*.cs").SelectMany(f => AskedText().Matches(File.ReadAllText(f))).Select(m => m.Groups["key"].Value).ToHashSet(StringComparer.Ordinal);
        Assert.NotEmpty(asked);
        Assert.Empty(asked.Except(known));
    }

    [Fact]
    public void No_page_contains_literal_text()
    {
        var literals = Sources("*.razor").SelectMany(f => LiteralTexts(File.ReadAllText(f)).Select(text => $"{Path.GetFileName(f)}: {text}"));
        Assert.Empty(literals);
    }

    [Theory]
    [InlineData("<p>Hello</p>", true)]
    [InlineData("""<button title="Hello">@L["Hello"]</button>""", true)]
    [InlineData("""<p>@L["Hello"]</p>""", false)]
    [InlineData("""<input id="name" placeholder="@L["Name"]" />""", false)]
    public void The_check_for_literal_text_sees_what_a_reader_sees(string page, bool literal)
    {
        Assert.Equal(literal, LiteralTexts(page).Any());
    }

    /// <summary>What a person would read in a page without it having come from the resources.</summary>
    private static IEnumerable<string> LiteralTexts(string page)
    {
        var code = page.IndexOf("@code", StringComparison.Ordinal);
        var markup = RazorComment().Replace(code < 0 ? page : page[..code], "");
        foreach (Match attribute in ReadAttribute().Matches(markup))
        {
            if (attribute.Groups["value"].Value is var value && !value.StartsWith('@') && Letters().IsMatch(value))
                yield return attribute.Value;
        }

        foreach (Match text in BetweenTags().Matches(QuotedInTags().Replace(markup, "\"\"")))
        {
            // Razor control flow stands between tags too; what is left after it is words.
            var words = RazorCode().Replace(text.Groups["text"].Value, "");
            if (Letters().IsMatch(words))
                yield return words.Trim();
        }
    }

    private static IEnumerable<string> Sources(params string[] patterns) =>
        patterns.SelectMany(p => Directory.EnumerateFiles(Web, p, SearchOption.AllDirectories))
            .Where(f => !f.Contains("/obj/", StringComparison.Ordinal) && !f.Contains("/bin/", StringComparison.Ordinal));

    private static string[] Keys(string file) => [.. Values(file).Keys.Order(StringComparer.Ordinal)];

    private static Dictionary<string, string> Values(string file) =>
        XDocument.Load(Path.Combine(Web, "Texts", file)).Root!.Elements("data")
            .ToDictionary(d => d.Attribute("name")!.Value, d => d.Element("value")!.Value, StringComparer.Ordinal);

    private static string[] Arguments(string text) => [.. Argument().Matches(text).Select(m => m.Value).Distinct().Order(StringComparer.Ordinal)];

    private static string RepositoryRoot()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "Integrations.sln")))
            directory = directory.Parent ?? throw new InvalidOperationException("The tests run from inside the repository.");
        return directory.FullName;
    }

    [GeneratedRegex("""(?:\bL|Texts)\[\"(?<key>[A-Za-z_0-9]+)\"(?!\s*\+)""", RegexOptions.ExplicitCapture)]
    private static partial Regex AskedText();

    [GeneratedRegex("""\b(?:title|placeholder|alt|aria-label|Text)="(?<value>[^"]*)""", RegexOptions.ExplicitCapture)]
    private static partial Regex ReadAttribute();

    [GeneratedRegex("""(?<==)"(@[^"]*\["[^"]*"[^"]*\][^"]*|[^"]*)" """, RegexOptions.ExplicitCapture | RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex QuotedInTags();

    [GeneratedRegex("""(?<=>)(?<text>[^<>]*)(?=</)""", RegexOptions.ExplicitCapture)]
    private static partial Regex BetweenTags();

    [GeneratedRegex("""@\(.*?\)(?=\s|$)|@[A-Za-z_.?]+(\["[^"]*"[^\]]*\])?(\([^)]*\))?[A-Za-z_.?()"]*|^\s*(if|else|else if|foreach|switch|case|default|break)\b.*$|[{}]""", RegexOptions.ExplicitCapture | RegexOptions.Multiline)]
    private static partial Regex RazorCode();

    [GeneratedRegex("""@\*.*?\*@""", RegexOptions.Singleline)]
    private static partial Regex RazorComment();

    [GeneratedRegex("""\p{L}{2,}""")]
    private static partial Regex Letters();

    [GeneratedRegex("""\{\d\}""")]
    private static partial Regex Argument();
}
