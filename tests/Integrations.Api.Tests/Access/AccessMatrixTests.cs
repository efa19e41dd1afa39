using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Integrations.Api.Tests.Host;
using Integrations.Core.Persistence;
using Integrations.Core.Tenancy;
using Integrations.Testing;

namespace Integrations.Api.Tests.Access;

/// <summary>Every route of the OpenAPI document, called as everybody, with the objects of the caller's tenant and with another's: only the table's answers.</summary>
/// <remarks>What must be refused is called first and must have changed nothing; what is allowed then runs on objects of its own, so that no call spoils another's.</remarks>
[Collection(ApiCollection.Name)]
public sealed partial class AccessMatrixTests(ApiHost host)
{
    private const int AtOnce = 6;
    private static readonly string[] Scopes = ["read", "send", "connect", "manage"];

    /// <summary>Bodies that are judged and refused, where the example would change what the other calls rest on.</summary>
    private static readonly Dictionary<string, string> Harmless = new()
    {
        ["SetLimits"] = """{"send":{"per_minute":0}}""",
        ["SetWorkingGroup"] = """{"bots":[]}""",
        ["ConnectBot"] = """{"bot_token":"none"}""",
        ["ConnectChannel"] = """{"target":"none"}""",
        ["ConnectTelegramIntegration"] = """{"bot_token":"none"}""",
        ["GetErasureByToken"] = """{"token":"none"}""",
        ["ExportData"] = """{"subject":"somebody"}""",
        ["RequestErasure"] = """{"subject":"tenant","confirm":"another name"}""",
    };

    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;
    private readonly ConcurrentQueue<string> _surprises = new();

    /// <param name="User">Whose objects he reaches.</param>
    /// <param name="KeyScopes">Null for a person.</param>
    private sealed record Somebody(string Name, int User, Role? Role, string[]? KeyScopes, string? Token)
    {
        /// <summary>What the table says, read here and not by the code that enforces it: 401, 403, or null for let in.</summary>
        public int? Refusal(Route route)
        {
            if (route.Rule is not { } rule)
                return null;
            if (Role is not { } role)
                return 401;
            var byScope = KeyScopes is null || (rule.Scope is { } scope && KeyScopes.Contains(Words.Of(scope)));
            return role >= rule.LowestRole && byScope ? null : 403;
        }
    }

    private sealed record Cell(Route Route, Somebody Caller);

    private sealed record Reply(int Status, string? Code, string Body)
    {
        public override string ToString() => $"{Status} {Code} {Body[..Math.Min(Body.Length, 300)]}";
    }

    [Fact]
    public async Task Every_route_answers_everybody_as_the_table_says()
    {
        var (here, there) = (await host.AddTenantAsync(), await host.AddTenantAsync());
        var routes = await Route.AllAsync(host);
        var callers = await CallersAsync(here);
        await ComeAsync(here, 1, "owner");
        await ComeAsync(there, 1, "owner");
        var cells = (from route in routes from caller in callers select new Cell(route, caller)).ToList();
        var (own, foreign) = (await TenantObjects.ArrangeAsync(host, here, 1), await TenantObjects.ArrangeAsync(host, there, 1));
        using var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 32 }) { BaseAddress = host.Address };

        var before = (Here: await ContentAsync(here), There: await ContentAsync(there));
        await EachAsync(cells.Where(cell => cell.Caller.Refusal(cell.Route) is not null), async cell =>
        {
            foreach (var (whose, objects) in new[] { ("own", own), ("foreign", foreign) })
                Expect(cell, whose, await CallAsync(http, cell, objects, null), cell.Caller.Refusal(cell.Route) == 401 ? (401, "UNAUTHENTICATED") : (403, "FORBIDDEN"));
        });
        Assert.Equal(before, (await ContentAsync(here), await ContentAsync(there)));

        using var statements = new Statements();
        var compared = 0;
        await EachAsync(cells.Where(cell => cell.Caller.Refusal(cell.Route) is null), async cell =>
        {
            if (await ForeignAsync(http, cell, foreign, statements))
                Interlocked.Increment(ref compared);
        });
        Assert.Equal(before.There, await ContentAsync(there));

        await EachAsync(cells.Where(cell => cell.Caller.Refusal(cell.Route) is null), async cell =>
        {
            var objects = NamesObjects(cell.Route) ? await TenantObjects.ArrangeAsync(host, here, cell.Caller.User) : own;
            var reply = await CallAsync(http, cell, objects, null);
            await objects.EndLoginAsync(host);
            if (reply.Status is 403 or 404 or >= 500 || reply.Code == "UNAUTHENTICATED" || (cell.Route.Rule is not null && reply.Status is 401 or 429))
                _surprises.Enqueue($"{cell.Caller.Name}, own, {cell.Route}: should be let in, got {reply}");
        });

        var size = string.Create(
            CultureInfo.InvariantCulture,
            $"{routes.Count} routes × {callers.Count} callers × 2 tenants = {cells.Count * 2} cells; {compared} of them compared with a missing object by answer and SQL; {_surprises.Count} surprises");
        TestContext.Current.TestOutputHelper?.WriteLine(size);
        await ResultAsync(size);
        Assert.True(_surprises.IsEmpty, $"{size}\n{string.Join('\n', _surprises.Order())}");
        Assert.True(compared > 150, size);
    }

    /// <summary>Whether the call named an object, and so was compared with one of a missing object.</summary>
    private async Task<bool> ForeignAsync(HttpClient http, Cell cell, TenantObjects foreign, Statements statements)
    {
        var (real, realTrace) = statements.Watch();
        var answer = await CallAsync(http, cell, foreign, real);
        if (!NamesObjects(cell.Route))
        {
            // It names nothing; then it must not tell of anything either.
            if (foreign.Ids().Any(id => answer.Body.Contains(id, StringComparison.Ordinal)))
                _surprises.Enqueue($"{cell.Caller.Name}, {cell.Route}: tells of another tenant's object: {answer}");
            return false;
        }

        var missing = TenantObjects.Missing();
        var (absent, absentTrace) = statements.Watch();
        var nothing = await CallAsync(http, cell, missing, absent);
        if (cell.Route.Path.Contains('{', StringComparison.Ordinal))
            Expect(cell, "foreign", answer, (404, "NOT_FOUND"));
        if ((answer.Status, Anonymous(answer.Body, foreign)) != (nothing.Status, Anonymous(nothing.Body, missing)))
            _surprises.Enqueue($"{cell.Caller.Name}, {cell.Route}: a foreign object is answered {answer}, a missing one {nothing}");
        var (asked, askedOfNothing) = (statements.Of(realTrace), statements.Of(absentTrace));
        if (!asked.SequenceEqual(askedOfNothing))
            _surprises.Enqueue($"{cell.Caller.Name}, {cell.Route}: a foreign object takes other statements than a missing one:\n  {string.Join("\n  ", asked)}\n  against\n  {string.Join("\n  ", askedOfNothing)}");
        return true;
    }

    private async Task<Reply> CallAsync(HttpClient http, Cell cell, TenantObjects objects, string? trace)
    {
        var route = cell.Route;
        var address = Placeholder().Replace(route.Path, match => objects.Of(route, match.Groups[1].Value));
        if (route.QueryIds.Length > 0)
            address += "?" + string.Join('&', route.QueryIds
                // What is an account's is no bot's; who reaches a bot's has tests of its own.
                .Where(name => name != "bot_id" || !route.QueryIds.Contains("account_id"))
                // Of the places in a list one is named at a time.
                .Where(name => name is not ("after" or "around")).Select(name => $"{name}={objects.Of(route, name)}"));
        using var request = new HttpRequestMessage(new HttpMethod(route.Method), address);
        if (route.Body is { } body)
            request.Content = TestClient.Json(Filled(Harmless.GetValueOrDefault(route.Operation, body), objects));
        if (cell.Caller.Token is { } token)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        if (trace is not null)
            request.Headers.TryAddWithoutValidation("traceparent", trace);

        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, _cancel);
        // A stream has no end; that it began says enough.
        if (response.Content.Headers.ContentType?.MediaType == "text/event-stream")
            return new((int)response.StatusCode, null, "");
        var text = await response.Content.ReadAsStringAsync(_cancel);
        var code = response.Content.Headers.ContentType?.MediaType == "application/problem+json" ? JsonNode.Parse(text)!["code"]!.ToString() : null;
        return new((int)response.StatusCode, code, text);
    }

    private void Expect(Cell cell, string whose, Reply reply, (int Status, string Code) expected)
    {
        if ((reply.Status, reply.Code) != expected)
            _surprises.Enqueue($"{cell.Caller.Name}, {whose}, {cell.Route}: should be {expected.Status} {expected.Code}, got {reply}");
    }

    private static bool NamesObjects(Route route) =>
        route.Path.Contains('{', StringComparison.Ordinal) || route.QueryIds.Length > 0 || (route.Body is { } body && Filled(body, TenantObjects.Missing()) != body);

    /// <summary>The objects that the examples of the document name.</summary>
    private static string Filled(string body, TenantObjects objects) => body
        .Replace("0198c3a2-7d10-7c3e-9a51-2f6d1c0b8e44", objects.Account.ToString(), StringComparison.Ordinal)
        .Replace("0198c3a2-9c55-7f10-8b02-6d1e0a7c5f31", objects.Dialog.ToString(), StringComparison.Ordinal)
        .Replace("0198c3a3-0b1f-7a44-b6d3-90e1f2a3c4d5", objects.Message.ToString(), StringComparison.Ordinal);

    private static string Anonymous(string body, TenantObjects objects) =>
        objects.Ids().Aggregate(Trace().Replace(body, ""), (text, id) => text.Replace(id, "*", StringComparison.Ordinal));

    private async Task<List<Somebody>> CallersAsync(Guid tenant)
    {
        var callers = new List<Somebody> { new("nobody", 1, null, null, null) };
        foreach (var role in Enum.GetValues<Role>())
        {
            var user = 11 + (int)role;
            callers.Add(new(Words.Of(role), user, role, null, await ComeAsync(tenant, user, Words.Of(role))));
        }

        using var holder = new TestClient(host.Address, await ComeAsync(tenant, 2, "owner"));
        foreach (var scope in Scopes)
        {
            var key = (await holder.PostAsync("/api/v1/api-keys", new { name = scope, scopes = new[] { scope } })).Expect(201).Text("key");
            callers.Add(new($"key of an owner, {scope}", 2, Role.Owner, [scope], key));
        }

        return callers;
    }

    /// <summary>A user's token, after its first request, so that no other makes the user.</summary>
    private async Task<string> ComeAsync(Guid tenant, int user, string role)
    {
        using var client = host.User(user, role, tenant);
        (await client.GetAsync("/api/v1/auth/me")).Expect(200);
        return client.Token!;
    }

    /// <summary>A digest of everything that a tenant has, but for when somebody was last seen and what was refused, which these very calls are.</summary>
    private async Task<string> ContentAsync(Guid tenant)
    {
        var tables = (await host.ScalarAsync<string[]>(
            """
            select array_agg(c.relname::text order by c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
             where n.nspname = 'public' and c.relkind in ('r', 'p') and c.relname not in ('refusals', 'refusal_days') and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped)
            """)).ToList();
        var digests = tables.Select(table => $"(select md5(string_agg(line, '' order by line)) from (select (to_jsonb(t) - 'last_seen_at' - 'last_used_at' - 'updated_at')::text from {table} t where tenant_id = $1) x (line))");
        return await host.ScalarAsync<string>($"select concat_ws(' ', {string.Join(", ", tables.Zip(digests, (table, digest) => $"'{table} ' || coalesce({digest}, '-')"))})", tenant);
    }

    private async Task EachAsync(IEnumerable<Cell> cells, Func<Cell, Task> work) =>
        await Parallel.ForEachAsync(cells, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = _cancel }, async (cell, _) => await work(cell));

    private async Task ResultAsync(string line)
    {
        var folder = Directory.CreateDirectory(Path.Combine(ExportedFile.Root(), "TestResults")).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "access-matrix.txt"), line + "\n", _cancel);
    }

    [GeneratedRegex(@"\{(\w+)\}")]
    private static partial Regex Placeholder();

    [GeneratedRegex("\"trace_id\":\"[^\"]*\"")]
    private static partial Regex Trace();
}
