using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace Integrations.Sandbox.Vault;

/// <summary>One key of transit with its versions. Only AES-256-GCM (<c>aes256-gcm96</c>) is simulated.</summary>
internal sealed class TransitKey(string name, bool derived, TimeProvider time)
{
    public const string Type = "aes256-gcm96";

    private const int NonceLength = 12;
    private const int TagLength = 16;

    private readonly List<(byte[] Key, DateTimeOffset CreatedAt)> _versions = [(RandomNumberGenerator.GetBytes(32), time.GetUtcNow())];

    public int Latest => _versions.Count;

    public int MinDecryption { get; set; } = 1;

    public int MinEncryption { get; set; }

    public bool DeletionAllowed { get; set; }

    public TimeSpan AutoRotate { get; set; }

    public void Rotate() => _versions.Add((RandomNumberGenerator.GetBytes(32), time.GetUtcNow()));

    public JsonObject Describe() => new()
    {
        ["type"] = Type,
        ["deletion_allowed"] = DeletionAllowed,
        ["derived"] = derived,
        ["exportable"] = false,
        ["allow_plaintext_backup"] = false,
        ["keys"] = new JsonObject(_versions.Index().Where(version => version.Index + 1 >= MinDecryption).Select(version => KeyValuePair.Create(
            (version.Index + 1).ToString(CultureInfo.InvariantCulture), (JsonNode?)version.Item.CreatedAt.ToUnixTimeSeconds()))),
        ["min_decryption_version"] = MinDecryption,
        ["min_encryption_version"] = MinEncryption,
        ["latest_version"] = Latest,
        ["name"] = name,
        ["supports_encryption"] = true,
        ["supports_decryption"] = true,
        ["supports_derivation"] = true,
        ["supports_signing"] = false,
        ["imported_key"] = false,
        ["auto_rotate_period"] = (long)AutoRotate.TotalSeconds,
    };

    /// <param name="version">0 for the latest.</param>
    public (string Ciphertext, int Version) Encrypt(ReadOnlySpan<byte> clear, byte[]? context, byte[] associated, int version)
    {
        if (version > Latest)
            throw new VaultRefusal(400, "requested version for encryption is higher than the latest key version");
        if (version < 0 || (version > 0 && version < MinEncryption))
            throw new VaultRefusal(400, "requested version for encryption is less than the minimum encryption key version");

        version = version == 0 ? Latest : version;
        var bytes = new byte[NonceLength + clear.Length + TagLength];
        RandomNumberGenerator.Fill(bytes.AsSpan(0, NonceLength));
        using var aes = new AesGcm(KeyOf(version, context), TagLength);
        aes.Encrypt(bytes.AsSpan(0, NonceLength), clear, bytes.AsSpan(NonceLength, clear.Length), bytes.AsSpan(NonceLength + clear.Length), associated);
        return (string.Create(CultureInfo.InvariantCulture, $"vault:v{version}:{Convert.ToBase64String(bytes)}"), version);
    }

    public byte[] Decrypt(string ciphertext, byte[]? context, byte[] associated)
    {
        if (!ciphertext.StartsWith("vault:v", StringComparison.Ordinal))
            throw new VaultRefusal(400, "invalid ciphertext: no prefix");

        var fields = ciphertext["vault:v".Length..].Split(':', 2);
        if (fields.Length != 2)
            throw new VaultRefusal(400, "invalid ciphertext: wrong number of fields");
        if (!int.TryParse(fields[0], NumberStyles.None, CultureInfo.InvariantCulture, out var version))
            throw new VaultRefusal(400, "invalid ciphertext: version number could not be decoded");
        if (version > Latest)
            throw new VaultRefusal(400, "invalid ciphertext: version is too new");
        if (version < MinDecryption)
            throw new VaultRefusal(400, "ciphertext or signature version is disallowed by policy (too old)");

        Span<byte> bytes = new byte[fields[1].Length];
        if (!Convert.TryFromBase64String(fields[1], bytes, out var length))
            throw new VaultRefusal(400, "invalid ciphertext: could not decode base64");
        if (length < NonceLength + TagLength)
            throw new VaultRefusal(400, "invalid ciphertext length");

        bytes = bytes[..length];
        var clear = new byte[length - NonceLength - TagLength];
        using var aes = new AesGcm(KeyOf(version, context), TagLength);
        try
        {
            aes.Decrypt(bytes[..NonceLength], bytes[NonceLength..^TagLength], bytes[^TagLength..], clear, associated);
            return clear;
        }
        catch (AuthenticationTagMismatchException)
        {
            throw new VaultRefusal(400, "cipher: message authentication failed");
        }
    }

    private byte[] KeyOf(int version, byte[]? context)
    {
        var key = _versions[version - 1].Key;
        if (!derived)
            return key;

        return context is { Length: > 0 }
            ? HKDF.DeriveKey(HashAlgorithmName.SHA256, key, 32, info: context)
            : throw new VaultRefusal(400, "missing 'context' for key derivation; the key was created using a derived key, which means additional, per-request information must be included in order to perform operations with the key");
    }

    public static byte[] Base64(string? text, string field)
    {
        try
        {
            return Convert.FromBase64String(text ?? "");
        }
        catch (FormatException)
        {
            throw new VaultRefusal(400, $"failed to base64-decode {field}");
        }
    }
}
