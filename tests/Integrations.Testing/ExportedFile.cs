using Xunit;

namespace Integrations.Testing;

/// <summary>A file of the repository that is made from the code, so that readers need not start anything.</summary>
public static class ExportedFile
{
    /// <summary>Fails when the file is not what the code would make of it now; with <c>UPDATE_EXPORTS=1</c> it is written first.</summary>
    /// <param name="path">Below the repository's root, with slashes.</param>
    /// <param name="current">What it has to be, with line feeds.</param>
    public static async Task MustBeAsync(string path, string current)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var file = PathOf(path);
        if (Environment.GetEnvironmentVariable("UPDATE_EXPORTS") == "1")
            await File.WriteAllTextAsync(file, current, cancellationToken);

        var exported = File.Exists(file) ? await File.ReadAllTextAsync(file, cancellationToken) : "";

        if (current != exported)
            throw new InvalidDataException($"{path} is stale. Run this test alone with UPDATE_EXPORTS=1 to write it anew, and read the difference.");
    }

    /// <summary>Where a file of the repository lies.</summary>
    /// <param name="path">Below the repository's root, with slashes.</param>
    public static string PathOf(string path) => Path.Combine(Root(), path);

    /// <summary>Where the repository stands whose build this is.</summary>
    public static string Root()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "Integrations.sln")))
                return directory.FullName;
        }

        throw new InvalidOperationException("The tests do not run inside the repository.");
    }
}
