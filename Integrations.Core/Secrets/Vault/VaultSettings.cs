using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

namespace Integrations.Core.Secrets.Vault;

/// <summary>Settings that operators keep in Vault's key-value engine rather than in files and variables.</summary>
public static class VaultSettings
{
    /// <summary>The application's id and hash at Telegram: <c>api_id</c>, <c>api_hash</c>.</summary>
    private const string TelegramPath = "integrations/telegram";

    /// <summary>
    /// Reads them into the host's configuration, over what stands there; nothing is changed where Vault is not configured or has no such
    /// secret. Called before anything reads those settings.
    /// </summary>
    /// <returns>
    /// Ok, or NotConfigured, when the host may go on; else what is in the way, to be tried again until it is not: without the id the host would take itself for one
    /// of another world.
    /// </returns>
    /// <exception cref="InvalidOperationException">Vault answers, and does not let the host in: waiting would not help.</exception>
    public static async Task<VaultState> TryAddVaultSettingsAsync<TBuilder>(this TBuilder builder, CancellationToken ct = default) where TBuilder : IHostApplicationBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        if (builder.AddVault() is not { } vault)
            return VaultState.NotConfigured;

        try
        {
            if (await vault.Client.ReadSecretAsync(TelegramPath, ct) is { } secret)
            {
                builder.Configuration.AddInMemoryCollection(
                    [.. secret.Where(pair => pair.Key is "api_id" or "api_hash").Select(pair => KeyValuePair.Create($"PERSONAL_TELEGRAM_{pair.Key.ToUpperInvariant()}", (string?)pair.Value))]);
            }

            return VaultState.Ok;
        }
        catch (VaultException e) when (e.Failure is VaultFailure.Sealed or VaultFailure.Unreachable)
        {
            return e.Failure is VaultFailure.Sealed ? VaultState.Sealed : VaultState.Unreachable;
        }
        catch (VaultException e)
        {
            throw new InvalidOperationException($"The settings at {vault.Options.KvMount}/data/{TelegramPath} cannot be read. {e.Message}", e);
        }
    }
}
