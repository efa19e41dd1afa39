using System.Security.Cryptography;
using System.Text;

namespace Integrations.Core.People;

/// <summary>Codes for whoever has lost his authenticator: 80 random bits each, written as four groups of four characters of base32.</summary>
internal static class RecoveryCode
{
    public const int Count = 10;

    private const int Bytes = 10;
    private const int Group = 4;
    private const int Characters = Bytes * 8 / 5;

    public static string New() => Grouped(Totp.Base32(RandomNumberGenerator.GetBytes(Bytes)).ToLowerInvariant());

    /// <summary>What is stored and looked up, whatever spaces, hyphens and capitals somebody typed; null for what is no such code.</summary>
    public static byte[]? Hash(string code)
    {
        var plain = new string([.. code.Where(c => c is not ('-' or ' ')).Select(char.ToLowerInvariant)]);
        return plain.Length == Characters && plain.All(char.IsAsciiLetterOrDigit) ? SHA256.HashData(Encoding.ASCII.GetBytes(plain)) : null;
    }

    private static string Grouped(string code) => string.Join('-', code.Chunk(Group).Select(group => new string(group)));
}
