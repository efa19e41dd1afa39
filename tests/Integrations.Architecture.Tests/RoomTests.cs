using System.Text.RegularExpressions;

namespace Integrations.Architecture.Tests;

/// <summary>Which room may know which: arrows run downward only (docs/architecture.md).</summary>
public sealed partial class RoomTests
{
    /// <summary>What each room may reference. A new project has to be entered here, and so thought about.</summary>
    private static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["Integrations.AppHost"] =
            ["Integrations.Api", "Integrations.Workers", "Integrations.Web", "Integrations.Sandbox", "Integrations.LocalHosting"],
        ["Integrations.LocalHosting"] = [],
        ["Integrations.Api"] = ["Integrations.ServiceDefaults", "Integrations.Core"],
        ["Integrations.Workers"] = ["Integrations.ServiceDefaults", "Integrations.Core", "Integrations.Mtproto"],
        ["Integrations.Web"] = ["Integrations.ServiceDefaults"],
        ["Integrations.Sandbox"] = ["Integrations.ServiceDefaults", "Integrations.Mtproto"],
        ["Integrations.ServiceDefaults"] = [],
        ["Integrations.Core"] = ["Integrations.Mtproto"],
        ["Integrations.Mtproto"] = [],
    };

    private static IEnumerable<string> Projects => Repository.Files.Where(file => file.EndsWith(".csproj", StringComparison.Ordinal));

    [Fact]
    public void Arrows_between_the_rooms_run_downward_only()
    {
        var wrong = new List<string>();
        foreach (var project in Projects.Where(IsRoom))
        {
            var name = Path.GetFileNameWithoutExtension(project);
            if (!Allowed.TryGetValue(name, out var allowed))
            {
                wrong.Add($"{name} is a new room; enter in {nameof(RoomTests)} what it may reference.");
                continue;
            }

            wrong.AddRange(References(project).Where(reference => !allowed.Contains(reference)).Select(reference => $"{name} must not reference {reference}."));
        }

        Rule.Holds(wrong);
        Assert.Equal(Allowed.Keys.Order(), Projects.Where(IsRoom).Select(Path.GetFileNameWithoutExtension).Order());
    }

    [Fact]
    public void The_protocol_library_knows_no_web_and_no_package_but_the_shape_of_a_logger()
    {
        var project = Repository.Read("Integrations.Mtproto/Integrations.Mtproto.csproj");

        Assert.DoesNotMatch("PackageReference (?!Include=\"Microsoft\\.Extensions\\.Logging\\.Abstractions\")", project);
        Assert.DoesNotContain("FrameworkReference", project, StringComparison.Ordinal);
    }

    [Fact]
    public void The_console_has_no_database_and_no_broker() =>
        Rule.Holds(Repository.Find(
            [.. Repository.Sources("Integrations.Web"), "Integrations.Web/Integrations.Web.csproj"],
            new Regex(@"\b(Npgsql|Dapper|DbContext|RabbitMQ|StackExchange\.Redis|ISecretProtector)\b", RegexOptions.CultureInvariant)));

    [Fact]
    public void Every_project_is_in_the_solution()
    {
        var solution = Repository.Read("Integrations.sln").Replace('\\', '/');

        Rule.Holds(Projects.Where(project => !solution.Contains($"\"{project}\"", StringComparison.Ordinal)));

        // MSBuild refuses the whole solution then; a folder that `dotnet sln add` made counts as well.
        var names = Regex.Matches(solution, """^Project\("[^"]+"\) = "(?<name>[^"]+)""", RegexOptions.Multiline).Select(match => match.Groups["name"].Value);
        Rule.Holds(names.GroupBy(name => name).Where(same => same.Count() > 1).Select(same => $"{same.Key} is twice in the solution."));
    }

    [Fact]
    public void Folders_are_subjects_never_layers()
    {
        var layer = new Regex(@"(^|/)(Services|Models|Helpers|Utils|Utilities|Managers|Common|Interfaces|Misc)/", RegexOptions.CultureInvariant);

        Rule.Holds(Repository.Files.Where(file => layer.IsMatch(file)).Select(file => Path.GetDirectoryName(file)!).Distinct());
    }

    /// <summary>A line for each subject, and the subjects of the Api fill a page.</summary>
    [Fact]
    public void A_program_reads_as_a_table_of_contents()
    {
        var programs = Repository.Files.Where(file => IsRoom(file) && Path.GetFileName(file) is "Program.cs" or "AppHost.cs");

        Rule.Holds(programs.Where(file => Lines(file) >= 90));
    }

    /// <summary>Under 400 lines is the habit; past 500 there is a second subject in it.</summary>
    [Fact]
    public void A_file_has_one_subject_and_so_stays_short() =>
        Rule.Holds(Repository.Sources().Where(file => Lines(file) > 500));

    [Fact]
    public void Package_versions_stand_in_one_place() =>
        Rule.Holds(Repository.Find(Projects, new Regex("""<PackageReference [^>]*\bVersion=""", RegexOptions.CultureInvariant)));

    private static bool IsRoom(string file) => file.StartsWith("Integrations.", StringComparison.Ordinal) && file.Contains('/');

    private static int Lines(string file) => Repository.Read(file).Count(c => c == '\n');

    private static IEnumerable<string> References(string project) =>
        Reference().Matches(Repository.Read(project)).Select(match => Path.GetFileNameWithoutExtension(match.Groups["path"].Value.Replace('\\', '/')));

    [GeneratedRegex("""<ProjectReference Include="(?<path>[^"@]+)"\s*""")]
    private static partial Regex Reference();
}
