using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using Integrations.Bench.Product;
using Integrations.Core;
using Integrations.Core.Secrets;
using Integrations.Core.Tenancy;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Integrations.Bench.Secrets;

/// <summary>Measures sealing and opening a session with its data key in memory, and opening many sessions when a worker starts.</summary>
internal sealed class SecretsScenario(int rounds, string? file)
{
    /// <summary>As large as a stored session with several data centres.</summary>
    private const int SessionBytes = 1024;

    private const int Sessions = 1000;

    public async Task<int> RunAsync(CancellationToken ct)
    {
        await using var product = await ProductProcess.StartNewAsync(ct);
        var tenant = await AddTenantAsync(product.Addresses.Database, ct);
        var keys = Directory.CreateTempSubdirectory("integrations-bench-keys-");
        try
        {
            var session = RandomNumberGenerator.GetBytes(SessionBytes);
            var sealed_ = new List<(SecretAddress Address, byte[] Sealed)>();
            var samples = new double[rounds];
            using (var host = AHost(product, keys.FullName))
            {
                var secrets = host.Services.GetRequiredService<ISecretProtector>();
                for (var i = 0; i < Sessions; i++)
                {
                    var address = AddressOf(tenant);
                    sealed_.Add((address, await secrets.ProtectAsync(address, session, ct)));
                }

                // What comes first pays for the compiler.
                await MeasureAsync(secrets, tenant, session, new double[Math.Min(rounds, 20_000)], ct);
                await MeasureAsync(secrets, tenant, session, samples, ct);
            }

            using var started = AHost(product, keys.FullName);
            var fresh = started.Services.GetRequiredService<ISecretProtector>();
            var began = Stopwatch.GetTimestamp();
            await Task.WhenAll(sealed_.Select(pair => Task.Run(() => fresh.UnprotectAsync(pair.Address, pair.Sealed, ct).AsTask(), ct)));
            var opened = Stopwatch.GetElapsedTime(began);

            Array.Sort(samples);
            var json = JsonSerializer.Serialize(
                new Dictionary<string, object>(StringComparer.Ordinal)
                {
                    ["rounds"] = rounds,
                    ["session_bytes"] = SessionBytes,
                    ["seal_and_open_us"] = new { p50 = At(samples, 50), p99 = At(samples, 99), mean = Math.Round(samples.Average(), 2) },
                    ["open_1000_sessions_cold_ms"] = Math.Round(opened.TotalMilliseconds, 1),
                },
                Json.Indented);
            Console.WriteLine(json);
            if (file is not null)
                await File.WriteAllTextAsync(file, json + "\n", ct);
            return 0;
        }
        finally
        {
            keys.Delete(recursive: true);
        }
    }

    /// <summary>In microseconds, one round each.</summary>
    private static async Task MeasureAsync(ISecretProtector secrets, TenantId tenant, byte[] session, double[] samples, CancellationToken ct)
    {
        var address = AddressOf(tenant);
        for (var i = 0; i < samples.Length; i++)
        {
            var began = Stopwatch.GetTimestamp();
            var clear = await secrets.UnprotectAsync(address, await secrets.ProtectAsync(address, session, ct), ct);
            samples[i] = Stopwatch.GetElapsedTime(began).TotalMicroseconds;
            if (clear.Length != session.Length)
                throw new ScenarioException("what was opened is not what was sealed");
        }
    }

    private static SecretAddress AddressOf(TenantId tenant) => new(tenant, "telegram_accounts", "session_payload", Guid.CreateVersion7());

    private static double At(double[] sorted, int percent) => Math.Round(sorted[(int)Math.Ceiling(percent / 100.0 * sorted.Length) - 1], 2);

    /// <summary>A worker's way to its secrets, and nothing else of a worker: it is not started.</summary>
    private static IHost AHost(ProductProcess product, string keys)
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Configuration.AddInMemoryCollection(
        [
            new("ConnectionStrings:integrations", product.Addresses.WorkerDatabase),
            new("ConnectionStrings:rabbitmq", "amqp://127.0.0.1"),
            new("Secrets:Directory", keys),
        ]);
        builder.Services.AddMetrics();
        builder.AddSecrets();
        return builder.Build();
    }

    private static async Task<TenantId> AddTenantAsync(string database, CancellationToken ct)
    {
        var id = Guid.CreateVersion7();
        await using var source = NpgsqlDataSource.Create(database);
        await using var command = source.CreateCommand("insert into tenants (id, name) values ($1, 'Bench')");
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        await command.ExecuteNonQueryAsync(ct);
        return new TenantId(id);
    }
}
