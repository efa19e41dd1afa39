using System.Text.RegularExpressions;

namespace Integrations.Architecture.Tests;

/// <summary>What code here does not do, each with the way to do it instead.</summary>
public sealed class CodeTests
{
    private static readonly string[] Rooms =
    [
        "Integrations.AppHost", "Integrations.ServiceDefaults", "Integrations.Core", "Integrations.Mtproto", "Integrations.Api",
        "Integrations.Workers", "Integrations.Web", "Integrations.Sandbox",
    ];

    [Fact]
    public void Time_comes_from_the_injected_TimeProvider() =>
        Nowhere(@"\bDateTime(Offset)?\.(Utc)?(Now|Today)\b", Rooms);

    [Fact]
    public void Ids_come_from_the_clock_or_an_injected_source() =>
        Nowhere(@"\bGuid\.NewGuid\(", "Integrations.Core", "Integrations.Workers", "Integrations.Mtproto", "Integrations.Api");

    [Fact]
    public void Chance_is_injected_into_the_protocol_library() =>
        Nowhere(@"\bnew Random\(|\bRandom\.Shared\b", "Integrations.Mtproto");

    /// <summary>Aspire's <c>Run</c> and <c>Dispose</c> are synchronous, so what stands in for it must be.</summary>
    [Fact]
    public void A_task_is_awaited_not_waited_for() =>
        Nowhere(@"\basync void\b|\.GetAwaiter\(\)\.GetResult\(\)|\.Wait\(\)|\bThread\.Sleep\(",
            Repository.Sources(Rooms).Where(file => !file.StartsWith("Integrations.AppHost/LocalHosting/Aspire/", StringComparison.Ordinal)));

    [Fact]
    public void No_exception_is_swallowed_without_a_word() =>
        Nowhere(@"catch\s*(\([^)]*\))?\s*(when\s*\([^{]*\))?\s*\{\s*\}", Rooms, withComments: true);

    [Fact]
    public void Nothing_is_left_for_later() =>
        Nowhere(@"\b(TODO|FIXME|HACK|XXX)\b|\bNotImplementedException\b|^\s*#\s*region\b", [.. Rooms, "tests", "bench", "tools"], withComments: true);

    /// <summary>An endless delay that only a cancellation ends is a peer that hangs, not a wait by the clock.</summary>
    [Fact]
    public void Tests_wait_for_a_signal_move_the_clock_or_poll_with_Eventually() =>
        Nowhere(@"\bTask\.Delay\((?!Timeout\.Infinite)|\bThread\.Sleep\(|\bSpinWait\b", Except("tests/Integrations.Testing", "tests"));

    [Fact]
    public void No_test_is_skipped() =>
        Nowhere(@"\bSkip\s*=|\bAssert\.Skip|\bSkip(Unless|When)\s*=", "tests");

    [Fact]
    public void Logs_are_written_through_source_generated_methods() =>
        Nowhere(@"\.Log(Trace|Debug|Information|Warning|Error|Critical)\(", Rooms);

    [Fact]
    public void Namespaces_are_file_scoped_and_usings_stand_above_them() =>
        Nowhere(@"^namespace [\w.]+\s*\n?\{", [.. Rooms, "tests", "bench", "tools"]);

    /// <summary>The setting's name in code, and the place where an operator looks it up.</summary>
    [Fact]
    public void Every_setting_that_code_reads_is_in_the_example_of_the_environment()
    {
        var example = Repository.Read(".env.example");
        var read = new Regex(@"onfiguration(\[|\.GetValue(<\w+>)?\(|\.GetRequired\w*\()\s*""(?<name>[A-Z][A-Z0-9]+(_[A-Z0-9]+)*)""", RegexOptions.CultureInvariant);
        var names = Repository.Sources(Rooms).SelectMany(file => read.Matches(Repository.Code(file)).Select(match => match.Groups["name"].Value)).Distinct();

        Rule.Holds(names.Where(name => !Regex.IsMatch(example, $"^#?{name}=", RegexOptions.Multiline)));
    }

    /// <summary>Only a bound field tells the server what stands in it with each event; another is set back to an older text while somebody types on.</summary>
    [Fact]
    public void A_field_that_is_followed_while_somebody_types_is_bound() =>
        Rule.Holds(Repository.Find(
            Repository.Files.Where(file => file.EndsWith(".razor", StringComparison.Ordinal)),
            new Regex(@"\bvalue=""@[^""]*""[^>]*@oninput=", RegexOptions.CultureInvariant)));

    [Fact]
    public void Every_option_is_in_the_example_of_the_environment()
    {
        var example = Repository.Read(".env.example");
        var section = new Regex(@"public const string Section = ""(?<name>\w+)"";", RegexOptions.CultureInvariant);
        var property = new Regex(@"^    public [\w<>?\[\]]+ (?<name>\w+) \{ get; set; \}", RegexOptions.CultureInvariant | RegexOptions.Multiline);
        var missing = new List<string>();
        foreach (var file in Repository.Sources(Rooms))
        {
            var code = Repository.Code(file);
            if (section.Match(code) is { Success: true } found)
            {
                missing.AddRange(property.Matches(code).Select(match => $"{found.Groups["name"].Value}__{match.Groups["name"].Value}")
                    .Where(name => !Regex.IsMatch(example, $"^#?{name}=", RegexOptions.Multiline)).Select(name => $"{file}: {name}"));
            }
        }

        Rule.Holds(missing);
    }

    private static string[] Except(string left, string under) =>
        [.. Repository.Sources(under).Select(file => string.Join('/', file.Split('/')[..2])).Distinct().Where(folder => folder != left)];

    private static void Nowhere(string pattern, params string[] folders) => Nowhere(pattern, folders, withComments: false);

    private static void Nowhere(string pattern, string[] folders, bool withComments) =>
        Nowhere(pattern, Repository.Sources(folders), withComments);

    private static void Nowhere(string pattern, IEnumerable<string> files, bool withComments = false) => Rule.Holds(Repository.Find(
        files,
        new Regex(pattern, RegexOptions.CultureInvariant | RegexOptions.Multiline),
        withComments ? null : Repository.Code));
}
