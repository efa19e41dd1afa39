namespace Integrations.Core.Tests.Persistence;

/// <summary>The doors that remove what has expired: each with what it must not remove.</summary>
public sealed class ForgetDoorTests(CoreDatabase database) : IClassFixture<CoreDatabase>
{
    [Fact]
    public async Task Expired_idempotency_keys_go_a_limited_number_at_a_time()
    {
        var tenant = await database.AddTenantAsync();
        await CoreDatabase.ExecuteAsync(
            database.Admin,
            $"""
             insert into idempotency_keys (tenant_id, user_id, route, key, body_hash, expires_at) values
               ('{tenant}', 1, 'r', 'old', '\x00', now() - interval '2 seconds'), ('{tenant}', 1, 'r', 'older', '\x00', now() - interval '3 seconds'),
               ('{tenant}', 1, 'r', 'kept', '\x00', now() + interval '1 hour')
             """);

        Assert.Equal(["1"], await RowsAsync("select doors.forget_idempotency_keys(1)"));
        Assert.Equal(["kept", "old"], await AdminRowsAsync("select key from idempotency_keys order by key"));
        Assert.Equal(["1"], await RowsAsync("select doors.forget_idempotency_keys(100)"));
        Assert.Equal(["kept"], await AdminRowsAsync("select key from idempotency_keys"));
    }

    [Fact]
    public async Task Expired_login_inputs_go_and_open_ones_stay()
    {
        var tenant = await database.AddTenantAsync();
        var account = await database.AddAccountAsync(tenant, status: "pending");
        await CoreDatabase.ExecuteAsync(
            database.Admin,
            $"""
             insert into telegram_logins (id, tenant_id, method, expires_at) values ('{account}', '{tenant}', 'qr', now());
             insert into telegram_login_inputs (id, tenant_id, login_id, kind, sealed, expires_at) values
               (gen_random_uuid(), '{tenant}', '{account}', 'code', '\x01', now() - interval '1 second'),
               (gen_random_uuid(), '{tenant}', '{account}', 'password', '\x02', now() + interval '1 minute')
             """);

        Assert.Equal(["1"], await RowsAsync("select doors.forget_login_inputs(100)"));
        Assert.Equal(["password"], await AdminRowsAsync("select kind from telegram_login_inputs"));
    }

    [Fact]
    public async Task Expired_sessions_go_and_open_ones_stay()
    {
        var tenant = await database.AddTenantAsync();
        await CoreDatabase.ExecuteAsync(
            database.Admin,
            $"insert into console_sessions (token_hash, tenant_id, user_id, expires_at) values ('\\x01', '{tenant}', 1, now() - interval '1 second'), ('\\x02', '{tenant}', 1, 'infinity')");

        Assert.Equal(["1"], await RowsAsync("select doors.forget_sessions(100)"));
        Assert.Equal(["1"], await AdminRowsAsync("select count(*) from console_sessions"));
    }

    [Fact]
    public async Task Old_notices_of_what_is_over_go_and_others_stay()
    {
        var tenant = await database.AddTenantAsync();
        var account = await database.AddAccountAsync(tenant);
        await CoreDatabase.ExecuteAsync(
            database.Admin,
            $"""
             insert into notices (id, tenant_id, user_id, account_id, topic, kind, since, told_at, resolved_at) values
               (gen_random_uuid(), '{tenant}', 1, '{account}', 'connection', 'account_back', now(), now() - interval '91 days', now()),
               (gen_random_uuid(), '{tenant}', 1, '{account}', 'flood', 'flood_wait', now(), now() - interval '91 days', null),
               (gen_random_uuid(), '{tenant}', 1, '{account}', 'message', 'message_failed', now(), now() - interval '1 day', now())
             """);

        Assert.Equal(["1"], await RowsAsync("select doors.forget_notices(now() - interval '90 days')"));
        Assert.Equal(["flood_wait", "message_failed"], await AdminRowsAsync("select kind from notices order by kind"));
    }

    [Fact]
    public async Task Old_refusals_go_a_limited_number_at_a_time_and_young_ones_stay()
    {
        var tenant = await database.AddTenantAsync();
        await CoreDatabase.ExecuteAsync(
            database.Admin,
            $"""
             insert into refusals (tenant_id, minute, kind, by_key, route, times) values
               ('{tenant}', now() - interval '31 days', 'sign_in', false, 'old', 1), ('{tenant}', now() - interval '32 days', 'sign_in', false, 'older', 1),
               ('{tenant}', now() - interval '29 days', 'sign_in', false, 'young', 1);
             insert into refusal_days (tenant_id, day, kind, times) values ('{tenant}', current_date - 32, 'sign_in', 2), ('{tenant}', current_date - 29, 'sign_in', 1)
             """);

        Assert.Equal(["1"], await RowsAsync("select doors.forget_refusals(now() - interval '30 days', 1)"));
        Assert.Equal(["1"], await RowsAsync("select doors.forget_refusals(now() - interval '30 days', 100)"));
        Assert.Equal(["young"], await AdminRowsAsync("select route from refusals"));
        Assert.Equal(["1"], await AdminRowsAsync("select times from refusal_days"));
    }

    private Task<string[]> RowsAsync(string sql) => CoreDatabase.RowsAsync(database.Worker, sql);

    private Task<string[]> AdminRowsAsync(string sql) => CoreDatabase.RowsAsync(database.Admin, sql);
}
