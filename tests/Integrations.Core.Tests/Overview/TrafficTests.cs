using Integrations.Core.Overview;
using Integrations.Core.Secrets;
using Integrations.Core.Tenancy;
using Microsoft.Extensions.Options;

namespace Integrations.Core.Tests.Overview;

public sealed class TrafficTests(CoreDatabase database) : IClassFixture<CoreDatabase>
{
    private static readonly OverviewPeriod Week = new(7, ByDay: true, "UTC");

    [Fact]
    public async Task Each_message_is_counted_once_in_its_hour_before_and_after_hours_are_closed_and_however_often()
    {
        var (tenant, account) = await AnAccountAsync();
        await SayAsync(tenant, account, "now()", "now() - interval '1 hour'", "now() - interval '2 hours'", "now() - interval '30 hours'", "now() - interval '3 days'");
        var (day, week) = (await ReadAsync(tenant, OverviewPeriod.Day), await ReadAsync(tenant, Week));
        Assert.Equal((24, 3L), (day.Traffic.Count, day.Traffic.Sum(step => step.Received)));
        Assert.Equal([1L, 1L, 1L], day.Traffic.TakeLast(3).Select(step => step.Received));
        Assert.Equal((7, 5L), (week.Traffic.Count, week.Traffic.Sum(step => step.Received)));

        for (var pass = 0; pass < 3; pass++)
        {
            await CountAsync();
            Assert.Equal(day.Traffic, (await ReadAsync(tenant, OverviewPeriod.Day)).Traffic);
            Assert.Equal(week.Traffic, (await ReadAsync(tenant, Week)).Traffic);
        }

        foreach (var table in new[] { "message_hours", "tenant_hours" })
            Assert.Equal("4", (await CoreDatabase.RowsAsync(database.Admin, $"select sum(count) from {table} where tenant_id = '{tenant}'"))[0]);
        Assert.Equal(week.Traffic, (await ReadAsync(tenant, Week, Role.Operator)).Traffic);
    }

    [Fact]
    public async Task What_came_late_or_changed_within_a_day_is_counted_anew_and_what_is_older_stays()
    {
        var (tenant, account) = await AnAccountAsync();
        var dialog = await database.AddDialogAsync(tenant, account);
        var (late, old) = (await SentAsync(tenant, account, dialog, "2 hours", "failed"), await SentAsync(tenant, account, dialog, "50 hours", "failed"));
        await CountAsync();
        await CoreDatabase.ExecuteAsync(
            database.Admin,
            $"update messages set status = 'delivered', accepted_at = created_at, finished_at = created_at + interval '2 seconds' where id in ('{late}', '{old}')");
        await CountAsync();

        var week = await ReadAsync(tenant, Week);
        Assert.Equal((2L, 1L), (week.Traffic.Sum(step => step.Sent), week.Traffic.Sum(step => step.Failed)));
        Assert.InRange(week.DelayP50!.Value, 1800, 2200);
    }

    [Fact]
    public async Task A_day_is_the_readers_own()
    {
        var (tenant, account) = await AnAccountAsync();
        // Half past eleven in the evening of the day before yesterday in New York is another day in London.
        await SayAsync(tenant, account, "(date_trunc('day', now() at time zone 'America/New_York') - interval '1 day 30 minutes') at time zone 'America/New_York'");
        var there = await ReadAsync(tenant, new OverviewPeriod(7, ByDay: true, "America/New_York"));
        Assert.Equal(1, there.Traffic[^3].Received);
        await CountAsync();
        Assert.Equal(there.Traffic, (await ReadAsync(tenant, new OverviewPeriod(7, ByDay: true, "America/New_York"))).Traffic);
        Assert.All(there.Traffic, step => Assert.Equal(0, TimeZoneInfo.ConvertTimeBySystemTimeZoneId(step.From, "America/New_York").Hour));
    }

    [Fact]
    public async Task Counted_hours_are_seen_by_their_tenant_alone_and_old_ones_go()
    {
        var (tenant, account) = await AnAccountAsync();
        var other = await database.AddTenantAsync();
        await SayAsync(tenant, account, "now() - interval '2 hours'", "now() - interval '40 days'");
        await CountAsync();
        Assert.Equal(1, (await ReadAsync(tenant, OverviewPeriod.Day)).Traffic.Sum(step => step.Received));
        Assert.Equal(0, (await ReadAsync(other, OverviewPeriod.Day)).Traffic.Sum(step => step.Received));
        Assert.Equal(
            ["0"],
            await database.ApiTenants.InTenantAsync(
                other,
                async transaction =>
                {
                    await using var command = transaction.Command($"select count(*) from message_hours where tenant_id = '{tenant}'");
                    await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
                    return await CoreDatabase.ReadRowsAsync(reader);
                },
                TestContext.Current.CancellationToken));
        Assert.Equal(["0"], await CoreDatabase.RowsAsync(database.Admin, "select count(*) from message_hours where hour < now() - interval '33 days'"));
    }

    [Theory]
    [InlineData(0.4)]
    [InlineData(17)]
    [InlineData(650)]
    [InlineData(90_000)]
    [InlineData(86_400_000)]
    public async Task A_delay_is_told_within_a_tenth(double milliseconds)
    {
        var bucket = await CoreDatabase.ScalarAsync<short>(
            database.Api, FormattableString.Invariant($"select delay_bucket(now(), now() + {milliseconds} * interval '1 millisecond')"));
        var told = Traffic.Percentile(new Dictionary<short, long> { [(short)(100 + bucket)] = 3 }, 0.5)!.Value;
        Assert.InRange(told, Math.Max(1, milliseconds) / 1.1, Math.Max(1, milliseconds) * 1.1);
    }

    [Fact]
    public void Percentiles_are_found_by_rank()
    {
        var measures = new Dictionary<short, long> { [0] = 500, [1] = 100, [2] = 7, [100] = 90, [140] = 9, [160] = 1 };
        Assert.InRange(Traffic.Percentile(measures, 0.5)!.Value, 1, 1.2);
        Assert.InRange(Traffic.Percentile(measures, 0.95)!.Value, 1024, 1218);
        Assert.InRange(Traffic.Percentile(measures, 1)!.Value, 38_000, 39_000);
        Assert.Null(Traffic.Percentile(new Dictionary<short, long> { [0] = 3 }, 0.5));
    }

    private async Task<OverviewNumbers> ReadAsync(TenantId tenant, OverviewPeriod period, Role role = Role.Owner)
    {
        var read = new ReadOverview(database.ApiTenants, Options.Create(new SecretsOptions { Directory = Path.GetTempPath() }), TimeProvider.System);
        var page = await read.ExecuteAsync(
            new Principal(tenant, 1, role, null, null), TimeSpan.FromMinutes(15), period, TestContext.Current.CancellationToken);
        return page.Numbers;
    }

    /// <summary>As often as the chore does it, until nothing is missing.</summary>
    private async Task CountAsync()
    {
        for (string? before = null, until = null; until is null || until != before;)
            (before, until) = (until, (await CoreDatabase.RowsAsync(database.Worker, "select doors.count_traffic('1 day', '32 days')"))[0]);
    }

    private async Task SayAsync(TenantId tenant, Guid account, params string[] moments)
    {
        var dialog = await database.AddDialogAsync(tenant, account, peer: 555);
        foreach (var moment in moments)
        {
            await CoreDatabase.ExecuteAsync(
                database.Admin,
                $"""
                 insert into messages (id, tenant_id, account_id, dialog_id, shard, direction, status, text, created_at)
                 values ('{CoreDatabase.NewId()}', '{tenant}', '{account}', '{dialog}', 0, 'personal_telegram_in', 'received', 'hello', {moment})
                 """);
        }
    }

    private async Task<Guid> SentAsync(TenantId tenant, Guid account, Guid dialog, string ago, string status)
    {
        var message = await database.AddMessageAsync(tenant, account, dialog, status: status);
        await CoreDatabase.ExecuteAsync(database.Admin, $"update messages set created_at = now() - interval '{ago}' where id = '{message}'");
        return message;
    }

    /// <summary>In a database in which no hour has been counted yet, though other tests did.</summary>
    private async Task<(TenantId Tenant, Guid Account)> AnAccountAsync()
    {
        await CoreDatabase.ExecuteAsync(database.Admin, "delete from message_hours; delete from tenant_hours; update traffic_head set counted_until = '-infinity'");
        var tenant = await database.AddTenantAsync();
        return (tenant, await database.AddAccountAsync(tenant));
    }
}
