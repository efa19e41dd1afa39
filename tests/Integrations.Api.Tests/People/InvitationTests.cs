using Integrations.Api.Tests.Host;

namespace Integrations.Api.Tests.People;

[Collection(ApiCollection.Name)]
public sealed class InvitationTests(ApiHost host)
{
    [Fact]
    public async Task An_invited_person_comes_into_the_tenant_and_its_projects_and_is_signed_in()
    {
        using var owner = host.Owner();
        var project = (await owner.PostAsync("/api/v1/projects", new { name = $"Joined {Guid.CreateVersion7()}" })).Expect(201).Text("id");
        var email = Newcomers.Address();
        var invited = (await Newcomers.InviteAsync(owner, email, "operator", project)).Expect(201);
        Assert.StartsWith("inv_", invited.Text("token"), StringComparison.Ordinal);
        Assert.Contains((await owner.GetAsync("/api/v1/invitations")).Body!.AsArray(), waiting => waiting!["email"]!.ToString() == email);
        Assert.DoesNotContain(invited.Text("token"), (await owner.GetAsync("/api/v1/invitations")).Raw, StringComparison.Ordinal);

        var joined = (await Newcomers.AcceptAsync(host, invited.Text("token"), name: "Nina")).Expect(200);

        Assert.Equal((email, "Nina", "operator", host.Tenant.ToString()), (joined.Text("user.email"), joined.Text("user.display_name"), joined.Text("user.role"), joined.Text("user.tenant_id")));
        Assert.True(joined["user.user_id"]!.GetValue<int>() > 2_000_000_001);
        using var nina = new TestClient(host.Address, joined.Text("session_token"));
        (await nina.GetAsync("/api/v1/auth/me")).Expect(200);
        Assert.Contains((await owner.GetAsync($"/api/v1/projects/{project}/members")).Expect(200).Body!.AsArray(), member => member!["email"]!.ToString() == email);
        Assert.DoesNotContain((await owner.GetAsync("/api/v1/invitations")).Body!.AsArray(), waiting => waiting!["email"]!.ToString() == email);
        using var anonymous = host.Anonymous();
        (await anonymous.PostAsync("/api/v1/auth/sign-in", new { email = email.ToUpperInvariant(), password = Newcomers.Password })).Expect(200);
        (await Newcomers.AcceptAsync(host, invited.Text("token"))).Expect(410, "INVITATION_INVALID");
    }

    [Fact]
    public async Task Of_two_who_use_one_link_at_once_exactly_one_gets_in()
    {
        using var owner = host.Owner();
        var token = (await Newcomers.InviteAsync(owner, Newcomers.Address())).Expect(201).Text("token");

        var answers = await Task.WhenAll(Newcomers.AcceptAsync(host, token, "first password, long"), Newcomers.AcceptAsync(host, token, "second password, long"));

        Assert.Equal([200, 410], answers.Select(answer => answer.Status).Order());
    }

    [Fact]
    public async Task A_revoked_a_lapsed_and_a_replaced_link_let_nobody_in()
    {
        using var owner = host.Owner();
        var revoked = (await Newcomers.InviteAsync(owner, Newcomers.Address())).Expect(201);
        (await owner.DeleteAsync($"/api/v1/invitations/{revoked.Text("invitation.id")}")).Expect(204);
        (await owner.DeleteAsync($"/api/v1/invitations/{revoked.Text("invitation.id")}")).Expect(404, "NOT_FOUND");
        (await owner.PostAsync($"/api/v1/invitations/{revoked.Text("invitation.id")}/resend")).Expect(404, "NOT_FOUND");

        var lapsed = (await Newcomers.InviteAsync(owner, Newcomers.Address())).Expect(201);
        await host.ExecuteAsync("update invitations set expires_at = now() - interval '1 second' where id = $1", lapsed.Id("invitation.id"));
        (await Newcomers.AcceptAsync(host, lapsed.Text("token"))).Expect(410, "INVITATION_INVALID");

        var again = (await owner.PostAsync($"/api/v1/invitations/{lapsed.Text("invitation.id")}/resend")).Expect(200);
        Assert.NotEqual(lapsed.Text("token"), again.Text("token"));
        foreach (var token in new[] { revoked.Text("token"), lapsed.Text("token"), "inv_" + new string('A', 43), "nonsense", again.Text("token")[4..] })
            (await Newcomers.AcceptAsync(host, token)).Expect(410, "INVITATION_INVALID");
        (await Newcomers.AcceptAsync(host, again.Text("token"))).Expect(200);
    }

    [Fact]
    public async Task An_address_that_signs_in_is_not_invited_and_one_that_has_come_meanwhile_is_told_so()
    {
        using var owner = host.Owner();
        (await Newcomers.InviteAsync(owner, "First.OWNER@example.org")).Expect(409, "EMAIL_TAKEN");
        var email = Newcomers.Address();
        var invited = (await Newcomers.InviteAsync(owner, email)).Expect(201);
        (await Newcomers.InviteAsync(owner, email.ToUpperInvariant())).Expect(409, "CONFLICT");

        var elsewhere = await host.AddTenantAsync();
        await host.ExecuteAsync(
            "insert into users (id, tenant_id, user_id, subject, email, role, password_hash) values ($1, $2, 2000000001, 'console:2000000001', $3, 'owner', 'hash')",
            Guid.CreateVersion7(), elsewhere, email);
        (await Newcomers.AcceptAsync(host, invited.Text("token"))).Expect(409, "EMAIL_TAKEN");
    }

    [Fact]
    public async Task Nobody_invites_above_his_own_role_or_into_a_project_that_is_not_there()
    {
        using var administrator = host.User(2201, "admin");
        using var foreign = host.User(2201, "admin", await host.AddTenantAsync());
        var project = (await foreign.PostAsync("/api/v1/projects", new { name = "Theirs" })).Expect(201).Text("id");

        (await Newcomers.InviteAsync(administrator, Newcomers.Address(), "owner")).Expect(403, "ROLE_TOO_HIGH");
        (await Newcomers.InviteAsync(administrator, Newcomers.Address(), "operator", project)).Expect(404, "NOT_FOUND");
        Assert.Equal(["email", "role"], (await administrator.PostAsync("/api/v1/invitations", new { email = "no address", role = "king" })).Expect(400, "VALIDATION_FAILED").ErrorFields);
        (await administrator.PostAsync("/api/v1/invitations", new { email = "a@example.org", role = "viewer", project_ids = new[] { "x" } })).Expect(400, "VALIDATION_FAILED");
    }

    [Fact]
    public async Task A_link_of_one_who_was_switched_off_lets_nobody_in()
    {
        using var owner = host.Owner();
        var (administrator, number, _) = await Newcomers.ComeAsync(host, "admin");
        using (administrator)
        {
            var kept = (await Newcomers.InviteAsync(administrator, Newcomers.Address(), "admin")).Expect(201).Text("token");
            (await owner.PatchAsync($"/api/v1/users/{number}", new { is_active = false })).Expect(200);

            (await Newcomers.AcceptAsync(host, kept)).Expect(410, "INVITATION_INVALID");
        }
    }

    [Fact]
    public async Task Only_the_hash_of_a_link_is_stored()
    {
        using var owner = host.Owner();
        var token = System.Text.Encoding.UTF8.GetBytes((await Newcomers.InviteAsync(owner, Newcomers.Address())).Expect(201).Text("token"));

        Assert.True(await host.ScalarAsync<bool>("select exists (select from invitations where token_hash = sha256($1))", token));
        Assert.False(await host.ScalarAsync<bool>("select exists (select from invitations where token_hash = $1)", token));
    }
}
