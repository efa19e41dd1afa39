using Integrations.Core.Persistence;
using Integrations.Core.Secrets.Vault;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Integrations.Core.Secrets.Rotation;

/// <summary>The operator's command for keys: plain sentences, exit code 0, 1 (failed, or in part) or 2 (not understood).</summary>
public static class SecretsCommand
{
    private const string Usage = """
        secrets move --to vault   wraps all data keys by the tenants' keys in Vault
        secrets move --to files   wraps them by the key files
        secrets rotate            new versions of the tenants' keys in Vault, a new data key for each tenant, and everything sealed under it
        Both stores are configured as for a host (Vault__*, Secrets__Directory); the database as for a worker (ConnectionStrings__integrations).
        """;

    /// <param name="builder">With the configuration of a worker; nothing is started in it.</param>
    public static async Task<int> RunAsync(IHostApplicationBuilder builder, Func<IHost> build, IReadOnlyList<string> args, TextWriter output, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(build);
        ArgumentNullException.ThrowIfNull(args);
        ArgumentNullException.ThrowIfNull(output);
        var target = args switch
        {
            ["move", "--to", "vault", ..] => TransitKeys.Name,
            ["move", "--to", "files", ..] => KeyFiles.Name,
            ["rotate", ..] => "",
            _ => null,
        };
        if (target is null)
        {
            await output.WriteLineAsync(Usage);
            return 2;
        }

        try
        {
            builder.AddSecrets();
            using var host = build();
            // As a superuser the wall between tenants would not stand.
            await host.Services.GetServices<IHostedService>().OfType<HostGuard>().Single().CheckAsync(ct);
            return target.Length == 0 ? await RotateAsync(host.Services, output, ct) : await MoveAsync(host.Services, target, output, ct);
        }
        catch (Exception e) when (e is SecretUnavailableException or HostRefusedException or NpgsqlException or InvalidOperationException or OptionsValidationException)
        {
            await output.WriteLineAsync($"The secrets could not be moved or rotated: {e.Message}");
            return 1;
        }
    }

    private static async Task<int> MoveAsync(IServiceProvider services, string target, TextWriter output, CancellationToken ct)
    {
        if (services.GetRequiredService<IReadOnlyList<IWrappingKeys>>().All(store => store.Provider != target))
        {
            await output.WriteLineAsync(
                target == TransitKeys.Name ? "Vault is not configured: set Vault__Address and Vault__Auth__*." : "The key files are not configured: set Secrets__Directory.");
            return 1;
        }

        var report = await services.GetRequiredService<MoveSecrets>().RunAsync(target, again: false, ct);
        return await TellAsync(report, target == TransitKeys.Name ? "in Vault" : "in key files", output);
    }

    private static async Task<int> RotateAsync(IServiceProvider services, TextWriter output, CancellationToken ct)
    {
        var primary = services.GetRequiredService<IReadOnlyList<IWrappingKeys>>()[0].Provider;
        var wrapped = await services.GetRequiredService<MoveSecrets>().RotateWrappingAsync(primary, ct);
        var code = wrapped is null ? 0 : await TellAsync(wrapped, "under a new version of their tenants' keys", output);
        var report = await services.GetRequiredService<SecretRotation>().RunAsync(force: true, ct);
        await output.WriteLineAsync(
            $"{report.Made} data keys were made, {report.Resealed} secrets sealed anew, {report.Trimmed} old data keys forgotten; "
            + $"{report.Left} secrets do not open, {report.Unavailable} of {report.Tenants} tenants have no key that can be used.");
        return report is { Left: 0, Unavailable: 0 } ? code : 1;
    }

    private static async Task<int> TellAsync(MoveReport report, string where, TextWriter output)
    {
        await output.WriteLineAsync($"The data keys of {report.Tenants} tenants are {where}; {report.DataKeys} were wrapped anew.");
        foreach (var reason in report.Failed)
            await output.WriteLineAsync(reason);
        return report.Failed.Count == 0 ? 0 : 1;
    }
}
