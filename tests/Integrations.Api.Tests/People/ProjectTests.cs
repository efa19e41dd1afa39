using Integrations.Api.Tests.Events;
using Integrations.Api.Tests.Host;

namespace Integrations.Api.Tests.People;

[Collection(ApiCollection.Name)]
public sealed class ProjectTests(ApiHost host)
{
    private const string Accounts = "/api/personal-telegram-accounts";

    [Fact]
    public async Task A_project_counts_its_members_and_accounts_and_is_renamed_and_deleted_when_empty()
    {
        using var administrator = host.User(2601, "admin");
        var name = $"Shop {Guid.CreateVersion7()}";
        var project = (await administrator.PostAsync("/api/v1/projects", new { name })).Expect(201).Text("id");
        var other = (await administrator.PostAsync("/api/v1/projects", new { name = name + " two" })).Expect(201).Text("id");
        var account = (await administrator.PostAsync($"{Accounts}/login", new { project_id = project })).Expect(200).Id("login_id");
        await host.Worker.ScanAsync(account, 2_601_000_001);
        (await administrator.SendAsync(HttpMethod.Put, $"/api/v1/projects/{project}/members/2601", null)).Expect(204);
        (await administrator.SendAsync(HttpMethod.Put, $"/api/v1/projects/{project}/members/2601", null)).Expect(204);

        var found = (await administrator.GetAsync($"/api/v1/projects/{project}")).Expect(200);
        Assert.Equal(("1", "1", "0"), (found.Text("members"), found.Text("accounts.active"), found.Text("accounts.pending")));
        Assert.Equal("2601", Assert.Single((await administrator.GetAsync($"/api/v1/projects/{project}/members")).Expect(200).Body!.AsArray())!["user_id"]!.ToString());

        (await administrator.PatchAsync($"/api/v1/projects/{project}", new { name = name + " two" })).Expect(409, "CONFLICT");
        (await administrator.PatchAsync($"/api/v1/projects/{project}", new { name = " " })).Expect(400, "VALIDATION_FAILED");
        Assert.Equal(name + " one", (await administrator.PatchAsync($"/api/v1/projects/{project}", new { name = name + " one" })).Expect(200).Text("name"));
        (await administrator.DeleteAsync($"/api/v1/projects/{project}")).Expect(409, "PROJECT_NOT_EMPTY");

        Assert.Equal(other, (await administrator.PatchAsync($"{Accounts}/{account}", new { project_id = other })).Expect(200).Text("project_id"));
        (await administrator.SendAsync(HttpMethod.Delete, $"/api/v1/projects/{project}/members/2601", null)).Expect(204);
        (await administrator.SendAsync(HttpMethod.Delete, $"/api/v1/projects/{project}/members/2601", null)).Expect(204);
        (await administrator.DeleteAsync($"/api/v1/projects/{project}")).Expect(204);
        (await administrator.GetAsync($"/api/v1/projects/{project}")).Expect(404, "NOT_FOUND");

        // A deleted account keeps no project from going.
        (await administrator.DeleteAsync($"{Accounts}/{account}")).Expect(204);
        (await administrator.DeleteAsync($"/api/v1/projects/{other}")).Expect(204);
    }

    [Fact]
    public async Task An_account_is_put_into_a_project_and_taken_out_by_administrators_alone_and_everybody_concerned_is_told()
    {
        using var administrator = host.User(2602, "admin");
        using var employee = host.User(2603, "operator");
        var project = (await administrator.PostAsync("/api/v1/projects", new { name = $"Shop {Guid.CreateVersion7()}" })).Expect(201).Text("id");
        var account = (await employee.GetAsync("/api/v1/telegram/qr-code")).Expect(200).Id("session_id");
        await host.Worker.ScanAsync(account, 2_603_000_001);
        await using var stream = await SseReader.OpenAsync(employee);

        (await employee.PatchAsync($"{Accounts}/{account}", new { project_id = project })).Expect(403, "FORBIDDEN");
        (await administrator.PatchAsync($"{Accounts}/{account}", new { project_id = Guid.CreateVersion7() })).Expect(404, "NOT_FOUND");
        (await administrator.PatchAsync($"{Accounts}/{account}", new { project_id = project })).Expect(200);
        await stream.UntilAsync("account.updated", data => data["project_id"]?.ToString() == project);
        Assert.Null((await administrator.PatchAsync($"{Accounts}/{account}", new { project_id = Guid.Empty })).Expect(200)["project_id"]);
        await stream.UntilAsync("account.updated", data => data["project_id"] is null);
    }

    [Fact]
    public async Task A_mirroring_project_says_what_it_lacks_takes_no_account_and_can_be_switched_off()
    {
        using var administrator = host.User(2604, "admin");
        (await administrator.PostAsync("/api/v1/projects", new { name = $"Mirror {Guid.CreateVersion7()}", mirroring = true })).Expect(409, "PROJECT_NOT_READY");
        var project = (await administrator.PostAsync("/api/v1/projects", new { name = $"Mirror {Guid.CreateVersion7()}" })).Expect(201);
        (await administrator.PatchAsync($"/api/v1/projects/{project.Text("id")}", new { mirroring = true })).Expect(409, "PROJECT_NOT_READY");
        await host.ExecuteAsync("update projects set mirroring = true where id = $1", project.Id());
        Assert.Equal("""["managing_bot","working_group"]""", (await administrator.GetAsync($"/api/v1/projects/{project.Text("id")}")).Expect(200)["missing"]!.ToJsonString());
        var account = (await administrator.PostAsync($"{Accounts}/login")).Expect(200).Id("login_id");
        await host.Worker.ScanAsync(account, 2_604_000_001);

        (await administrator.PatchAsync($"{Accounts}/{account}", new { project_id = project.Text("id") })).Expect(409, "PROJECT_NOT_READY");
        Assert.Equal("[]", (await administrator.PatchAsync($"/api/v1/projects/{project.Text("id")}", new { mirroring = false })).Expect(200)["missing"]!.ToJsonString());
        (await administrator.PatchAsync($"{Accounts}/{account}", new { project_id = project.Text("id") })).Expect(200);
    }

    [Fact]
    public async Task A_member_who_is_not_there_is_not_put_into_a_project()
    {
        using var administrator = host.User(2605, "admin");
        using var foreign = host.User(2606, "operator", await host.AddTenantAsync());
        (await foreign.GetAsync("/api/v1/auth/me")).Expect(200);
        var project = (await administrator.PostAsync("/api/v1/projects", new { name = $"Shop {Guid.CreateVersion7()}" })).Expect(201).Text("id");

        (await administrator.SendAsync(HttpMethod.Put, $"/api/v1/projects/{project}/members/2606", null)).Expect(404, "NOT_FOUND");
        (await administrator.SendAsync(HttpMethod.Put, $"/api/v1/projects/{project}/members/x", null)).Expect(400, "VALIDATION_FAILED");
    }
}
