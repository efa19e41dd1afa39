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

    private Task<string[]> RowsAsync(string sql) => CoreDatabase.RowsAsync(database.Worker, sql);

    private Task<string[]> AdminRowsAsync(string sql) => CoreDatabase.RowsAsync(database.Admin, sql);
}
