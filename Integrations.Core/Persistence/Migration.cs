using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;

namespace Integrations.Core.Persistence;

/// <summary>One embedded file <c>NNNN_name.sql</c>.</summary>
/// <param name="Checksum">SHA-256 of the text with line ends as LF, in hexadecimal: a checkout may change line ends, an editor must not change more.</param>
internal sealed record Migration(int Version, string Name, string Sql, string Checksum)
{
    private const string Folder = ".Persistence.Migrations.";

    /// <summary>All migrations of this build in their order. They are numbered from 1 without a gap.</summary>
    public static IReadOnlyList<Migration> All { get; } = Load(typeof(Migration).Assembly);

    /// <summary>What a host of this build needs the database to have.</summary>
    public static int Latest => All[^1].Version;

    internal static Migration Parse(string fileName, string sql)
    {
        var text = sql.ReplaceLineEndings("\n");
        var (number, name) = (fileName[..4], fileName[5..^4]);
        return new Migration(
            int.Parse(number, NumberStyles.None, CultureInfo.InvariantCulture), name, text, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text))));
    }

    private static List<Migration> Load(Assembly assembly)
    {
        var migrations = new List<Migration>();
        foreach (var resource in assembly.GetManifestResourceNames().Where(name => name.Contains(Folder, StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!, Encoding.UTF8);
            migrations.Add(Parse(resource[(resource.IndexOf(Folder, StringComparison.Ordinal) + Folder.Length)..], reader.ReadToEnd()));
        }

        for (var i = 0; i < migrations.Count; i++)
        {
            if (migrations[i].Version != i + 1)
                throw new InvalidOperationException($"Migration {migrations[i].Version:0000}_{migrations[i].Name} should have the number {i + 1:0000}.");
        }

        return migrations;
    }
}
