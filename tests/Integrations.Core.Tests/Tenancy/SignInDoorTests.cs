namespace Integrations.Core.Tests.Tenancy;

/// <summary>The doors that find out who is asking: each with what it must not do.</summary>
public sealed class SignInDoorTests(CoreDatabase database) : IClassFixture<CoreDatabase>
{
    [Fact]
    public async Task A_session_resolves_while_it_lasts_and_its_user_is_active()
    {
        var tenant = await database.AddTenantAsync();
        await CoreDatabase.ExecuteAsync(
            database.Admin,
            $"insert into console_sessions (token_hash, tenant_id, user_id, expires_at) values ('\\xaa01', '{tenant}', 1, 'infinity'), ('\\xaa02', '{tenant}', 1, now() - interval '1 second')");

        Assert.Equal([$"{tenant} 1 owner"], await RowsAsync("select tenant_id, user_id, role from doors.resolve_session('\\xaa01', '1 hour')"));
        Assert.Empty(await RowsAsync("select * from doors.resolve_session('\\xaa02', '1 hour')"));
        Assert.Empty(await RowsAsync("select * from doors.resolve_session('\\xaa', '1 hour')"));

        await CoreDatabase.ExecuteAsync(database.Admin, $"update users set is_active = false where tenant_id = '{tenant}'");
        Assert.Empty(await RowsAsync("select * from doors.resolve_session('\\xaa01', '1 hour')"));
    }

    [Fact]
    public async Task A_session_in_use_lasts_longer_and_its_row_is_not_written_at_each_request()
    {
        var tenant = await database.AddTenantAsync();
        await CoreDatabase.ExecuteAsync(
            database.Admin,
            $"""
             insert into console_sessions (token_hash, tenant_id, user_id, expires_at, last_seen_at) values
               ('\xbb01', '{tenant}', 1, now() + interval '1 minute', now() - interval '5 minutes'),
               ('\xbb02', '{tenant}', 1, now() + interval '1 minute', now())
             """);

        await RowsAsync("select * from doors.resolve_session('\\xbb01', '1 hour')");
        await RowsAsync("select * from doors.resolve_session('\\xbb02', '1 hour')");

        Assert.Equal(
            ["True", "False"],
            await CoreDatabase.RowsAsync(database.Admin, "select expires_at > now() + interval '30 minutes' from console_sessions where token_hash in ('\\xbb01', '\\xbb02') order by token_hash"));
    }

    [Fact]
    public async Task Only_an_active_person_with_a_password_is_found_for_a_sign_in_and_patterns_find_nobody()
    {
        var tenant = await database.AddTenantAsync();
        await CoreDatabase.ExecuteAsync(
            database.Admin,
            $"""
             insert into users (id, tenant_id, user_id, subject, email, role, password_hash, is_active) values
               (gen_random_uuid(), '{tenant}', 2, '2', 'Somebody@example.org', 'admin', 'hash', true),
               (gen_random_uuid(), '{tenant}', 3, '3', 'elsewhere@example.org', 'admin', null, true),
               (gen_random_uuid(), '{tenant}', 4, '4', 'left@example.org', 'admin', 'hash', false)
             """);

        Assert.Equal([$"{tenant} 2 hash"], await RowsAsync("select tenant_id, user_id, password_hash from doors.find_sign_in('somebody@EXAMPLE.org')"));
        foreach (var address in new[] { "elsewhere@example.org", "left@example.org", "%", "%@example.org" })
            Assert.Empty(await RowsAsync($"select * from doors.find_sign_in('{address}')"));
    }

    [Fact]
    public async Task A_tenant_is_told_only_as_yes_or_no()
    {
        var tenant = await database.AddTenantAsync();

        Assert.Equal(["True False"], await RowsAsync($"select doors.tenant_exists('{tenant}'), doors.tenant_exists(gen_random_uuid())"));
    }

    private Task<string[]> RowsAsync(string sql) => CoreDatabase.RowsAsync(database.Api, sql);
}

/// <summary>The doors of the first owner, on a database of their own: they ask whether there is an owner at all.</summary>
public sealed class OwnerLinkDoorTests(Testing.Servers servers) : IAsyncLifetime
{
    private readonly CoreDatabase _database = new(servers);

    public ValueTask InitializeAsync() => _database.InitializeAsync();

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Fact]
    public async Task A_link_makes_one_owner_once_and_none_after_that()
    {
        Assert.Equal(["False True"], await RowsAsync("select doors.has_owner(), doors.issue_owner_link('\\x01', '15 minutes')"));
        Assert.Equal(["-"], await UseAsync("\\x02"));

        var tenant = Assert.Single(await UseAsync("\\x01"));
        Assert.NotEqual("-", tenant);
        Assert.Equal(["-"], await UseAsync("\\x01"));
        Assert.Equal(["True False"], await RowsAsync("select doors.has_owner(), doors.issue_owner_link('\\x03', '15 minutes')"));
        Assert.Equal([$"{tenant} 2000000001 owner"], await CoreDatabase.RowsAsync(_database.Admin, "select tenant_id, user_id, role from users"));
    }

    [Fact]
    public async Task A_newer_link_replaces_the_older_one()
    {
        await RowsAsync("select doors.issue_owner_link('\\x01', '15 minutes')");
        await RowsAsync("select doors.issue_owner_link('\\x02', '15 minutes')");

        Assert.Equal(["-"], await UseAsync("\\x01"));
        Assert.NotEqual(["-"], await UseAsync("\\x02"));
    }

    [Fact]
    public async Task A_lapsed_link_makes_nobody()
    {
        await RowsAsync("select doors.issue_owner_link('\\x01', '-1 second')");

        Assert.Equal(["-"], await UseAsync("\\x01"));
        Assert.Equal(["0 0"], await CoreDatabase.RowsAsync(_database.Admin, "select (select count(*) from users), (select count(*) from tenants)"));
    }

    [Fact]
    public async Task Two_who_use_one_link_at_once_make_one_owner()
    {
        await RowsAsync("select doors.issue_owner_link('\\x01', '15 minutes')");

        var results = await Task.WhenAll(UseAsync("\\x01"), UseAsync("\\x01"), UseAsync("\\x01"));

        Assert.Single(results, result => result[0] != "-");
        Assert.Equal(["1"], await CoreDatabase.RowsAsync(_database.Admin, "select count(*) from tenants"));
    }

    private Task<string[]> UseAsync(string hash) =>
        RowsAsync($"select doors.use_owner_link('{hash}', gen_random_uuid(), gen_random_uuid(), 'owner@example.org', 'Owner', 'hash')");

    private Task<string[]> RowsAsync(string sql) => CoreDatabase.RowsAsync(_database.Api, sql);
}
