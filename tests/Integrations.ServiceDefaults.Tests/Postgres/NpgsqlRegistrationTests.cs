using System.Net;
using System.Text.Json;
using Integrations.ServiceDefaults.Tests.Prometheus;
using Integrations.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

[assembly: AssemblyFixture(typeof(Servers))]

namespace Integrations.ServiceDefaults.Tests.Postgres;

public sealed class NpgsqlRegistrationTests(Servers servers)
{
    private const string Section = "Aspire:Npgsql:EntityFrameworkCore:PostgreSQL";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private Dictionary<string, string?> Connected => new() { ["ConnectionStrings:integrations"] = servers.PostgresAdmin };

    /// <summary>Port 1 is reserved: it refuses at once.</summary>
    private static Dictionary<string, string?> Down => new() { ["ConnectionStrings:integrations"] = "Host=127.0.0.1;Port=1;Username=nobody" };

    [Fact]
    public async Task A_context_and_a_data_source_work_and_are_measured_and_checked()
    {
        await using var host = await TestHost.StartAsync(Connected, builder =>
        {
            builder.AddNpgsqlDbContext<TestContextOne>("integrations");
            builder.AddNpgsqlDataSource("integrations");
        }, app =>
        {
            app.MapGet("/context", (TestContextOne context) => context.Database.SqlQuery<int>($"SELECT 41 + 1 AS \"Value\"").SingleAsync());
            app.MapGet("/source", async (NpgsqlDataSource source) =>
            {
                await using var command = source.CreateCommand("SELECT 43");
                return await command.ExecuteScalarAsync();
            });
        });

        Assert.Equal("42", await host.GetStringAsync("/context"));
        Assert.Equal("43", await host.GetStringAsync("/source"));
        Assert.Equal("""{"status":"healthy","service":"Integration Service","version":"1.0.0"}""", await host.GetStringAsync("/health"));
        var text = await host.GetStringAsync("/metrics");
        await Promtool.AssertAcceptsAsync(text);
        Assert.Empty(Exposition.Read(text).Findings());
        Assert.Contains(Exposition.Read(text).Types.Keys, name => name.StartsWith("db_client_", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_database_that_is_down_makes_the_host_unready_and_leaves_it_alive()
    {
        await using var host = await TestHost.StartAsync(Down, builder =>
        {
            builder.AddNpgsqlDbContext<TestContextOne>("integrations");
            builder.AddNpgsqlDataSource("integrations");
        });

        var response = await host.GetAsync("/health");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        using var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Cancellation));
        var checks = body.RootElement.GetProperty("checks").EnumerateObject().ToDictionary(check => check.Name, check => check.Value.GetString());
        Assert.Equal(new Dictionary<string, string?> { ["PostgreSql"] = "unhealthy", [nameof(TestContextOne)] = "unhealthy" }, checks);
        Assert.Equal(HttpStatusCode.OK, (await host.GetAsync("/alive")).StatusCode);
    }

    [Fact]
    public async Task Each_switch_switches_its_part_off()
    {
        await using var host = await TestHost.StartAsync(
            new Dictionary<string, string?>(Down)
            {
                [$"{Section}:DisableHealthChecks"] = "true",
                [$"{Section}:DisableRetry"] = "true",
                [$"{Section}:CommandTimeout"] = "11",
                [$"{Section}:{nameof(TestContextTwo)}:CommandTimeout"] = "22",
            },
            builder =>
            {
                builder.AddNpgsqlDbContext<TestContextOne>("integrations");
                builder.AddNpgsqlDbContext<TestContextTwo>("integrations");
            });

        using var scope = host.Services.CreateScope();
        var one = scope.ServiceProvider.GetRequiredService<TestContextOne>();
        Assert.Equal(11, one.Database.GetCommandTimeout());
        Assert.False(one.Database.CreateExecutionStrategy().RetriesOnFailure);
        Assert.Equal(22, scope.ServiceProvider.GetRequiredService<TestContextTwo>().Database.GetCommandTimeout());
        Assert.Equal(HttpStatusCode.OK, (await host.GetAsync("/health")).StatusCode);
    }

    [Fact]
    public async Task Traces_and_metrics_can_be_left_out()
    {
        await using var host = await TestHost.StartAsync(Connected, builder => builder.AddNpgsqlDataSource("integrations", settings =>
        {
            settings.DisableMetrics = true;
            settings.DisableTracing = true;
        }));

        Assert.Equal(HttpStatusCode.OK, (await host.GetAsync("/health")).StatusCode);

        Assert.DoesNotContain(
            Exposition.Read(await host.GetStringAsync("/metrics")).Types.Keys, name => name.StartsWith("db_client_", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Retries_are_on_unless_told_otherwise()
    {
        await using var host = await TestHost.StartAsync(Connected, builder => builder.AddNpgsqlDbContext<TestContextOne>("integrations"));

        using var scope = host.Services.CreateScope();
        Assert.True(scope.ServiceProvider.GetRequiredService<TestContextOne>().Database.CreateExecutionStrategy().RetriesOnFailure);
    }

    [Fact]
    public async Task Code_has_the_last_word_over_configuration()
    {
        await using var host = await TestHost.StartAsync(
            new Dictionary<string, string?>(Connected) { [$"{Section}:CommandTimeout"] = "11" },
            builder => builder.AddNpgsqlDbContext<TestContextOne>(
                "integrations", settings => settings.CommandTimeout = 33, options => options.EnableDetailedErrors()));

        using var scope = host.Services.CreateScope();
        Assert.Equal(33, scope.ServiceProvider.GetRequiredService<TestContextOne>().Database.GetCommandTimeout());
    }

    [Fact]
    public async Task A_missing_connection_string_is_named_with_both_places_to_set_it()
    {
        await using var host = await TestHost.StartAsync(add: builder => builder.AddNpgsqlDataSource("elsewhere"));

        var refused = Assert.Throws<InvalidOperationException>(() => host.Services.GetRequiredService<NpgsqlDataSource>());

        Assert.Contains("ConnectionStrings:elsewhere", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Aspire:Npgsql", refused.Message, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await host.GetAsync("/health")).StatusCode);
    }

    private sealed class TestContextOne(DbContextOptions<TestContextOne> options) : DbContext(options);

    private sealed class TestContextTwo(DbContextOptions<TestContextTwo> options) : DbContext(options);
}
