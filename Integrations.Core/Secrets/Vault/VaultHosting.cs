using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Integrations.Core.Secrets.Vault;

/// <summary>The host's one way to Vault.</summary>
internal sealed record VaultConnection(VaultOptions Options, VaultClient Client);

internal static class VaultHosting
{
    /// <summary>Null where Vault is not configured.</summary>
    /// <remarks>
    /// Made while the host is being put together, because settings are read through it then, and once: a wrapped secret id can be exchanged
    /// one single time.
    /// </remarks>
    public static VaultConnection? AddVault(this IHostApplicationBuilder builder)
    {
        var services = builder.Services;
        if (services.FirstOrDefault(service => service.ServiceType == typeof(VaultConnection))?.ImplementationInstance is VaultConnection there)
            return there;

        var isProduction = builder.Environment.IsProduction();
        var options = VaultOptions.Read(builder.Configuration, isProduction);
        if (!options.IsConfigured)
            return null;

        var transport = new VaultTransport(options, TimeProvider.System);
        var login = new VaultLogin(transport, options, isProduction, TimeProvider.System);
        var connection = new VaultConnection(options, new VaultClient(transport, login, options));
        services.AddSingleton(connection);
        // By factories, so that the host disposes of them.
        services.AddSingleton(_ => transport);
        services.AddSingleton(_ => login);
        services.AddSingleton(connection.Client);
        services.AddHostedService<VaultRenewal>();
        return connection;
    }
}
