using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace Integrations.Api.Authentication;

/// <summary>Hashes and checks passwords with the framework's hasher (PBKDF2, HMAC-SHA512, own salt each).</summary>
internal sealed class Passwords : IDisposable
{
    public const int MinLength = 10;
    public const int MaxLength = 256;

    /// <summary>OWASP's number for PBKDF2 with SHA-512.</summary>
    private const int Iterations = 210_000;

    private readonly PasswordHasher<Passwords> _hasher = new(Options.Create(new PasswordHasherOptions { IterationCount = Iterations }));

    /// <summary>A check costs a tenth of a second of a processor; more at once than this would starve everybody else.</summary>
    private readonly SemaphoreSlim _room = new(Math.Max(1, Environment.ProcessorCount / 2));

    /// <summary>Something to check against where there is no such account, so that the time of the answer tells nothing.</summary>
    private readonly Lazy<string> _nobody;

    public Passwords() => _nobody = new(() => _hasher.HashPassword(this, "nobody has this password"));

    public void Dispose() => _room.Dispose();

    public Task<string> HashAsync(string password, CancellationToken cancellationToken) =>
        InRoomAsync(() => _hasher.HashPassword(this, password), cancellationToken);

    /// <param name="hash">Null where there is no account; the answer is then false, after the same work.</param>
    public Task<bool> VerifyAsync(string? hash, string password, CancellationToken cancellationToken) =>
        InRoomAsync(
            () => _hasher.VerifyHashedPassword(this, hash ?? _nobody.Value, password) is not PasswordVerificationResult.Failed && hash is not null,
            cancellationToken);

    private async Task<T> InRoomAsync<T>(Func<T> work, CancellationToken cancellationToken)
    {
        await _room.WaitAsync(cancellationToken);
        try
        {
            return await Task.Run(work, cancellationToken);
        }
        finally
        {
            _room.Release();
        }
    }
}
