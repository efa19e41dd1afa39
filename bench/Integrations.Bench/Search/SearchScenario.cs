using System.Diagnostics;
using System.Text.Json;
using Integrations.Bench.Product;
using Integrations.Core;
using Integrations.Core.Telegram;
using Integrations.Core.Telegram.Messages;
using Integrations.Core.Tenancy;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Integrations.Bench.Search;

/// <summary>Measures what the index over words adds to storing messages, and how long finding takes among many, in the database of a copy of the product.</summary>
internal sealed class SearchScenario(int messages, int rounds, string? file)
{
    /// <summary>Rows of one insert, as a busy account's batch.</summary>
    private const int Batch = 100;

    /// <summary>Inserts each way for the cost of the index: 100,000 rows in all.</summary>
    private const int Inserts = 500;

    // Twelve words of a vocabulary of twenty thousand, few of them in most messages and most of them in few.
    private const string Fill =
        """
        insert into messages (id, tenant_id, account_id, dialog_id, shard, direction, status, text, finished_at)
        select gen_random_uuid(), $1, $2, (select id from dialogs where tenant_id = $1 and peer_id = 1 + n % 1000), 0, 'personal_telegram_in', 'received',
               (select string_agg(stems[1 + k % 10] || chr(1072 + k % 32) || chr(1072 + (k / 32) % 32) || chr(1072 + (k / 1024) % 32) || ends[1 + k % 6], ' ')
                  from (select (20000 * power(random(), 3))::int as k, n from generate_series(1, 12)) words),
               now()
          from generate_series($3::int, $4::int) n,
               (select array['заказ', 'доставк', 'оплат', 'посылк', 'менеджер', 'товар', 'цен', 'скидк', 'адрес', 'отделени'] as stems, array['а', 'у', 'ом', 'е', 'ы', 'ами'] as ends) v
        """;

    public async Task<int> RunAsync(CancellationToken ct)
    {
        await using var product = await ProductProcess.StartNewAsync(ct);
        await using var database = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(product.Addresses.Database) { CommandTimeout = 0 }.ConnectionString);
        var (tenant, account) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        await ExecuteAsync(
            database,
            """
            with tenant as (insert into tenants (id, name) values ($1, 'Bench'))
               , person as (insert into users (id, tenant_id, user_id, subject, role) values (gen_random_uuid(), $1, 1, '1', 'owner'))
               , account as (insert into telegram_accounts (id, tenant_id, user_id, shard, world, status) values ($2, $1, 1, 0, 'telegram', 'active'))
            insert into dialogs (id, tenant_id, source, personal_account_id, peer_kind, peer_id) select gen_random_uuid(), $1, 'personal_telegram', $2, 'user', n from generate_series(1, 1000) n
            """,
            ct, tenant, account);

        var (with, without) = (new double[Inserts], new double[Inserts]);
        for (var i = 0; i < Inserts; i++)
        {
            // In turns, so that whatever else the machine does meets both alike.
            with[i] = await InsertAsync(database, tenant, account, i * Batch, ct);
            await ExecuteAsync(database, "alter table messages disable trigger keep_message_words", ct);
            without[i] = await InsertAsync(database, tenant, account, i * Batch, ct);
            await ExecuteAsync(database, "alter table messages enable trigger keep_message_words", ct);
        }

        for (var done = Inserts * Batch * 2; done < messages; done += 10_000)
            await ExecuteAsync(database, Fill, ct, tenant, account, done, Math.Min(messages, done + 10_000) - 1);
        await ExecuteAsync(
            database,
            "update messages set text = text || ' единственная редкость' where id = (select id from messages where tenant_id = $1 order by seq offset $2 limit 1)", ct, tenant, (long)messages / 2);
        await ExecuteAsync(database, "vacuum analyze message_words", ct);

        using var host = AHost(product);
        var search = host.Services.GetRequiredService<SearchMessages>();
        var principal = new Principal(new TenantId(tenant), 1, Role.Owner, null, null);
        var found = new Dictionary<string, object>(StringComparer.Ordinal);
        foreach (var (name, text, relevance) in new[]
        {
            ("rare_ms", "редкостью", false), ("common_ms", "заказааа", false), ("common_best_ms", "заказааа", true), ("beginning_ms", "достав", false),
            ("two_words_ms", "заказааа скидкабаау", false), ("nothing_ms", "отсутствующее слово", false),
        })
        {
            var times = new double[rounds];
            for (var i = -3; i < rounds; i++)
            {
                var began = Stopwatch.GetTimestamp();
                await search.ExecuteAsync(principal, new MessageSearch(text, null, null, null, relevance, null), 50, ct);
                if (i >= 0)
                    times[i] = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
            }

            Array.Sort(times);
            found[name] = new { p50 = At(times, 50), p99 = At(times, 99) };
        }

        Array.Sort(with);
        Array.Sort(without);
        var json = JsonSerializer.Serialize(
            new Dictionary<string, object>(StringComparer.Ordinal)
            {
                ["messages"] = messages,
                ["insert_100_with_words_ms"] = new { p50 = At(with, 50), p99 = At(with, 99), mean = Math.Round(with.Average(), 2) },
                ["insert_100_without_ms"] = new { p50 = At(without, 50), p99 = At(without, 99), mean = Math.Round(without.Average(), 2) },
                ["words_mb"] = await ScalarAsync(database, "select pg_total_relation_size('message_words') / 1000000", ct),
                ["messages_mb"] = await ScalarAsync(database, "select pg_total_relation_size('messages') / 1000000", ct),
                ["find"] = found,
            },
            Json.Indented);
        Console.WriteLine(json);
        if (file is not null)
            await File.WriteAllTextAsync(file, json + "\n", ct);
        return 0;
    }

    private static async Task<double> InsertAsync(NpgsqlDataSource database, Guid tenant, Guid account, int from, CancellationToken ct)
    {
        var began = Stopwatch.GetTimestamp();
        await ExecuteAsync(database, Fill, ct, tenant, account, from, from + Batch - 1);
        return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
    }

    private static double At(double[] sorted, int percent) => Math.Round(sorted[(int)Math.Ceiling(percent / 100.0 * sorted.Length) - 1], 2);

    /// <summary>The Api's way to the database, and nothing else of it: it is not started, and rings nobody.</summary>
    private static IHost AHost(ProductProcess product)
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Configuration.AddInMemoryCollection(
        [
            new("ConnectionStrings:integrations", product.Addresses.ApiDatabase),
            new("ConnectionStrings:rabbitmq", "amqp://127.0.0.1"),
        ]);
        builder.Services.AddMetrics();
        builder.AddIntegrationsCore();
        builder.AddTelegramRequests();
        return builder.Build();
    }

    private static async Task ExecuteAsync(NpgsqlDataSource database, string sql, CancellationToken ct, params object[] values)
    {
#pragma warning disable CA2100 // Constant texts of this class.
        await using var command = database.CreateCommand(sql);
#pragma warning restore CA2100
        foreach (var value in values)
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        await command.ExecuteNonQueryAsync(ct);
    }

    private static async Task<long> ScalarAsync(NpgsqlDataSource database, string sql, CancellationToken ct)
    {
#pragma warning disable CA2100 // Constant texts of this class.
        await using var command = database.CreateCommand(sql);
#pragma warning restore CA2100
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }
}
