using Integrations.Core.Errors;
using Integrations.Core.People;

namespace Integrations.Core.Tests.Tenancy;

/// <summary>The doors of keys and invitations: each with what it must not do.</summary>
public sealed class PeopleDoorTests(CoreDatabase database) : IClassFixture<CoreDatabase>
{
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_key_resolves_while_it_is_good_and_its_user_is_active()
    {
        var tenant = await database.AddTenantAsync();
        await AdminAsync(
            $"""
             insert into api_keys (id, tenant_id, user_id, name, prefix, key_hash, scopes, created_by, expires_at, revoked_at) values
               (gen_random_uuid(), '{tenant}', 1, 'good', 'int_', '\xa1', array['read', 'send'], 1, null, null),
               (gen_random_uuid(), '{tenant}', 1, 'lapsed', 'int_', '\xa2', array['read'], 1, now() - interval '1 second', null),
               (gen_random_uuid(), '{tenant}', 1, 'revoked', 'int_', '\xa3', array['read'], 1, null, now())
             """);

        Assert.Equal([$"{tenant} 1 owner"], await RowsAsync("select tenant_id, user_id, role from doors.resolve_api_key('\\xa1') where scopes = array['read', 'send']"));
        foreach (var hash in new[] { "\\xa2", "\\xa3", "\\xa4", "\\x" })
            Assert.Empty(await RowsAsync($"select * from doors.resolve_api_key('{hash}')"));

        await AdminAsync($"update users set is_active = false where tenant_id = '{tenant}'");
        Assert.Empty(await RowsAsync("select * from doors.resolve_api_key('\\xa1')"));
    }

    [Fact]
    public async Task A_key_notes_its_use_at_most_once_a_minute_and_a_void_one_never()
    {
        var tenant = await database.AddTenantAsync();
        await AdminAsync(
            $"""
             insert into api_keys (id, tenant_id, user_id, name, prefix, key_hash, scopes, created_by, last_used_at, revoked_at) values
               (gen_random_uuid(), '{tenant}', 1, 'new', 'int_', '\xb1', array['read'], 1, null, null),
               (gen_random_uuid(), '{tenant}', 1, 'just now', 'int_', '\xb2', array['read'], 1, now() - interval '30 seconds', null),
               (gen_random_uuid(), '{tenant}', 1, 'before', 'int_', '\xb3', array['read'], 1, now() - interval '2 minutes', null),
               (gen_random_uuid(), '{tenant}', 1, 'void', 'int_', '\xb4', array['read'], 1, null, now())
             """);

        foreach (var hash in new[] { "\\xb1", "\\xb2", "\\xb3", "\\xb4" })
            await RowsAsync($"select * from doors.resolve_api_key('{hash}')");

        Assert.Equal(
            ["True", "False", "True", "-"],
            await CoreDatabase.RowsAsync(database.Admin, $"select last_used_at > now() - interval '20 seconds' from api_keys where tenant_id = '{tenant}' order by key_hash"));
        Assert.Equal(["True"], await CoreDatabase.RowsAsync(database.Admin, $"select last_seen_at > now() - interval '20 seconds' from users where tenant_id = '{tenant}'"));
    }

    [Fact]
    public async Task An_invitation_tells_its_tenant_only_while_it_waits()
    {
        var tenant = await database.AddTenantAsync();
        await AdminAsync(
            $"""
             insert into invitations (id, tenant_id, email, role, token_hash, invited_by, expires_at, accepted_at, revoked_at) values
               (gen_random_uuid(), '{tenant}', 'waits@example.org', 'viewer', '\xc1', 1, now() + interval '1 day', null, null),
               (gen_random_uuid(), '{tenant}', 'lapsed@example.org', 'viewer', '\xc2', 1, now() - interval '1 second', null, null),
               (gen_random_uuid(), '{tenant}', 'used@example.org', 'viewer', '\xc3', 1, now() + interval '1 day', now(), null),
               (gen_random_uuid(), '{tenant}', 'revoked@example.org', 'viewer', '\xc4', 1, now() + interval '1 day', null, now())
             """);

        Assert.Equal([$"{tenant} - - - -"], await RowsAsync(
            "select doors.invitation_tenant('\\xc1'), doors.invitation_tenant('\\xc2'), doors.invitation_tenant('\\xc3'), doors.invitation_tenant('\\xc4'), doors.invitation_tenant('\\xc5')"));
    }

    [Fact]
    public async Task A_challenge_tells_its_tenant_only_until_it_lapses_and_tells_nothing_else()
    {
        var tenant = await database.AddTenantAsync();
        await AdminAsync(
            $"""
             insert into second_factors (id, tenant_id, user_id, secret_sealed) values (gen_random_uuid(), '{tenant}', 1, 'x');
             insert into sign_in_challenges (token_hash, tenant_id, user_id, expires_at) values
               ('\xf1', '{tenant}', 1, now() + interval '1 minute'), ('\xf2', '{tenant}', 1, now() - interval '1 second')
             """);

        Assert.Equal([$"{tenant} - - -"], await RowsAsync(
            "select doors.challenge_tenant('\\xf1'), doors.challenge_tenant('\\xf2'), doors.challenge_tenant('\\xf3'), doors.challenge_tenant('')"));
        Assert.Empty(await RowsAsync("select * from sign_in_challenges"));
    }

    [Fact]
    public async Task Whether_an_address_signs_in_is_told_as_yes_or_no_and_patterns_find_nobody()
    {
        var tenant = await database.AddTenantAsync();
        await AdminAsync(
            $"""
             insert into users (id, tenant_id, user_id, subject, email, role, password_hash, is_active) values
               (gen_random_uuid(), '{tenant}', 2, '2', 'Here@example.org', 'admin', 'hash', true),
               (gen_random_uuid(), '{tenant}', 3, '3', 'off@example.org', 'admin', 'hash', false),
               (gen_random_uuid(), '{tenant}', 4, '4', 'token@example.org', 'admin', null, true)
             """);

        Assert.Equal(["True True False False False"], await RowsAsync(
            "select doors.signs_in('here@EXAMPLE.org'), doors.signs_in('off@example.org'), doors.signs_in('token@example.org'), doors.signs_in('%'), doors.signs_in('')"));
    }

    [Fact]
    public async Task Of_ten_who_use_one_invitation_at_once_exactly_one_becomes_a_user()
    {
        var tenant = await database.AddTenantAsync();
        await AdminAsync(
            $"""
             insert into invitations (id, tenant_id, email, role, token_hash, invited_by, expires_at)
             values (gen_random_uuid(), '{tenant}', 'contested@example.org', 'operator', '\xd1', 1, now() + interval '1 day')
             """);
        var accept = new AcceptInvitation(database.ApiTenants, TimeProvider.System);

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 10).Select(async _ =>
        {
            try
            {
                return (await accept.ExecuteAsync([0xd1], "Somebody", () => Task.FromResult("hash"), _cancel)).UserId.ToString(System.Globalization.CultureInfo.InvariantCulture);
            }
            catch (IntegrationException e)
            {
                return e.Code;
            }
        }));

        Assert.Equal("2000000001", Assert.Single(outcomes, outcome => outcome != ErrorCodes.InvitationInvalid));
    }

    [Fact]
    public async Task Users_who_come_in_at_once_get_numbers_of_their_own()
    {
        var tenant = await database.AddTenantAsync();
        for (var i = 0; i < 8; i++)
        {
            await AdminAsync(
                $"""
                 insert into invitations (id, tenant_id, email, role, token_hash, invited_by, expires_at)
                 values (gen_random_uuid(), '{tenant}', 'guest{i}.of.{tenant}@example.org', 'viewer', '\xe{i}', 1, now() + interval '1 day')
                 """);
        }

        var accept = new AcceptInvitation(database.ApiTenants, TimeProvider.System);
        var users = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => accept.ExecuteAsync([(byte)(0xe0 + i)], null, () => Task.FromResult("hash"), _cancel)));

        Assert.Equal(Enumerable.Range(2_000_000_001, 8), users.Select(user => user.UserId).Order());
    }

    [Theory]
    [InlineData("update users set is_active = false where tenant_id = '{0}' and user_id = 1")]
    [InlineData("update users set role = 'operator' where tenant_id = '{0}' and user_id = 1")]
    [InlineData("update users set role = 'admin' where tenant_id = '{0}' and user_id = 1")]
    public async Task An_invitation_whose_sender_may_not_invite_like_this_any_more_is_void(string change)
    {
        var tenant = await database.AddTenantAsync();
        var hash = CoreDatabase.NewId().ToByteArray();
        await AdminAsync(
            $"""
             insert into invitations (id, tenant_id, email, role, token_hash, invited_by, expires_at)
             values (gen_random_uuid(), '{tenant}', 'back.door@example.org', 'owner', '\x{Convert.ToHexString(hash)}', 1, now() + interval '1 day')
             """);
        await AdminAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, change, tenant));

        var refused = await Assert.ThrowsAsync<IntegrationException>(() =>
            new AcceptInvitation(database.ApiTenants, TimeProvider.System).ExecuteAsync(hash, null, () => Task.FromResult("hash"), _cancel));

        Assert.Equal(ErrorCodes.InvitationInvalid, refused.Code);
    }

    private Task AdminAsync(string sql) => CoreDatabase.ExecuteAsync(database.Admin, sql);

    private Task<string[]> RowsAsync(string sql) => CoreDatabase.RowsAsync(database.Api, sql);
}
