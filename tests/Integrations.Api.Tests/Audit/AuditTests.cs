using System.Net;
using System.Text;
using Integrations.Api.Tests.Access;
using Integrations.Api.Tests.Host;

namespace Integrations.Api.Tests.Audit;

/// <summary>What the audit tells of requests, and to whom. No worker runs here, so nothing is sealed.</summary>
[Collection(ApiCollection.Name)]
public sealed class AuditTests(ApiHost host)
{
    private const string Path = "/api/v1/audit";

    [Fact]
    public async Task A_change_is_told_with_who_whence_and_what_before_and_after()
    {
        var tenant = await host.AddTenantAsync();
        using var admin = host.User(7, "admin", tenant);
        admin.Http.DefaultRequestHeaders.UserAgent.ParseAdd("audit-test/1.0");
        var project = (await admin.PostAsync("/api/v1/projects", new { name = "Shop" })).Expect(201).Id();
        (await admin.PutAsync("/api/v1/settings/limits", new { send = new { per_minute = 5, burst = 5 } })).Expect(200);
        // Refused, looked at, and changed nothing.
        (await admin.PostAsync("/api/v1/projects", new { name = "" })).Expect(400);
        (await admin.GetAsync("/api/v1/projects")).Expect(200);

        var entries = (await admin.GetAsync(Path)).Expect(200).Body!["items"]!.AsArray();

        Assert.Equal(["SetLimits", "OpenProject"], entries.Select(entry => entry!["action"]!.ToString()));
        var limits = entries[0]!;
        Assert.Equal((7, "127.0.0.1", "audit-test/1.0", false), (limits["user_id"]!.GetValue<int>(), limits["address"]!.ToString(), limits["user_agent"]!.ToString(), limits["by_key"]!.GetValue<bool>()));
        Assert.Contains("\"per_minute\":10000", limits["changes"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.Contains("\"per_minute\":5", limits["changes"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal(32, limits["trace_id"]!.ToString().Length);

        (await admin.PatchAsync($"/api/v1/projects/{project}", new { name = "Store" })).Expect(200);
        var changed = (await admin.GetAsync($"{Path}?limit=1")).Expect(200).Body!["items"]![0]!;
        Assert.Equal(project.ToString(), changed["objects"]!["id"]!.ToString());
        var row = changed["changes"]!.AsArray().Single(change => change!["table"] is not null)!;
        Assert.Equal(
            ("projects", project.ToString(), """{"name":"Shop"}""", """{"name":"Store"}"""),
            (row["table"]!.ToString(), row["id"]!.ToString(), row["before"]!.ToJsonString(), row["after"]!.ToJsonString()));
    }

    /// <summary>Every route that puts something else in the place of what was; a new one must be tried here, or say why it tells no before.</summary>
    [Fact]
    public async Task Each_route_that_changes_something_tells_before_and_after()
    {
        Dictionary<string, string> tellsNoBefore = new(StringComparer.Ordinal)
        {
            ["AddProjectMember"] = "There was none before.",
            ["ChangeNoticeSettings"] = "What one wants to hear oneself.",
            ["ChangePreferences"] = "One's own language, theme and zone.",
        };
        var tenant = await host.AddTenantAsync();
        using var owner = host.User(1, "owner", tenant);
        using var other = host.User(2, "operator", tenant);
        (await owner.GetAsync("/api/v1/auth/me")).Expect(200);
        (await other.GetAsync("/api/v1/auth/me")).Expect(200);
        var project = (await owner.PostAsync("/api/v1/projects", new { name = "Before" })).Expect(201).Id();
        var reply = (await owner.PostAsync("/api/v1/telegram/quick-replies", new { shortcut = "hi", text = "Before" })).Expect(201).Id();
        var (account, dialog) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        await host.ExecuteAsync("insert into telegram_accounts (id, tenant_id, user_id, shard, world, status, display_name) values ($1, $2, 1, 0, 'telegram', 'active', 'Before')", account, tenant);
        await host.ExecuteAsync(
            "insert into dialogs (id, tenant_id, source, personal_account_id, peer_kind, peer_id, title) values ($1, $2, 'personal_telegram', $3, 'user', 77, 'Someone')", dialog, tenant, account);

        var bot = (await owner.PostAsync("/api/v1/telegram/bots", new { bot_token = host.Telegram.MakeBot().Token })).Expect(201).Id();

        var channel = Guid.CreateVersion7();
        await host.ExecuteAsync("insert into telegram_channels (id, tenant_id, user_id, account_id, channel_id, title, type) values ($1, $2, 1, $3, -5, 'News', 'group')", channel, tenant, account);

        Dictionary<string, Func<Task<Answer>>> changes = new(StringComparer.Ordinal)
        {
            ["ChangeProject"] = () => owner.PatchAsync($"/api/v1/projects/{project}", new { name = "After" }),
            ["SetWorkingGroup"] = async () =>
            {
                (await owner.PutAsync($"/api/v1/projects/{project}/working-group", new { bots = new[] { bot }, language = "en" })).Expect(200);
                return await owner.PutAsync($"/api/v1/projects/{project}/working-group", new { bots = new[] { bot }, language = "uk" });
            },
            ["ChangeBot"] = () => owner.PatchAsync($"/api/v1/telegram/bots/{bot}", new { display_name = "After" }),
            ["ChangeChannel"] = () => owner.PatchAsync($"/api/v1/telegram/channels/{channel}", new { is_active = false }),
            ["SetLimits"] = () => owner.PutAsync("/api/v1/settings/limits", new { send = new { per_minute = 5, burst = 5 } }),
            ["RenameMe"] = () => owner.PatchAsync("/api/v1/me", new { display_name = "After" }),
            ["ChangeUser"] = () => owner.PatchAsync("/api/v1/users/2", new { display_name = "After" }),
            ["ChangePersonalAccount"] = () => owner.PatchAsync($"/api/personal-telegram-accounts/{account}", new { display_name = "After" }),
            ["AssignDialog"] = () => owner.PutAsync($"/api/v1/telegram/dialogs/{dialog}/assignee", new { user_id = 1 }),
            ["ChangeQuickReply"] = () => owner.PutAsync($"/api/v1/telegram/quick-replies/{reply}", new { shortcut = "hi", text = "After" }),
            ["SetSecuritySettings"] = () => owner.PutAsync("/api/v1/settings/security", new { second_factor_required = true }),
        };
        Assert.Equal(
            (await Route.AllAsync(host)).Where(route => route.Method is "PUT" or "PATCH").Select(route => route.Operation).Order(StringComparer.Ordinal),
            changes.Keys.Concat(tellsNoBefore.Keys).Order(StringComparer.Ordinal));
        foreach (var (action, change) in changes)
        {
            (await change()).Expect(200);
            var told = (await owner.GetAsync($"{Path}?action={action}&limit=1")).Expect(200).Body!["items"]![0]!["changes"]!.ToJsonString();
            Assert.True(told.Contains("\"before\":", StringComparison.Ordinal) && told.Contains("\"after\":", StringComparison.Ordinal), $"{action} tells {told}");
        }
    }

    [Fact]
    public async Task Who_signs_in_is_named_and_so_is_the_message_that_somebody_sends()
    {
        using var owner = host.Owner();
        using var anonymous = host.Anonymous();
        var signedIn = (await anonymous.PostAsync("/api/v1/auth/sign-in", new { email = ApiHost.OwnerEmail, password = ApiHost.OwnerPassword })).Expect(200);
        Assert.Equal(host.OwnerUserId, (await owner.GetAsync($"{Path}?action=SignIn&limit=1")).Expect(200).Body!["items"]![0]!["user_id"]!.GetValue<int>());
        using (var session = new TestClient(host.Address, signedIn.Text("session_token")))
            (await session.PostAsync("/api/v1/auth/sign-out")).Expect(204);

        var tenant = await host.AddTenantAsync();
        using var sender = host.User(8, "admin", tenant);
        (await sender.GetAsync("/api/v1/auth/me")).Expect(200);
        var account = Guid.CreateVersion7();
        await host.ExecuteAsync("insert into telegram_accounts (id, tenant_id, user_id, shard, world, status) values ($1, $2, 8, 0, 'telegram', 'active')", account, tenant);
        var message = (await sender.PostAsync("/api/v1/telegram/send", new { account_id = account, to = new { username = "somebody" }, text = "not told" })).Expect(202).Text("id");
        var told = (await sender.GetAsync($"{Path}?action=SendMessage")).Expect(200);
        Assert.Equal(message, told.Body!["items"]![0]!["changes"]![0]!["details"]!["message_id"]!.ToString());
        Assert.DoesNotContain("not told", told.Raw, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_is_told_to_administrators_of_its_tenant_alone_and_purged_and_erased_by_owners()
    {
        var (tenant, other) = (await host.AddTenantAsync(), await host.AddTenantAsync());
        using var owner = host.User(1, "owner", tenant);
        using var admin = host.User(2, "admin", tenant);
        using var operators = host.User(3, "operator", tenant);
        using var foreign = host.User(1, "owner", other);
        (await admin.PostAsync("/api/v1/projects", new { name = "Secret plan" })).Expect(201);

        (await operators.GetAsync(Path)).Expect(403, "FORBIDDEN");
        (await operators.GetAsync($"{Path}/verify")).Expect(403, "FORBIDDEN");
        Assert.Empty((await foreign.GetAsync(Path)).Expect(200).Body!["items"]!.AsArray());
        (await admin.PostAsync($"{Path}/purge", new { older_than_days = 0 })).Expect(403, "FORBIDDEN");
        (await admin.PostAsync($"{Path}/erase", new { user_id = 2 })).Expect(403, "FORBIDDEN");
        Assert.Equal(["older_than_days"], (await owner.PostAsync($"{Path}/purge", new { })).Expect(400, "VALIDATION_FAILED").ErrorFields);
        Assert.Equal(["user_id"], (await owner.PostAsync($"{Path}/erase", new { user_id = 0 })).Expect(400, "VALIDATION_FAILED").ErrorFields);
        Assert.Equal(0, (await foreign.PostAsync($"{Path}/erase", new { user_id = 2 })).Expect(200)["entries"]!.GetValue<int>());

        Assert.Equal(1, (await owner.PostAsync($"{Path}/erase", new { user_id = 2 })).Expect(200)["entries"]!.GetValue<int>());
        Assert.DoesNotContain("127.0.0.1", (await owner.GetAsync($"{Path}?action=OpenProject")).Expect(200).Raw, StringComparison.Ordinal);
        Assert.Equal(0, (await owner.PostAsync($"{Path}/purge", new { older_than_days = 0 })).Expect(200)["entries"]!.GetValue<int>());
    }

    [Fact]
    public async Task A_chain_is_verified_from_outside_and_a_noted_head_is_asked_for()
    {
        var tenant = await host.AddTenantAsync();
        using var owner = host.User(1, "owner", tenant);
        (await owner.PostAsync("/api/v1/projects", new { name = "P" })).Expect(201);

        var verdict = (await owner.GetAsync($"{Path}/verify")).Expect(200);
        Assert.True(verdict["valid"]!.GetValue<bool>());
        Assert.Equal((0, 1), (verdict["entries"]!.GetValue<int>(), verdict["unsealed"]!.GetValue<int>()));
        var lost = (await owner.GetAsync($"{Path}/verify?position=3&hash={new string('0', 64)}")).Expect(200);
        Assert.Equal((false, "anchor_lost"), (lost["valid"]!.GetValue<bool>(), lost.Text("fault")));
        Assert.Equal(["hash"], (await owner.GetAsync($"{Path}/verify?position=3")).Expect(400, "VALIDATION_FAILED").ErrorFields);
        Assert.Equal(["hash"], (await owner.GetAsync($"{Path}/verify?position=3&hash=xyz")).Expect(400, "VALIDATION_FAILED").ErrorFields);
    }

    [Fact]
    public async Task A_browser_of_any_name_changes_what_it_may()
    {
        var tenant = await host.AddTenantAsync();
        using var owner = host.User(1, "owner", tenant);
        // Cut to what is kept, the last letter would be cut in two.
        var agent = new string('a', 199) + "\U0001F600 and more";

        using var http = new HttpClient(new SocketsHttpHandler { RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8 }) { BaseAddress = host.Address };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/projects") { Content = TestClient.Json(new { name = "P" }) };
        request.Headers.Authorization = new("Bearer", owner.Token);
        request.Headers.TryAddWithoutValidation("User-Agent", agent);
        using var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);

        Assert.Equal(new string('a', 199), (await owner.GetAsync(Path)).Expect(200).Body!["items"]![0]!["user_agent"]!.ToString());
    }

    [Fact]
    public async Task The_table_for_a_spreadsheet_has_no_formula_in_it()
    {
        var tenant = await host.AddTenantAsync();
        using var owner = host.User(1, "owner", tenant);
        owner.Http.DefaultRequestHeaders.TryAddWithoutValidation("User-Agent", "=cmd|' /C calc'!A0");
        (await owner.PostAsync("/api/v1/projects", new { name = "P" })).Expect(201);

        var table = (await owner.GetAsync($"{Path}/export.csv")).Expect(200).Raw.TrimEnd().Split("\r\n");

        Assert.Equal(2, table.Length);
        Assert.Contains("OpenProject", table[1], StringComparison.Ordinal);
        Assert.Contains(",'=cmd|", table[1], StringComparison.Ordinal);
    }
}
