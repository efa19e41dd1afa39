using System.Diagnostics.Metrics;
using System.Globalization;
using Integrations.Core.Refusals;
using Integrations.Core.Tenancy;
using Integrations.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Integrations.Core.Tests.Refusals;

/// <summary>What was refused: counted like with like, within bounds, and told to whom it concerns.</summary>
public sealed class RefusalTests(CoreDatabase database) : IClassFixture<CoreDatabase>
{
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_flood_of_one_refusal_is_one_line_with_its_number()
    {
        var tenant = await database.AddTenantAsync();
        using var log = Log();
        foreach (var _ in Enumerable.Range(0, 100_000))
            log.Note(Throttled(tenant, "192.0.2.1"));
        await log.FlushAsync(_cancel);
        log.Note(Throttled(tenant, "192.0.2.1"));
        await log.FlushAsync(_cancel);

        var lines = await LinesAsync(tenant);
        Assert.Equal(100_001, lines.Sum(line => line.Times));
        Assert.InRange(lines.Count, 1, 2);
        Assert.Equal((RefusalKind.Throttle, 1, "192.0.2.1", "Send"), (lines[0].Kind, lines[0].UserId, lines[0].Address, lines[0].Route));
        Assert.Equal(100_001, (await new ReadRefusals(database.ApiTenants).DaysAsync(tenant, DateOnly.MinValue, _cancel)).Sum(day => day.Times));
    }

    [Fact]
    public async Task A_flood_from_everywhere_writes_no_more_lines_than_a_day_may_have_and_is_counted_all_the_same()
    {
        var tenant = await database.AddTenantAsync();
        using var log = Log();
        for (var pass = 0; pass < 3; pass++)
        {
            foreach (var number in Enumerable.Range(0, 1000))
                log.Note(Throttled(tenant, string.Create(CultureInfo.InvariantCulture, $"10.{pass}.{number / 250}.{number % 250}")));
            await log.FlushAsync(_cancel);
        }

        var counted = await CoreDatabase.RowsAsync(
            database.Admin, $"select (select count(*) from refusals where tenant_id = '{tenant}' and route <> '*'), lines, times from refusal_days where tenant_id = '{tenant}'");
        // At midnight they would be two days; then each has fewer.
        Assert.Equal(["2000 2000 3000"], counted);
        Assert.Equal(["1000"], await CoreDatabase.RowsAsync(
            database.Admin, $"select sum(times) from refusals where tenant_id = '{tenant}' and route = '*' and user_id is null and address is null"));
    }

    [Fact]
    public async Task Strangers_take_no_place_of_callers_and_what_finds_none_is_dropped_and_counted()
    {
        var tenant = await database.AddTenantAsync();
        using var metrics = new Heard(database.Meters);
        using var log = Log();
        foreach (var number in Enumerable.Range(0, RefusalLog.Capacity + 5))
            log.Note(new(RefusalKind.SignIn, "SignIn", "192.0.2.1", null, null, false, new(RefusalLeadKind.Email, $"{number}@example.org")));
        // Whoever tries id after id takes one place.
        foreach (var _ in Enumerable.Range(0, 3000))
            log.Note(new(RefusalKind.UnknownId, "GetMessage", "192.0.2.2", tenant, 1, false, new(RefusalLeadKind.Objects, $"{Guid.NewGuid()}")));

        await log.FlushAsync(_cancel);

        Assert.Equal(3000, (await LinesAsync(tenant)).Sum(line => line.Times));
        Assert.Equal((RefusalLog.Capacity + 3005, 5), (metrics["refusals_total"], metrics["refusals_dropped_total"]));
    }

    [Fact]
    public async Task A_sign_in_is_told_to_the_tenant_of_the_account_and_one_of_nobody_to_none()
    {
        var tenant = await database.AddTenantAsync();
        var address = $"{Guid.NewGuid():n}@example.org";
        await CoreDatabase.ExecuteAsync(
            database.Admin, $"insert into users (id, tenant_id, user_id, subject, email, role, password_hash) values (gen_random_uuid(), '{tenant}', 2, '2', '{address}', 'admin', 'hash')");
        using var log = Log();
        log.Note(Stranger(RefusalKind.SignIn, RefusalLeadKind.Email, address.ToUpperInvariant()));
        log.Note(Stranger(RefusalKind.SignIn, RefusalLeadKind.Email, $"nobody-{address}"));
        await log.FlushAsync(_cancel);

        var line = Assert.Single(await LinesAsync(tenant));
        Assert.Equal((RefusalKind.SignIn, 2, 1), (line.Kind, line.UserId, line.Times));
        Assert.Equal(["0"], await CoreDatabase.RowsAsync(database.Admin, "select count(*) from refusals where to_jsonb(refusals)::text like '%@%'"));
    }

    [Fact]
    public async Task A_void_key_a_challenge_and_a_forged_token_lead_to_their_tenant()
    {
        var tenant = await database.AddTenantAsync();
        await CoreDatabase.ExecuteAsync(
            database.Admin,
            $"""
             insert into api_keys (id, tenant_id, user_id, name, prefix, key_hash, scopes, created_by, revoked_at) values (gen_random_uuid(), '{tenant}', 1, 'k', 'int_', sha256('{tenant}'), array['read'], 1, now());
             insert into second_factors (id, tenant_id, user_id, secret_sealed, confirmed_at) values (gen_random_uuid(), '{tenant}', 1, 'x', now());
             insert into sign_in_challenges (token_hash, tenant_id, user_id, expires_at) values (sha256('{tenant}'), '{tenant}', 1, now() - interval '1 minute')
             """);
        var hash = (await CoreDatabase.RowsAsync(database.Admin, $"select encode(sha256('{tenant}'), 'hex')"))[0];
        using var log = Log();
        log.Note(Stranger(RefusalKind.Signature, RefusalLeadKind.Key, hash));
        log.Note(Stranger(RefusalKind.SignIn, RefusalLeadKind.Challenge, hash));
        log.Note(Stranger(RefusalKind.Signature, RefusalLeadKind.Tenant, tenant.ToString()));
        log.Note(Stranger(RefusalKind.Signature, RefusalLeadKind.Tenant, $"{Guid.NewGuid()}"));
        log.Note(Stranger(RefusalKind.Signature, RefusalLeadKind.Key, "00"));
        await log.FlushAsync(_cancel);

        Assert.Equal(
            [(RefusalKind.SignIn, (int?)1), (RefusalKind.Signature, null), (RefusalKind.Signature, 1)],
            (await LinesAsync(tenant)).Select(line => (line.Kind, line.UserId)).OrderBy(line => line.Kind).ThenBy(line => line.UserId));
    }

    [Fact]
    public async Task A_foreign_id_is_told_to_its_owner_without_who_asked_and_to_who_asked_as_any_unknown_one()
    {
        var (asking, owner) = (await database.AddTenantAsync(), await database.AddTenantAsync());
        var (foreign, own) = (await database.AddAccountAsync(owner), await database.AddAccountAsync(asking));
        using var log = Log();
        log.Note(Unknown($"{foreign}"));
        log.Note(Unknown($"{Guid.NewGuid()}"));
        log.Note(Unknown($"{own}"));
        await log.FlushAsync(_cancel);

        var asked = Assert.Single(await LinesAsync(asking));
        Assert.Equal((RefusalKind.UnknownId, 1, 3), (asked.Kind, asked.UserId, asked.Times));
        var owned = Assert.Single(await LinesAsync(owner));
        Assert.Equal((RefusalKind.ForeignId, null, null, "GetPersonalAccount", 1), (owned.Kind, owned.UserId, owned.Address, owned.Route, owned.Times));

        Refusal Unknown(string id) => new(RefusalKind.UnknownId, "GetPersonalAccount", "192.0.2.2", asking, 1, false, new(RefusalLeadKind.Objects, id));
    }

    [Fact]
    public async Task The_door_tells_how_many_ids_were_foreign_and_nothing_else_to_the_Api_alone()
    {
        const string Call =
            "select doors.note_refusals(array[now()], array['unknown_id'], array['r'], array[null::text], array['{0}'::uuid], array[1], array[false], array['objects'], array['{1}'], array[3::bigint])";
        var (asking, owner) = (await database.AddTenantAsync(), await database.AddTenantAsync());
        var account = await database.AddAccountAsync(owner);
        Assert.Equal(["3"], await CoreDatabase.RowsAsync(database.Api, string.Format(CultureInfo.InvariantCulture, Call, asking, account)));
        Assert.Equal(["0"], await CoreDatabase.RowsAsync(database.Api, string.Format(CultureInfo.InvariantCulture, Call, owner, account)));

        var refused = await Assert.ThrowsAsync<PostgresException>(
            () => CoreDatabase.RowsAsync(database.Worker, string.Format(CultureInfo.InvariantCulture, Call, asking, account)));
        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
        refused = await Assert.ThrowsAsync<PostgresException>(
            () => CoreDatabase.RowsAsync(database.Api, $"select doors.add_refusal('{owner}', now(), 'throttle', null, false, null, 'r', 1)"));
        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
    }

    [Fact]
    public async Task While_the_database_is_away_refusals_wait_and_are_written_when_it_is_back()
    {
        var tenant = await database.AddTenantAsync();
        using var metrics = new Heard(database.Meters);
        var address = new NpgsqlConnectionStringBuilder(database.Api.ConnectionString) { Password = CoreDatabase.ApiPassword };
        await using var relay = new TcpRelay("127.0.0.1", address.Port);
        address.Host = "127.0.0.1";
        address.Port = relay.Port;
        address.Pooling = false;
        relay.Mend();
        await using var source = NpgsqlDataSource.Create(address.ConnectionString);
        var clock = new TestClock();
        using var log = new RefusalLog(new TenantDatabase(source, database.SilentDoorbell), clock, database.Meters, NullLogger<RefusalLog>.Instance);
        await log.StartAsync(_cancel);
        await relay.CutAsync();
        log.Note(Throttled(tenant, "192.0.2.1"));
        await clock.WaitForTimerAsync(cancellationToken: _cancel);
        clock.Advance(TimeSpan.FromSeconds(5));
        await Eventually.IsAsync(() => metrics["refusals_write_failures_total"] == 1, () => "no pass has failed");

        relay.Mend();
        clock.Advance(TimeSpan.FromSeconds(5));
        await Eventually.IsAsync(async () => (await LinesAsync(tenant)).Count == 1, () => "nothing was written");
        await log.StopAsync(_cancel);
    }

    [Fact]
    public async Task What_waits_is_written_when_the_host_stops()
    {
        var tenant = await database.AddTenantAsync();
        var clock = new TestClock();
        using var log = new RefusalLog(database.ApiTenants, clock, database.Meters, NullLogger<RefusalLog>.Instance);
        await log.StartAsync(_cancel);
        await clock.WaitForTimerAsync(cancellationToken: _cancel);
        log.Note(Throttled(tenant, "192.0.2.1"));

        await log.StopAsync(_cancel);

        Assert.True(log.ExecuteTask!.IsCompletedSuccessfully);
        Assert.Single(await LinesAsync(tenant));
    }

    private RefusalLog Log() => new(database.ApiTenants, TimeProvider.System, database.Meters, NullLogger<RefusalLog>.Instance);

    private static Refusal Throttled(TenantId tenant, string address) => new(RefusalKind.Throttle, "Send", address, tenant, 1, false, RefusalLead.Nothing);

    private static Refusal Stranger(RefusalKind kind, RefusalLeadKind lead, string value) => new(kind, "SignIn", "192.0.2.1", null, null, false, new(lead, value));

    private Task<List<RefusalLine>> LinesAsync(TenantId tenant) =>
        new ReadRefusals(database.ApiTenants).ExecuteAsync(tenant, new(null, null, null, DateTimeOffset.MinValue, null), 5000, _cancel);

    /// <summary>What the counters of a test's database say.</summary>
    private sealed class Heard : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly Dictionary<string, long> _values = new(StringComparer.Ordinal);

        public Heard(IMeterFactory meters)
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (ReferenceEquals(instrument.Meter.Scope, meters) && instrument.Meter.Name == "Integrations.Refusals" && !instrument.IsObservable)
                    listener.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<long>((instrument, value, _, _) =>
            {
                lock (_values)
                    _values[instrument.Name] = _values.GetValueOrDefault(instrument.Name) + value;
            });
            _listener.Start();
        }

        public long this[string name]
        {
            get
            {
                lock (_values)
                    return _values.GetValueOrDefault(name);
            }
        }

        public void Dispose() => _listener.Dispose();
    }
}
