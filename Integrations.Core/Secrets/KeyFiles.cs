using System.Security.Cryptography;
using System.Text;
using Integrations.Core.Tenancy;

namespace Integrations.Core.Secrets;

/// <summary>The wrapping keys: one file per tenant, <c>{tenant}.key</c>, and <c>installation.key</c>.</summary>
/// <remarks>
/// A file is made under another name and linked to its own, which fails when that exists: of several processes one wins and the others
/// read its key. A destroyed tenant leaves <c>{tenant}.destroyed</c>, so that no process ever makes a key for it again.
/// </remarks>
internal sealed class KeyFiles(string directory)
{
    public const int KeyLength = 32;

    /// <summary>The only content so far: this word, the key in Base64, a line end.</summary>
    private const string Format1 = "integrations-key-1 ";

    /// <summary>The tenant's key; the caller zeroes it.</summary>
    /// <exception cref="SecretUnavailableException">There is no key, it was destroyed, or others may read it.</exception>
    public byte[] Read(TenantId tenant)
    {
        if (File.Exists(Tombstone(tenant)))
            throw new SecretUnavailableException(tenant, "it was destroyed.");

        var path = PathOf(tenant);
        if (!File.Exists(path))
            throw new SecretUnavailableException(tenant, $"there is no file {path}.");

        return Parse(tenant, path);
    }

    /// <inheritdoc cref="Read"/>
    public byte[] ReadOrCreate(TenantId tenant)
    {
        if (!File.Exists(PathOf(tenant)) && !File.Exists(Tombstone(tenant)))
            Create(tenant);

        return Read(tenant);
    }

    /// <summary>Overwrites and removes the key, and remembers that it is gone for good.</summary>
    public void Destroy(TenantId tenant)
    {
        Prepare();
        // The tombstone first: from here on nobody reads the key or makes another, whenever this process dies.
        if (!File.Exists(Tombstone(tenant)))
        {
            using var tombstone = new FileStream(Tombstone(tenant), KeyFileModes.CreateNew());
            tombstone.Flush(flushToDisk: true);
        }

        KeyFileModes.FlushDirectory(directory);
        var path = PathOf(tenant);
        if (!File.Exists(path))
            return;

        using (var file = new FileStream(path, FileMode.Open, FileAccess.Write))
        {
            file.Write(new byte[file.Length]);
            file.Flush(flushToDisk: true);
        }

        File.Delete(path);
        KeyFileModes.FlushDirectory(directory);
    }

    private static byte[] Parse(TenantId tenant, string path)
    {
        if (KeyFileModes.ProblemOfFile(path) is { } problem)
            throw new SecretUnavailableException(tenant, problem);

        var text = File.ReadAllText(path, Encoding.ASCII);
        var key = new byte[KeyLength];
        if (!text.StartsWith(Format1, StringComparison.Ordinal)
            || !Convert.TryFromBase64Chars(text.AsSpan(Format1.Length).TrimEnd(), key, out var length)
            || length != KeyLength)
        {
            CryptographicOperations.ZeroMemory(key);
            throw new SecretUnavailableException(tenant, $"{path} is not a key file.");
        }

        return key;
    }

    private void Create(TenantId tenant)
    {
        Prepare();
        var path = PathOf(tenant);
        var temporary = Path.Combine(directory, $".{Path.GetRandomFileName()}.new");
        var key = RandomNumberGenerator.GetBytes(KeyLength);
        try
        {
            using (var file = new FileStream(temporary, KeyFileModes.CreateNew()))
            {
                file.Write(Encoding.ASCII.GetBytes($"{Format1}{Convert.ToBase64String(key)}\n"));
                file.Flush(flushToDisk: true);
            }

            // Without overwriting, .NET moves by link(2) and unlink(2): the name appears with its whole content, or belongs to another.
            File.Move(temporary, path, overwrite: false);
            KeyFileModes.FlushDirectory(directory);
        }
        catch (IOException) when (File.Exists(path))
        {
            // Another process was first; its key is the tenant's.
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
            File.Delete(temporary);
        }
    }

    private void Prepare()
    {
        KeyFileModes.CreateDirectory(directory);
        if (KeyFileModes.ProblemOfDirectory(directory) is { } problem)
            throw new InvalidOperationException(problem);
    }

    private string PathOf(TenantId tenant) => Path.Combine(directory, $"{NameOf(tenant)}.key");

    private string Tombstone(TenantId tenant) => Path.Combine(directory, $"{NameOf(tenant)}.destroyed");

    private static string NameOf(TenantId tenant) => tenant == TenantId.Installation ? "installation" : tenant.ToString();
}
