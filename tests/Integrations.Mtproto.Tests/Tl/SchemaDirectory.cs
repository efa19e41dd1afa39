using Integrations.TlGenerator;

namespace Integrations.Mtproto.Tests.Tl;

/// <summary>Finds the schema and the generated classes in the working tree.</summary>
internal static class SchemaDirectory
{
    public static string Root { get; } = FindRoot();

    public static string Schema { get; } = Path.Combine(Root, "tools", "Integrations.TlGenerator");

    public static string Generated { get; } = Path.Combine(Root, "Integrations.Mtproto", "Schema");

    public static SchemaModel Model { get; } = SchemaModel.Load(Schema);

    private static string FindRoot()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "Integrations.sln")))
                return directory.FullName;
        }

        throw new InvalidOperationException("The tests run outside the repository.");
    }
}
