using System.Text.RegularExpressions;
using Integrations.Api.Http;
using Integrations.Api.Tests.Host;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Integrations.Api.Tests.Http;

/// <summary>Nobody reaches what is out of his reach: another user of the tenant, and another tenant, are answered as if it were not there.</summary>
[Collection(ApiCollection.Name)]
public sealed partial class IsolationTests(ApiHost host)
{
    /// <summary>Every route that names an object in its address or its body; $A account, $M message, $D dialog, $P project.</summary>
    private static readonly (string Method, string Path, string? Body)[] Routes =
    [
        ("GET", "/api/v1/telegram/accounts/$A", null),
        ("DELETE", "/api/v1/telegram/accounts/$A", null),
        ("POST", "/api/v1/telegram/accounts/$A/reconnect", null),
        ("GET", "/api/v1/telegram/qr-code?session_id=$A", null),
        ("POST", "/api/v1/telegram/send", """{"account_id":"$A","to":{"username":"boris_example"},"text":"x"}"""),
        ("GET", "/api/v1/telegram/messages/$M", null),
        ("POST", "/api/v1/telegram/messages/$M/retry", null),
        ("GET", "/api/v1/telegram/media/$M", null),
        ("POST", "/api/v1/telegram/messages/$M/edit", """{"text":"x"}"""),
        ("DELETE", "/api/v1/telegram/messages/$M", null),
        ("POST", "/api/v1/telegram/messages/$M/pin", null),
        ("POST", "/api/v1/telegram/messages/$M/unpin", null),
        ("GET", "/api/v1/telegram/messages/$M/changes", null),
        ("POST", "/api/v1/telegram/send", """{"channel_id":"$A","text":"x"}"""),
        ("GET", "/api/v1/telegram/channels/$A", null),
        ("GET", "/api/v1/telegram/channels/$A/posts", null),
        ("GET", "/api/v1/telegram/messages?account_id=$A", null),
        ("GET", "/api/v1/telegram/messages?dialog_id=$D", null),
        ("GET", "/api/v1/telegram/dialogs?account_id=$A", null),
        ("GET", "/api/v1/telegram/dialogs/$D", null),
        ("POST", "/api/v1/telegram/dialogs/$D/read", null),
        ("GET", "/api/v1/telegram/dialogs?before=$D", null),
        ("GET", "/api/v1/telegram/messages?dialog_id=$D&q=hello", null),
        ("GET", "/api/v1/telegram/messages?q=hello&before=$M", null),
        ("GET", "/api/v1/telegram/messages?dialog_id=$D&around=$M", null),
        ("GET", "/api/v1/telegram/messages?account_id=$A&after=$M", null),
        ("POST", "/api/v1/telegram/dialogs/$D/close", null),
        ("POST", "/api/v1/telegram/dialogs/$D/reopen", null),
        ("GET", "/api/v1/telegram/dialogs/$D/export", null),
        ("DELETE", "/api/v1/telegram/dialogs/$D", null),
        ("PUT", "/api/v1/telegram/dialogs/$D/assignee", """{"user_id":1}"""),
        ("GET", "/api/v1/telegram/dialogs/$D/assignees", null),
        ("POST", "/api/v1/telegram/dialogs/$D/presence", """{"state":"viewing"}"""),
        ("GET", "/api/v1/telegram/dialogs/$D/notes", null),
        ("POST", "/api/v1/telegram/dialogs/$D/notes", """{"text":"x"}"""),
        ("DELETE", "/api/v1/telegram/dialogs/$D/notes/$M", null),
        ("DELETE", "/api/v1/telegram/dialog-filters/$M", null),
        ("PUT", "/api/v1/telegram/quick-replies/$M", """{"shortcut":"x","text":"x"}"""),
        ("DELETE", "/api/v1/telegram/quick-replies/$M", null),
        ("POST", "/api/v1/telegram/dialog-filters", """{"name":"x","account_id":"$A"}"""),
        ("GET", "/api/personal-telegram-accounts/$A", null),
        ("PATCH", "/api/personal-telegram-accounts/$A", """{"display_name":"stolen"}"""),
        ("GET", "/api/personal-telegram-accounts/$A/timeline", null),
        ("POST", "/api/personal-telegram-accounts/$A/pause", null),
        ("POST", "/api/personal-telegram-accounts/$A/disconnect", null),
        ("POST", "/api/personal-telegram-accounts/$A/reconnect", null),
        ("DELETE", "/api/personal-telegram-accounts/$A", null),
        ("POST", "/api/personal-telegram-accounts/login", """{"account_id":"$A"}"""),
        ("GET", "/api/personal-telegram-accounts/login/$A", null),
        ("POST", "/api/personal-telegram-accounts/login/$A/password", """{"password":"x"}"""),
        ("POST", "/api/personal-telegram-accounts/login/$A/code", """{"code":"12345"}"""),
        ("POST", "/api/personal-telegram-accounts/login/$A/resend-code", null),
        ("POST", "/api/personal-telegram-accounts/login/$A/recovery", null),
        ("POST", "/api/personal-telegram-accounts/login/$A/recovery/confirm", """{"code":"12345"}"""),
        ("DELETE", "/api/personal-telegram-accounts/login/$A", null),
    ];

    [Fact]
    public async Task A_foreign_object_is_answered_exactly_as_a_missing_one()
    {
        var (account, message, dialog) = await ArrangeAsync(1101);
        using var second = host.User(1102);
        using var foreign = host.User(1101, "owner", await host.AddTenantAsync());
        var missing = Guid.CreateVersion7();

        foreach (var client in new[] { second, foreign })
        {
            foreach (var (method, path, body) in Routes)
            {
                var real = await CallAsync(client, method, path, body, account, message, dialog);
                var absent = await CallAsync(client, method, path, body, missing, missing, missing);

                // Beginning logins takes an administrator, whatever they are of.
                var expected = client == second && path.EndsWith("/login", StringComparison.Ordinal) ? 403 : 404;
                Assert.True(real.Status == expected, $"{method} {path}: {real.Status} {real.Raw}");
                Assert.Equal(WithoutTrace(absent.Raw), WithoutTrace(real.Raw));
            }
        }

        using var own = host.User(1101);
        Assert.Equal("active", (await own.GetAsync($"/api/v1/telegram/accounts/{account}")).Expect(200).Text("status"));
        Assert.Equal(1L, await host.ScalarAsync<long>("select count(*) from messages where account_id = $1", account));
    }

    [Fact]
    public async Task Lists_hold_only_what_is_ones_own()
    {
        var (account, _, _) = await ArrangeAsync(1103);
        using var own = host.User(1103);
        using var second = host.User(1104);
        using var foreign = host.User(1103, "owner", await host.AddTenantAsync());
        (await own.PatchAsync($"/api/personal-telegram-accounts/{account}", new { display_name = "Mine" })).Expect(200);

        foreach (var client in new[] { second, foreign })
        {
            Assert.Equal("[]", (await client.GetAsync("/api/v1/telegram/accounts?active_only=false")).Raw);
            Assert.Equal("[]", (await client.GetAsync("/api/personal-telegram-accounts")).Raw);
            Assert.Equal("""{"items":[],"next_before":null,"next_cursor":null}""", (await client.GetAsync("/api/v1/telegram/dialogs")).Raw);
            Assert.Equal("""{"items":[],"total":0,"page":1,"size":20,"pages":0}""", (await client.GetAsync("/api/v1/telegram/logs")).Raw);
            Assert.Equal("0", (await client.GetAsync("/api/v1/telegram/stats/errors")).Text("total_actions"));
        }

        Assert.Single((await own.GetAsync("/api/v1/telegram/accounts")).Body!.AsArray());
    }

    [Fact]
    public async Task A_project_of_another_tenant_is_not_there()
    {
        using var here = host.User(1105, "admin");
        using var there = host.User(1105, "admin", await host.AddTenantAsync());
        var project = (await here.PostAsync("/api/v1/projects", new { name = $"Project {Guid.CreateVersion7()}" })).Expect(201).Text("id");

        (await there.PostAsync("/api/personal-telegram-accounts/login", new { project_id = project })).Expect(404, "NOT_FOUND");
        Assert.Equal("[]", (await there.GetAsync("/api/v1/projects")).Raw);
        Assert.Equal("[]", (await there.GetAsync($"/api/personal-telegram-accounts?project_id={project}")).Raw);
    }

    [Fact]
    public async Task A_dialog_of_another_account_of_ones_own_is_no_recipient()
    {
        var (account, _, _) = await ArrangeAsync(1106);
        var (_, _, othersDialog) = await ArrangeAsync(1107);
        using var client = host.User(1106);

        (await client.PostAsync("/api/v1/telegram/send", new { account_id = account, to = new { dialog_id = othersDialog }, text = "x" })).Expect(404, "NOT_FOUND");
        (await client.GetAsync($"/api/v1/telegram/messages?account_id={account}&dialog_id={othersDialog}")).Expect(404, "NOT_FOUND");
    }

    /// <summary>A route that is added later without a policy fails here; who is let in and what he reaches is tried by the access matrix.</summary>
    [Fact]
    public void Every_route_has_a_policy()
    {
        string[] open = ["/health", "/alive", "/metrics", "/openapi.json", "/api/v1/auth/owner-link", "/api/v1/auth/sign-in", "/api/v1/auth/sign-in/code", "/api/v1/invitations/accept", "/api/v1/privacy/receipts", "/api/v1/privacy/receipts/verify", "/api/v1/privacy/receipts/key", "/api/v1/health/detailed", "/webhooks/telegram/{hook}", "/api/integrations/webhooks/telegram/{hook}", "/api/v1/health/liveness", "/api/v1/health/readiness"];
        var endpoints = host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().ToList();

        foreach (var endpoint in endpoints)
        {
            var path = "/" + endpoint.RoutePattern.RawText!.Trim('/');
            if (!open.Contains(path))
                Assert.True(endpoint.Metadata.GetMetadata<IAuthorizeData>()?.Policy is not null, $"{path} has no policy");
            if (path.StartsWith("/api/", StringComparison.Ordinal) && !path.StartsWith("/api/v1/health", StringComparison.Ordinal) && !path.StartsWith("/api/integrations/webhooks", StringComparison.Ordinal))
                Assert.True(endpoint.Metadata.GetMetadata<ShapedMetadata>() is not null, $"{path} does not check its address");
        }

        Assert.True(endpoints.Count > 30, "the routes were not found");
    }

    private static Task<Answer> CallAsync(TestClient client, string method, string path, string? body, Guid account, Guid message, Guid dialog)
    {
        string Filled(string text) => text.Replace("$A", account.ToString(), StringComparison.Ordinal)
            .Replace("$M", message.ToString(), StringComparison.Ordinal).Replace("$D", dialog.ToString(), StringComparison.Ordinal);
        return client.SendAsync(new HttpMethod(method), Filled(path), body is null ? null : TestClient.Json(Filled(body)));
    }

    private static string WithoutTrace(string raw) => Trace().Replace(raw, "");

    /// <summary>An active account with a dialog and a delivered message.</summary>
    private async Task<(Guid Account, Guid Message, Guid Dialog)> ArrangeAsync(int user)
    {
        using var client = host.User(user);
        var account = (await client.GetAsync("/api/v1/telegram/qr-code")).Expect(200).Id("session_id");
        await host.Worker.ScanAsync(account, (user * 100) + 1);
        var message = (await client.PostAsync("/api/v1/telegram/send?wait=20", new { account_id = account, to = new { username = "boris_example" }, text = "x" })).Expect(200);
        return (account, message.Id(), message.Id("dialog_id"));
    }

    [GeneratedRegex("\"trace_id\":\"[^\"]*\"")]
    private static partial Regex Trace();
}
