using System.Text.RegularExpressions;

namespace Integrations.Architecture.Tests;

/// <summary>The reader itself: a rule that finds nothing because it reads nothing would always pass.</summary>
public sealed class RepositoryTests
{
    [Fact]
    public void The_repository_is_read()
    {
        Assert.Contains("Integrations.sln", Repository.Files);
        Assert.Contains("Integrations.ServiceDefaults/Extensions.cs", Repository.Sources());
        Assert.DoesNotContain(Repository.Files, file => file.Contains("/obj/", StringComparison.Ordinal));
        Assert.DoesNotContain(Repository.Sources(), file => file.EndsWith(".g.cs", StringComparison.Ordinal));
    }

    [Fact]
    public void Comments_are_left_out_and_strings_and_line_numbers_stay()
    {
        var directory = Directory.CreateTempSubdirectory();
        var file = Path.Combine(directory.FullName, "x.cs");
        File.WriteAllText(file, "var a = \"http://x\"; // Guid.NewGuid()\n/* two\nlines */ var b = '\"'; // \"\nGuid.NewGuid();\n");

        var code = Repository.Code(file);
        var found = Repository.Find([file], new Regex(@"Guid\.NewGuid\("), Repository.Code);

        Assert.Contains("\"http://x\"", code, StringComparison.Ordinal);
        Assert.EndsWith(":4: Guid.NewGuid();", Assert.Single(found), StringComparison.Ordinal);
        directory.Delete(recursive: true);
    }
}
