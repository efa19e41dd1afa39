using System.Diagnostics;
using System.Text.Json;
using Integrations.Bench.Product;
using Integrations.Core;
using Integrations.Core.Audit;
using Integrations.Core.Telegram;
using Integrations.Core.Telegram.Messages;
using Integrations.Core.Telegram.Sending;
using Integrations.Core.Tenancy;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Integrations.Bench.Audit;

/// <summary>Measures what the audit adds to accepting a message: the same acceptance in turns with an audit entry and without, in the database of a copy of the product.</summary>
internal sealed class AuditScenario(int rounds, string? file)
{
    public async Task<int> RunAsync(CancellationToken ct)
    {
        await using var product = await ProductProcess.StartNewAsync(ct);
        await using var database = NpgsqlDataSource.Create(product.Addresses.Database);
        var (tenant, account) = await AddAccountAsync(database, ct);
        using var host = AHost(product);
        var accept = host.Services.GetRequiredService<AcceptMessage>();
        var principal = new Principal(tenant, 1, Role.Owner, null, null);

        // What comes first pays for the compiler.
        await MeasureAsync(accept, principal, account, new double[Math.Min(rounds, 500)], new double[Math.Min(rounds, 500)], ct);
        var (audited, bare) = (new double[rounds], new double[rounds]);
        await MeasureAsync(accept, principal, account, audited, bare, ct);
        var entries = await ScalarAsync(database, "select count(*) from audit_entries", ct);
        var bytes = await ScalarAsync(database, "select pg_total_relation_size('audit_entries')", ct);
        if (entries != rounds + Math.Min(rounds, 500))
            throw new ScenarioException($"{entries} entries for {rounds} audited messages");

        Array.Sort(audited);
        Array.Sort(bare);
        var json = JsonSerializer.Serialize(
            new Dictionary<string, object>(StringComparer.Ordinal)
            {
                ["rounds"] = rounds,
                ["accept_audited_us"] = new { p50 = At(audited, 50), p99 = At(audited, 99), mean = Math.Round(audited.Average(), 1) },
                ["accept_bare_us"] = new { p50 = At(bare, 50), p99 = At(bare, 99), mean = Math.Round(bare.Average(), 1) },
                ["audit_cost_p50_us"] = Math.Round(At(audited, 50) - At(bare, 50), 1),
                ["bytes_per_entry"] = bytes / entries,
            },
            Json.Indented);
        Console.WriteLine(json);
        if (file is not null)
            await File.WriteAllTextAsync(file, json + "\n", ct);
        return 0;
    }

    /// <summary>In microseconds, in turns, so that whatever else the machine does meets both alike.</summary>
    private static async Task MeasureAsync(AcceptMessage accept, Principal principal, Guid account, double[] audited, double[] bare, CancellationToken ct)
    {
        for (var i = 0; i < audited.Length; i++)
        {
            using (new AuditScope("SendMessage", "192.0.2.7", "bench/1.0", new Dictionary<string, string>(StringComparer.Ordinal)) { UserId = 1 }.Open())
                audited[i] = await OnceAsync();
            bare[i] = await OnceAsync();
        }

        async Task<double> OnceAsync()
        {
            var began = Stopwatch.GetTimestamp();
            await accept.ExecuteAsync(principal, new OutgoingMessage(account, new Recipient(Username: "somebody"), "Good morning", null, MessagePriority.Interactive), null, ct);
            return Stopwatch.GetElapsedTime(began).TotalMicroseconds;
        }
    }

    private static double At(double[] sorted, int percent) => Math.Round(sorted[(int)Math.Ceiling(percent / 100.0 * sorted.Length) - 1], 1);

    /// <summary>The Api's way to the database, and nothing else of it: it is not started, and rings nobody.</summary>
    private static IHost AHost(ProductProcess product)
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Configuration.AddInMemoryCollection(
        [
            new("ConnectionStrings:integrations", product.Addresses.ApiDatabase),
            new("ConnectionStrings:rabbitmq", "amqp://127.0.0.1"),
            new("Sending:MaxBacklogPerAccount", "1000000"),
        ]);
        builder.Services.AddMetrics();
        builder.AddIntegrationsCore();
        builder.AddTelegramRequests();
        return builder.Build();
    }

    /// <summary>In the real Telegram's world, which no worker of the product works for: nothing is sent.</summary>
    private static async Task<(TenantId Tenant, Guid Account)> AddAccountAsync(NpgsqlDataSource database, CancellationToken ct)
    {
        var (tenant, account) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        await using var command = database.CreateCommand(
            """
            with tenant as (insert into tenants (id, name) values ($1, 'Bench'))
               , person as (insert into users (id, tenant_id, user_id, subject, role) values (gen_random_uuid(), $1, 1, '1', 'owner'))
            insert into telegram_accounts (id, tenant_id, user_id, shard, world, status) values ($2, $1, 1, 0, 'telegram', 'active')
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = tenant });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = account });
        await command.ExecuteNonQueryAsync(ct);
        return (new TenantId(tenant), account);
    }

    private static async Task<long> ScalarAsync(NpgsqlDataSource database, string sql, CancellationToken ct)
    {
#pragma warning disable CA2100 // Constant texts of this class.
        await using var command = database.CreateCommand(sql);
#pragma warning restore CA2100
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }
}
