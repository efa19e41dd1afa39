using System.Security.Cryptography;
using System.Text;
using Integrations.Core.Tenancy;

namespace Integrations.Core.Secrets;

/// <summary>The wrapping keys: one file per tenant, <c>{tenant}.key</c>, and <c>installation.key</c>.</summary>
/// <remarks>
/// A file is made under another name and linked to its own, which fails when that exists: of several processes one wins and the others
/// read its key. A destroyed tenant leaves <c>{tenant}.destroyed</c>, so that no process ever makes a key for it again.
/// </remarks>
internal sealed class KeyFiles(string directory) : IWrappingKeys
{
    public const string Name = "local";

    private const int KeyLength = DataKeys.KeyLength;

    /// <summary>The only content so far: this word, the key in Base64, a line end.</summary>
    private const string Format1 = "integrations-key-1 ";

    public string Provider => Name;

    public ValueTask<byte[]> WrapAsync(TenantId tenant, int version, bool mayCreate, ReadOnlyMemory<byte> key, CancellationToken ct)
    {
        // With data keys stored, a missing key file is a loss to report, not an invitation to make another.
        var wrapping = mayCreate ? ReadOrCreate(tenant) : Read(tenant);
        try
        {
            return ValueTask.FromResult(SealedSecret.Seal(wrapping, SealedSecret.Envelope, version, IWrappingKeys.AssociatedData(tenant, version), key.Span));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(wrapping);
        }
    }

    public ValueTask<IReadOnlyList<byte[]?>> UnwrapAsync(TenantId tenant, IReadOnlyList<DataKeyRow> rows, CancellationToken ct)
    {
        var wrapping = Read(tenant);
        try
        {
            return ValueTask.FromResult<IReadOnlyList<byte[]?>>([.. rows.Select(row => Unwrap(wrapping, tenant, row))]);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(wrapping);
        }
    }

    public Task DestroyAsync(TenantId tenant, CancellationToken ct)
    {
        Destroy(tenant);
        return Task.CompletedTask;
    }

    public Task<bool> RotateAsync(TenantId tenant, CancellationToken ct) => Task.FromResult(false);

    public ValueTask<byte[]?> FindInstallationKeyAsync(CancellationToken ct) =>
        ValueTask.FromResult(File.Exists(PathOf(TenantId.Installation)) ? Read(TenantId.Installation) : null);

    public ValueTask<byte[]> KeepInstallationKeyAsync(ReadOnlyMemory<byte> key, CancellationToken ct)
    {
        if (!File.Exists(PathOf(TenantId.Installation)))
            Create(TenantId.Installation, key.Span);

        return ValueTask.FromResult(Read(TenantId.Installation));
    }

    /// <summary>The tenant's key; the caller zeroes it.</summary>
    /// <exception cref="SecretUnavailableException">There is no key, it was destroyed, or others may read it.</exception>
    private byte[] Read(TenantId tenant)
    {
        if (File.Exists(Tombstone(tenant)))
            throw new SecretUnavailableException(tenant, "it was destroyed.");

        var path = PathOf(tenant);
        if (!File.Exists(path))
            throw new SecretUnavailableException(tenant, $"there is no file {path}.");

        return Parse(tenant, path);
    }

    /// <inheritdoc cref="Read"/>
    private byte[] ReadOrCreate(TenantId tenant)
    {
        if (!File.Exists(PathOf(tenant)) && !File.Exists(Tombstone(tenant)))
        {
            var key = RandomNumberGenerator.GetBytes(KeyLength);
            Create(tenant, key);
            CryptographicOperations.ZeroMemory(key);
        }

        return Read(tenant);
    }

    /// <summary>Overwrites and removes the key, and remembers that it is gone for good.</summary>
    private void Destroy(TenantId tenant)
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

    private static byte[]? Unwrap(byte[] wrapping, TenantId tenant, DataKeyRow row)
    {
        try
        {
            return SealedSecret.Open(wrapping, IWrappingKeys.AssociatedData(tenant, row.Version), row.Wrapped);
        }
        catch (CryptographicException)
        {
            return null;
        }
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

    private void Create(TenantId tenant, ReadOnlySpan<byte> key)
    {
        Prepare();
        var path = PathOf(tenant);
        var temporary = Path.Combine(directory, $".{Path.GetRandomFileName()}.new");
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
