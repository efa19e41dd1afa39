using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Integrations.Api.Authentication;

/// <summary>Random tokens of 32 bytes, of which only the SHA-256 is kept: who reads the store cannot use what it holds.</summary>
internal static class SecretToken
{
    public const string SessionPrefix = "ses_";
    public const string OwnerLinkPrefix = "own_";
    public const string TicketPrefix = "tkt_";
    public const string InvitationPrefix = "inv_";
    public const string ChallengePrefix = "chl_";
    public const string ErasurePrefix = "era_";
    public const string ApiKeyPrefix = "int_";

    private const int RandomBytes = 32;
    private const int MaxLength = 64;

    public static string New(string prefix) => prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(RandomBytes));

    /// <summary>How much of a key a person may see again: enough to tell keys apart, and 36 bits of 256.</summary>
    public static string Visible(string token) => token[..(ApiKeyPrefix.Length + 6)];

    /// <summary>What is stored and looked up. A plain hash suffices because the token is not guessable.</summary>
    public static byte[] Hash(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));

    /// <summary>False for what cannot be such a token, so that nobody asks the database for it.</summary>
    public static bool HasForm(string? token, string prefix) =>
        token is not null && token.Length <= MaxLength && token.StartsWith(prefix, StringComparison.Ordinal)
        && SignedToken.TryDecode(token.AsSpan(prefix.Length), out var bytes) && bytes.Length == RandomBytes;
}
