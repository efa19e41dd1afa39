using System.Text.RegularExpressions;

namespace Integrations.Architecture.Tests;

/// <summary>What must not stand in any file of the repository.</summary>
public sealed class ContentTests
{
    [Theory]
    [InlineData("a private key", @"-----BEGIN [A-Z ]*PRIVATE KEY-----")]
    [InlineData("a bot token", @"(?<![\w:])\d{8,10}:[A-Za-z0-9_-]{35}(?![\w-])")]
    [InlineData("a JSON web token with a signature", @"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{20,}")]
    [InlineData("a Twilio account", @"\bAC[0-9a-f]{32}\b")]
    [InlineData("an API key of a known form", @"\b(sk-[A-Za-z0-9_-]{20,}|AKIA[0-9A-Z]{16}|AIza[\w-]{35}|gh[pousr]_\w{30,}|xox[bp]-[\w-]{20,}|hvs\.\w{20,})")]
    [InlineData("an application hash of Telegram", @"(?i)api_?hash\W{1,8}[0-9a-f]{32}\b")]
    [InlineData("a password in an address", @"://[\w.-]+:(?!\*|\$|\{|pass|secret|\()[^\s/@:""'{}<>$…]{6,}@[\w.-]+")]
    public void No_file_holds_a_credential(string what, string pattern)
    {
        var found = Repository.Find(Repository.TextFiles, new Regex(pattern, RegexOptions.CultureInvariant));

        Assert.True(found.Count == 0, $"This looks like {what}:\n{string.Join('\n', found)}");
    }

    /// <summary>+999 belongs to nobody (Telegram's test numbers begin with +99966); +44 1632 960 and +1 … 555 01 are kept for fiction.</summary>
    [Fact]
    public void A_phone_number_is_nobodys() =>
        Rule.Holds(Repository.Find(
            Repository.TextFiles.Where(file => Path.GetExtension(file) is not ".tl"),
            new Regex(@"(?<![\w+/=.])\+(?!999|441632960|1\d{3}55501)[1-9]\d{9,14}(?![\w.])", RegexOptions.CultureInvariant)));

    [Fact]
    public void Where_packages_come_from_is_the_machines_business()
    {
        string[] hosts = ["nuget" + @"\.org", "npmjs" + @"\.(org|com)", "pypi" + @"\.org", "proxy" + @"\.golang", "artifact" + "ory", "pkgs" + @"\.dev\."];

        Rule.Holds(Repository.Find(Repository.TextFiles, new Regex(string.Join('|', hosts), RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)));
        Rule.Holds(Repository.Files.Where(file => Path.GetFileName(file).ToUpperInvariant() is "NUGET.CONFIG" or ".NPMRC" or "PIP.CONF"));
    }

    [Fact]
    public void A_link_in_a_document_leads_somewhere()
    {
        var dead = new List<string>();
        foreach (var document in Repository.Files.Where(file => file.EndsWith(".md", StringComparison.Ordinal)))
        {
            foreach (Match link in Regex.Matches(Repository.Read(document), @"\]\((?<to>[^)#\s]+)(#[^)\s]*)?\)", RegexOptions.CultureInvariant))
            {
                var to = link.Groups["to"].Value;
                if (!to.Contains("://", StringComparison.Ordinal)
                    && !Path.Exists(Path.Combine(Repository.Root, Path.GetDirectoryName(document)!, to)))
                {
                    dead.Add($"{document}: {to}");
                }
            }
        }

        Rule.Holds(dead);
    }

    [Fact]
    public void Every_decision_record_has_its_four_parts()
    {
        var records = Repository.Files.Where(file => Regex.IsMatch(file, @"^docs/adr/\d{4}-[a-z0-9-]+\.md$")).ToList();

        Assert.NotEmpty(records);
        Assert.All(records, record =>
        {
            var text = Repository.Read(record);
            Assert.All(["Status", "Context", "Decision", "Consequences"], part => Assert.Contains($"\n## {part}\n", text, StringComparison.Ordinal));
        });
        Assert.Equal(Enumerable.Range(1, records.Count), records.Select(record => int.Parse(Path.GetFileName(record)[..4], null)));
    }
}
