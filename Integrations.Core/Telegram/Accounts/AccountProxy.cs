using System.Security.Cryptography;
using System.Text;
using Integrations.Core.Errors;
using Integrations.Core.Secrets;
using Integrations.Core.Tenancy;
using Integrations.Mtproto.Proxies;

namespace Integrations.Core.Telegram.Accounts;

/// <summary>A proxy as it is stored.</summary>
/// <param name="Shown">Its kind, host and port: what does not open it.</param>
public sealed record SealedProxy(byte[] Sealed, string Shown);

/// <summary>Checks and seals the proxy that a user sets for one account.</summary>
public sealed class AccountProxy(ISecretProtector secrets)
{
    /// <summary>Characters of a link.</summary>
    public const int MaxLength = 1000;

    private const int MaxShown = 300;

    /// <summary>What is wrong with a link; null for one that can be used, and for the empty one, which removes the proxy.</summary>
    public static string? ProblemOf(string? link)
    {
        if (string.IsNullOrEmpty(link))
            return null;
        if (link.Length > MaxLength)
            return $"Must have at most {MaxLength} characters.";
        return !TelegramProxy.TryParse(link, out var proxy, out var problem) ? problem
            : proxy.ToString()!.Length > MaxShown ? "Its host is too long."
            : null;
    }

    /// <param name="link">As <see cref="TelegramProxy.Parse"/> reads it; an empty one is none.</param>
    /// <exception cref="IntegrationException">VALIDATION_FAILED; SECRETS_UNAVAILABLE.</exception>
    public async Task<SealedProxy?> SealAsync(TenantId tenant, Guid accountId, string link, CancellationToken cancellationToken)
    {
        if (link.Length == 0)
            return null;
        if (ProblemOf(link) is { } problem)
            throw new IntegrationException(ErrorCodes.ValidationFailed, fieldErrors: new Dictionary<string, string[]>(StringComparer.Ordinal) { ["proxy"] = [problem] });
        var clear = Encoding.UTF8.GetBytes(link);
        try
        {
            return new(await secrets.ProtectAsync(AddressOf(tenant, accountId), clear, cancellationToken), TelegramProxy.Parse(link).ToString()!);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(clear);
        }
    }

    /// <summary>Opens what was sealed.</summary>
    public async Task<string> OpenAsync(TenantId tenant, Guid accountId, byte[] sealedLink, CancellationToken cancellationToken) =>
        Encoding.UTF8.GetString(await secrets.UnprotectAsync(AddressOf(tenant, accountId), sealedLink, cancellationToken));

    private static SecretAddress AddressOf(TenantId tenant, Guid accountId) => new(tenant, "telegram_accounts", "proxy_sealed", accountId);
}
