using Integrations.Core.Secrets;
using Integrations.Core.Secrets.Rotation;

namespace Integrations.Core.Tests.Secrets.Rotation;

public sealed class SecretRotationTests(CoreDatabase database) : RotationTest(database), IClassFixture<CoreDatabase>
{
    private static readonly TimeSpan Week = TimeSpan.FromDays(7);

    [Fact]
    public async Task After_seven_days_everything_is_sealed_anew_under_a_new_key()
    {
        var (secrets, rotation) = AProcess();
        var tenant = await Database.AddTenantAsync();
        SecretAddress[] sessions = [await ASessionAsync(secrets, tenant), await ASessionAsync(secrets, tenant)];
        var input = await ALoginAsync(secrets, sessions[0]);
        Clock.Advance(Week - TimeSpan.FromSeconds(1));
        Assert.Equal((0, 0), await RunAsync(rotation));

        Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal((1, 5), await RunAsync(rotation));

        Assert.Equal(["1 local", "2 local"], await KeysAsync(tenant));
        var (other, _) = AProcess();
        foreach (var address in sessions)
        {
            Assert.Equal(2, await VersionAsync(address));
            Assert.True(await OpensAsync(other, address));
        }

        Assert.Equal(Clear, await other.UnprotectAsync(input, await CoreDatabase.ScalarAsync<byte[]>(Database.Admin, $"select sealed from telegram_login_inputs where login_id = '{input.Row}'"), Cancel));
        Assert.Equal((0, 0), await RunAsync(rotation));
    }

    /// <summary>More than a batch, and stopped while it writes one.</summary>
    [Fact]
    public async Task Killed_midway_it_leaves_everything_open_and_another_goes_on()
    {
        var (secrets, rotation) = AProcess();
        var tenant = await Database.AddTenantAsync();
        List<SecretAddress> sessions = [];
        for (var i = 0; i < 130; i++)
            sessions.Add(await ASessionAsync(secrets, tenant));
        Clock.Advance(Week);

        using var kill = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        await using (var connection = await Database.Admin.OpenConnectionAsync(Cancel))
        await using (var transaction = await connection.BeginTransactionAsync(Cancel))
        {
            await using var hold = new Npgsql.NpgsqlCommand($"select 1 from telegram_accounts where id = '{sessions[110].Row}' for update", connection, transaction);
            await hold.ExecuteNonQueryAsync(Cancel);
            var run = rotation.RunAsync(force: false, kill.Token);
            await Eventually.IsAsync(
                async () => await CoreDatabase.ScalarAsync<long>(
                    Database.Admin, "select count(*) from pg_stat_activity where datname = current_database() and usename = 'integrations_worker' and wait_event_type = 'Lock'") > 0,
                () => "nobody waits for the row");
            await kill.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        }

        Assert.Equal((2, 1), (await VersionAsync(sessions[0]), await VersionAsync(sessions[110])));
        var (others, other) = AProcess();
        foreach (var address in sessions)
            Assert.True(await OpensAsync(others, address));

        Assert.Equal((0, 30), await RunAsync(other));
        foreach (var address in sessions)
        {
            Assert.Equal(2, await VersionAsync(address));
            Assert.True(await OpensAsync(others, address));
        }
    }

    [Fact]
    public async Task What_the_owner_writes_meanwhile_stays()
    {
        var (secrets, rotation) = AProcess();
        var tenant = await Database.AddTenantAsync();
        var address = await ASessionAsync(secrets, tenant);
        var newer = await secrets.ProtectAsync(address, "newer"u8.ToArray(), Cancel);
        Clock.Advance(Week);

        await using (var connection = await Database.Admin.OpenConnectionAsync(Cancel))
        await using (var transaction = await connection.BeginTransactionAsync(Cancel))
        {
            await using var write = new Npgsql.NpgsqlCommand("update telegram_accounts set session_payload = $1 where id = $2", connection, transaction)
            {
                Parameters = { new() { Value = newer }, new() { Value = address.Row } },
            };
            await write.ExecuteNonQueryAsync(Cancel);
            var run = RunAsync(rotation);
            await Eventually.IsAsync(
                async () => await CoreDatabase.ScalarAsync<long>(
                    Database.Admin, "select count(*) from pg_stat_activity where datname = current_database() and usename = 'integrations_worker' and wait_event_type = 'Lock'") > 0,
                () => "nobody waits for the row");
            await transaction.CommitAsync(Cancel);
            Assert.Equal((1, 0), await run);
        }

        Assert.Equal(newer, await StoredAsync(address));
        Assert.Equal((0, 1), await RunAsync(rotation));
        Assert.Equal("newer"u8.ToArray(), await secrets.UnprotectAsync(address, await StoredAsync(address), Cancel));
    }

    [Fact]
    public async Task An_old_key_is_forgotten_when_no_backup_needs_it_and_nothing_lies_under_it()
    {
        var (secrets, rotation) = AProcess();
        var tenant = await Database.AddTenantAsync();
        var address = await ASessionAsync(secrets, tenant);
        var old = await StoredAsync(address);
        Clock.Advance(Week);
        await RunAsync(rotation);

        Clock.Advance(Options.KeepKeysFor - TimeSpan.FromSeconds(1));
        await RunAsync(rotation);
        Assert.Equal(["1 local", "2 local", "3 local"], await KeysAsync(tenant));

        // Somebody has restored a row of long ago: it is sealed anew before its key goes.
        Clock.Advance(TimeSpan.FromSeconds(2));
        await PutAsync(address, old);
        Assert.Equal((0, 1), await RunAsync(rotation));
        Assert.Equal(["2 local", "3 local"], await KeysAsync(tenant));
        Assert.True(await OpensAsync(AProcess().Secrets, address));
    }

    [Fact]
    public async Task A_secret_that_does_not_open_keeps_its_key_and_holds_up_nothing()
    {
        var (secrets, rotation) = AProcess();
        var tenant = await Database.AddTenantAsync();
        SecretAddress[] sessions = [await ASessionAsync(secrets, tenant), await ASessionAsync(secrets, tenant)];
        await PutAsync(sessions[0], await StoredAsync(sessions[1]));
        Clock.Advance(Week);
        await RunAsync(rotation);
        Clock.Advance(Options.KeepKeysFor + Week);

        var report = await rotation.RunAsync(force: false, Cancel);

        Assert.Equal((1, 0), (report.Left, report.Trimmed));
        Assert.Equal((1, 3), (await VersionAsync(sessions[0]), await VersionAsync(sessions[1])));
        Assert.Equal("1 local", (await KeysAsync(tenant))[0]);
    }

    [Fact]
    public async Task An_erased_tenant_does_not_hold_up_the_others()
    {
        var (secrets, rotation) = AProcess();
        var (erased, other) = (await Database.AddTenantAsync(), await Database.AddTenantAsync());
        await ASessionAsync(secrets, erased);
        var address = await ASessionAsync(secrets, other);
        await secrets.DestroyTenantAsync(erased, Cancel);
        Clock.Advance(Week);

        var report = await rotation.RunAsync(force: false, Cancel);

        Assert.Equal((2, 1, 1, 1), (report.Tenants, report.Unavailable, report.Made, report.Resealed));
        Assert.Equal(2, await VersionAsync(address));
    }

    /// <summary>A column that rotation does not know would lie under keys that are forgotten one day.</summary>
    [Fact]
    public async Task Every_column_that_may_hold_a_ciphertext_is_known()
    {
        var columns = await CoreDatabase.RowsAsync(
            Database.Admin,
            """
            select c.table_name, c.column_name
              from information_schema.columns c
              join information_schema.columns t on t.table_schema = c.table_schema and t.table_name = c.table_name and t.column_name = 'tenant_id'
             where c.table_schema = 'public' and c.data_type = 'bytea'
               and c.column_name !~ '(hash|fingerprint|commitment|salt|signature|digest|sha256)$' and c.table_name not in ('data_keys', 'media_parts')
             order by 1, 2
            """);

        Assert.Equal(SealedColumns.All.Select(column => $"{column.Table} {column.Column}").Order(StringComparer.Ordinal), columns.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_door_to_the_holders_of_keys_is_the_workers_and_shows_no_key()
    {
        var (secrets, _) = AProcess();
        var tenant = await Database.AddTenantAsync();
        await ASessionAsync(secrets, tenant);

        Assert.StartsWith($"{tenant} 1 ", Assert.Single(await CoreDatabase.RowsAsync(Database.Worker, "select * from doors.data_key_holders()")), StringComparison.Ordinal);
        var refused = await Assert.ThrowsAsync<Npgsql.PostgresException>(() => CoreDatabase.RowsAsync(Database.Api, "select * from doors.data_key_holders()"));
        Assert.Equal(Npgsql.PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
        Assert.Empty(await CoreDatabase.RowsAsync(Database.Worker, "select * from data_keys"));
    }

    private async Task<(int Made, int Resealed)> RunAsync(SecretRotation rotation)
    {
        var report = await rotation.RunAsync(force: false, Cancel);
        return (report.Made, report.Resealed);
    }

    /// <summary>A login with everything that is sealed in one.</summary>
    /// <returns>The address of what was typed.</returns>
    private async Task<SecretAddress> ALoginAsync(EnvelopeProtector secrets, SecretAddress session)
    {
        await CoreDatabase.ExecuteAsync(
            Database.Admin,
            $"""
             insert into telegram_logins (id, tenant_id, method, expires_at) values ('{session.Row}', '{session.Tenant}', 'qr', 'infinity');
             insert into telegram_login_inputs (id, tenant_id, login_id, kind, expires_at) values ('{CoreDatabase.NewId()}', '{session.Tenant}', '{session.Row}', 'code', 'infinity');
             """);
        foreach (var column in (string[])["qr_url_sealed", "resume_sealed"])
        {
            var address = new SecretAddress(session.Tenant, "telegram_logins", column, session.Row);
            await PutAsync(address, await secrets.ProtectAsync(address, Clear, Cancel));
        }

        var input = new SecretAddress(session.Tenant, "telegram_login_inputs", "sealed", session.Row);
        await using var command = Database.Admin.CreateCommand("update telegram_login_inputs set sealed = $1 where login_id = $2");
        command.Parameters.Add(new() { Value = await secrets.ProtectAsync(input, Clear, Cancel) });
        command.Parameters.Add(new() { Value = session.Row });
        await command.ExecuteNonQueryAsync(Cancel);
        return input;
    }
}
