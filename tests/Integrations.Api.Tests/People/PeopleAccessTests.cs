using Integrations.Api.Tests.Host;

namespace Integrations.Api.Tests.People;

/// <summary>Each route of people and projects, tried from outside: by each role, and by another tenant with ids that are real here.</summary>
[Collection(ApiCollection.Name)]
public sealed class PeopleAccessTests(ApiHost host)
{
    /// <summary>$P project, $I invitation, $K key, $U user; and who may: admin, or any for what is one's own.</summary>
    internal static readonly (string Method, string Path, string? Body, bool Administrators)[] Routes =
    [
        ("PATCH", "/api/v1/users/$U", """{"display_name":"stolen"}""", true),
        ("POST", "/api/v1/invitations/$I/resend", null, true),
        ("DELETE", "/api/v1/invitations/$I", null, true),
        ("GET", "/api/v1/projects/$P", null, false),
        ("PATCH", "/api/v1/projects/$P", """{"name":"stolen"}""", true),
        ("GET", "/api/v1/projects/$P/members", null, true),
        ("PUT", "/api/v1/projects/$P/members/$U", null, true),
        ("DELETE", "/api/v1/projects/$P/members/$U", null, true),
        ("DELETE", "/api/v1/projects/$P", null, true),
        ("DELETE", "/api/v1/api-keys/$K", null, false),
        ("DELETE", "/api/v1/me/sessions/$S", null, false),
    ];

    [Fact]
    public async Task Another_tenant_is_answered_as_if_nothing_were_there_and_changes_nothing()
    {
        var real = await ArrangeAsync();
        using var foreign = host.User(2502, "owner", await host.AddTenantAsync());
        var missing = new Ids($"{Guid.CreateVersion7()}", $"{Guid.CreateVersion7()}", $"{Guid.CreateVersion7()}", $"{Guid.CreateVersion7()}", "21998");

        foreach (var (method, path, body, _) in Routes)
        {
            var answer = await CallAsync(foreign, method, path, body, real);
            Assert.True(answer.Status == 404, $"{method} {path}: {answer.Status} {answer.Raw}");
            Assert.Equal(Shape(await CallAsync(foreign, method, path, body, missing)), Shape(answer));
        }

        foreach (var path in new[] { "/api/v1/invitations", "/api/v1/projects", "/api/v1/api-keys", "/api/v1/me/sessions" })
            Assert.Equal("[]", (await foreign.GetAsync(path)).Expect(200).Raw);
        Assert.Single((await foreign.GetAsync("/api/v1/users")).Expect(200).Body!.AsArray());
        Assert.Equal(0L, await host.ScalarAsync<long>("select count(*) from users where display_name = 'stolen'"));
        Assert.Equal(1L, await host.ScalarAsync<long>("select count(*) from project_members where project_id = $1", Guid.Parse(real.Project)));
    }

    [Theory]
    [InlineData("viewer")]
    [InlineData("operator")]
    public async Task Who_is_no_administrator_manages_neither_people_nor_projects(string role)
    {
        var real = await ArrangeAsync();
        using var client = host.User(2503, role);

        foreach (var (method, path, body, administrators) in Routes)
        {
            var answer = await CallAsync(client, method, path, body, real);
            Assert.True(
                answer.Status == (administrators ? 403 : path.EndsWith("$P", StringComparison.Ordinal) ? 200 : 404), $"{method} {path}: {answer.Status} {answer.Raw}");
        }

        foreach (var path in new[] { "/api/v1/users", "/api/v1/invitations" })
            (await client.GetAsync(path)).Expect(403, "FORBIDDEN");
        (await client.PostAsync("/api/v1/invitations", new { email = "x@example.org", role = "viewer" })).Expect(403, "FORBIDDEN");
    }

    [Theory]
    [InlineData("admin")]
    [InlineData("owner")]
    public async Task Administrators_do_all_of_it(string role)
    {
        var real = await ArrangeAsync();
        using var client = host.User(2504, role);

        foreach (var (method, path, body, _) in Routes.Where(route => !route.Path.Contains("$S", StringComparison.Ordinal)))
        {
            var answer = await CallAsync(client, method, path, body?.Replace("stolen", $"Fine {Guid.CreateVersion7()}", StringComparison.Ordinal), real);
            Assert.True(answer.Status is 200 or 204, $"{method} {path}: {answer.Status} {answer.Raw}");
        }
    }

    [Fact]
    public async Task Without_a_credential_everything_is_refused()
    {
        var real = await ArrangeAsync();
        using var client = host.Anonymous();

        foreach (var (method, path, body, _) in Routes)
            (await CallAsync(client, method, path, body, real)).Expect(401, "UNAUTHENTICATED");
    }

    private sealed record Ids(string Project, string Invitation, string Key, string Session, string User);

    private async Task<Ids> ArrangeAsync()
    {
        using var administrator = host.Owner();
        using var person = host.User(2501);
        (await person.GetAsync("/api/v1/auth/me")).Expect(200);
        var project = (await administrator.PostAsync("/api/v1/projects", new { name = $"Project {Guid.CreateVersion7()}" })).Expect(201).Text("id");
        (await administrator.SendAsync(HttpMethod.Put, $"/api/v1/projects/{project}/members/2501", null)).Expect(204);
        var invitation = (await Newcomers.InviteAsync(administrator, Newcomers.Address())).Expect(201).Text("invitation.id");
        var key = (await person.PostAsync("/api/v1/api-keys", new { name = "x", scopes = new[] { "read" } })).Expect(201).Text("api_key.id");
        var session = (await administrator.GetAsync("/api/v1/me/sessions")).Expect(200).Body!.AsArray()[0]!["id"]!.ToString();
        return new(project, invitation, key, session, "2501");
    }

    private static Task<Answer> CallAsync(TestClient client, string method, string path, string? body, Ids ids) =>
        client.SendAsync(
            new HttpMethod(method),
            path.Replace("$P", ids.Project, StringComparison.Ordinal).Replace("$I", ids.Invitation, StringComparison.Ordinal)
                .Replace("$K", ids.Key, StringComparison.Ordinal).Replace("$S", ids.Session, StringComparison.Ordinal).Replace("$U", ids.User, StringComparison.Ordinal),
            body is null ? null : TestClient.Json(body));

    private static (int, string?, string) Shape(Answer answer) => (answer.Status, answer.Code, answer.Text("detail"));
}
