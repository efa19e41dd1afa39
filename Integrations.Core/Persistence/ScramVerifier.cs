using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Integrations.Core.Persistence;

/// <summary>A password as PostgreSQL stores it: <c>SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey</c> (RFC 5802, RFC 7677).</summary>
internal static class ScramVerifier
{
    private const int Iterations = 4096;
    private const int SaltLength = 16;

    public static string Create(string password) => Create(password, RandomNumberGenerator.GetBytes(SaltLength), Iterations);

    /// <summary>Whether a stored verifier is of this password; false for anything that is not such a verifier.</summary>
    public static bool Matches(string verifier, string password)
    {
        // SCRAM-SHA-256$4096:c2FsdA==$c3RvcmVk:c2VydmVy
        if (verifier.Split('$') is not ["SCRAM-SHA-256", var cost, _]
            || cost.Split(':') is not [var iterations, var salt]
            || !int.TryParse(iterations, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            || count < 1)
        {
            return false;
        }

        var bytes = new byte[salt.Length];
        return Convert.TryFromBase64String(salt, bytes, out var length)
            && CryptographicOperations.FixedTimeEquals(
                Encoding.ASCII.GetBytes(verifier), Encoding.ASCII.GetBytes(Create(password, bytes[..length], count)));
    }

    internal static string Create(string password, byte[] salt, int iterations)
    {
        // SASLprep is the identity for ASCII, which generated passwords are; for others its main step is this normalisation.
        var salted = Rfc2898DeriveBytes.Pbkdf2(
            Encoding.UTF8.GetBytes(password.Normalize(NormalizationForm.FormKC)), salt, iterations, HashAlgorithmName.SHA256, SHA256.HashSizeInBytes);
        var storedKey = SHA256.HashData(HMACSHA256.HashData(salted, "Client Key"u8));
        var serverKey = HMACSHA256.HashData(salted, "Server Key"u8);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"SCRAM-SHA-256${iterations}:{Convert.ToBase64String(salt)}${Convert.ToBase64String(storedKey)}:{Convert.ToBase64String(serverKey)}");
    }
}
