using System.Net.Http.Headers;
using System.Text;
using Integrations.Api.Telegram;
using Integrations.Api.Tests.Host;

namespace Integrations.Api.Tests.Logs;

[Collection(ApiCollection.Name)]
public sealed class LogTests(ApiHost host)
{
    private const string Path = "/api/v1/telegram/logs";

    [Fact]
    public async Task Lines_are_filtered_by_action_account_user_and_words()
    {
        var tenant = await host.AddTenantAsync();
        using var client = host.User(1, "admin", tenant);
        var account = (await client.GetAsync("/api/v1/telegram/qr-code")).Expect(200).Id("session_id");
        await host.Worker.ScanAsync(account, 8_222_000_001);
        await LineAsync(tenant, 1, "personal.send_message", "error", "TG_PEER_UNKNOWN", "Nobody of this name: 100%", trace: "0123456789abcdef0123456789abcdef");
        await LineAsync(tenant, 1, "personal.send_message", "success");

        Assert.Equal(2, await CountAsync(client, "?action=personal.send_message"));
        Assert.Equal(1, await CountAsync(client, $"?account_id={account}"));
        Assert.Equal(0, await CountAsync(client, $"?account_id={Guid.NewGuid()}"));
        Assert.Equal(1, await CountAsync(client, "?search=peer_unknown"));
        Assert.Equal(1, await CountAsync(client, "?search=0123456789abcdef"));
        Assert.Equal(1, await CountAsync(client, "?search=100%25"));
        Assert.Equal(0, await CountAsync(client, "?search=NOBODY_OF"));
        Assert.Equal(0, await CountAsync(client, "?all=true&user_id=7"));
        var line = (await client.GetAsync(Path + "?log_status=error")).Expect(200).Body!["items"]![0]!;
        Assert.Equal("0123456789abcdef0123456789abcdef", line["trace_id"]!.ToString());
        Assert.Equal(["action", "user_id"], (await client.GetAsync(Path + "?action=&user_id=0")).Expect(400, "VALIDATION_FAILED").ErrorFields);
    }

    [Fact]
    public async Task Administrators_may_see_all_lines_of_their_tenant_and_nobody_those_of_another()
    {
        var (tenant, other) = (await host.AddTenantAsync(), await host.AddTenantAsync());
        using var employee = host.User(1, "operator", tenant);
        using var administrator = host.User(2, "admin", tenant);
        using var foreign = host.User(1, "owner", other);
        foreach (var client in new[] { employee, administrator, foreign })
            await client.GetAsync("/api/v1/auth/me");
        await LineAsync(tenant, 1, "personal.login", "error", "OF_THE_EMPLOYEE");
        await LineAsync(tenant, 2, "personal.login", "error", "OF_THE_ADMINISTRATOR");

        Assert.Equal(1, await CountAsync(employee, ""));
        Assert.Equal(1, await CountAsync(employee, "?all=true"));
        Assert.Equal(0, await CountAsync(employee, "?all=true&user_id=2"));
        Assert.Equal(1, await CountAsync(administrator, ""));
        Assert.Equal(2, await CountAsync(administrator, "?all=true"));
        Assert.Equal(1, await CountAsync(administrator, "?all=true&user_id=1"));
        Assert.Equal(0, await CountAsync(foreign, "?all=true"));
        foreach (var (client, lines) in new[] { (employee, 1), (administrator, 2), (foreign, 0) })
            Assert.Equal(lines, (await client.GetAsync(Path + ".csv?all=true")).Expect(200).Raw.Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Length - 1);
    }

    [Fact]
    public async Task The_table_opens_in_a_spreadsheet_and_holds_no_formula()
    {
        var tenant = await host.AddTenantAsync();
        using var client = host.User(1, "viewer", tenant);
        await client.GetAsync("/api/v1/auth/me");
        await LineAsync(tenant, 1, "personal.login", "error", "=1+1", "@SUM(A1), said \"he\"\r\nand then");
        using var request = new HttpRequestMessage(HttpMethod.Get, Path + ".csv?log_status=error&days_back=1");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", client.Token);
        using var response = await client.Http.SendAsync(request, TestContext.Current.CancellationToken);
        var bytes = await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);

        Assert.Equal(("text/csv", "utf-8"), (response.Content.Headers.ContentType!.MediaType, response.Content.Headers.ContentType.CharSet));
        Assert.Equal("attachment; filename=\"activity.csv\"", response.Content.Headers.GetValues("Content-Disposition").Single());
        Assert.Equal([0xEF, 0xBB, 0xBF], bytes[..3]);
        var text = Encoding.UTF8.GetString(bytes[3..]);
        Assert.StartsWith("time,user_id,user,account_id,account,action,status,error_code,error_message,trace_id,id\r\n", text, StringComparison.Ordinal);
        Assert.Contains(",personal.login,error,'=1+1,\"'@SUM(A1), said \"\"he\"\"\r\nand then\",,", text, StringComparison.Ordinal);
        (await client.GetAsync(Path + ".csv?size=5")).Expect(400, "UNKNOWN_FIELD");
    }

    [Theory]
    [InlineData(null, "")]
    [InlineData("plain", "plain")]
    [InlineData("+99966", "'+99966")]
    [InlineData("-1", "'-1")]
    [InlineData("  =cmd", "'  =cmd")]
    [InlineData("\tx", "'\tx")]
    [InlineData("a=b", "a=b")]
    [InlineData("a,b", "\"a,b\"")]
    [InlineData("say \"x\"", "\"say \"\"x\"\"\"")]
    [InlineData("=HYPERLINK(\"http://x\",\"y\")", "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\"")]
    public void Cells_are_quoted_and_harmless(string? text, string cell) => Assert.Equal(cell, LogTable.Cell(text));

    [Fact]
    public async Task A_long_table_is_streamed_in_little_memory_to_its_bound()
    {
        var tenant = await host.AddTenantAsync();
        using var client = host.User(1, "owner", tenant);
        await client.GetAsync("/api/v1/auth/me");
        await host.ExecuteAsync(
            """
            insert into integration_logs (id, tenant_id, user_id, integration_type, action, status, error_code, error_message)
            select gen_random_uuid(), $1, 1, 'telegram', 'personal.send_message', 'error', 'TG_PEER_UNKNOWN', repeat('x', 500) from generate_series(1, $2)
            """,
            tenant,
            LogTable.MostLines + 10);
        using var request = new HttpRequestMessage(HttpMethod.Get, Path + ".csv");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", client.Token);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        using var response = await client.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        var (lines, most) = (0, 0L);
        while (await reader.ReadLineAsync(TestContext.Current.CancellationToken) is not null)
        {
            if (++lines % 20_000 == 0)
                most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: true));
        }

        Assert.Equal(LogTable.MostLines + 1, lines);
        // The whole is some 65 MB as text and far more as rows.
        Assert.InRange(most - before, long.MinValue, 16 << 20);
    }

    [Fact]
    public async Task Every_line_leads_to_the_trace_of_its_request()
    {
        var tenant = await host.AddTenantAsync();
        using var client = host.User(1, "operator", tenant);
        const string Trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        var account = (await client.SendAsync(HttpMethod.Get, "/api/v1/telegram/qr-code", null, ("traceparent", $"00-{Trace}-00f067aa0ba902b7-01"))).Expect(200).Id("session_id");
        var login = (await client.GetAsync(Path + "?action=personal.login")).Expect(200).Body!["items"]![0]!;
        Assert.Equal(Trace, login["trace_id"]!.ToString());

        await host.Worker.ScanAsync(account, 8_333_000_001);
        using var held = await host.Worker.HoldMessagesAsync();
        const string Other = "0af7651916cd43dd8448eb211c80319c";
        var message = (await client.SendAsync(
            HttpMethod.Post, "/api/v1/telegram/send", TestClient.Json(new { account_id = account, to = new { username = "somebody" }, text = "x" }),
            ("traceparent", $"00-{Other}-00f067aa0ba902b7-01"))).Expect(202).Id();
        Assert.Equal(Other, await host.ScalarAsync<string>("select trace_id from messages where id = $1", message));
    }

    private static async Task<int> CountAsync(TestClient client, string query) => int.Parse(
        (await client.GetAsync(Path + query)).Expect(200).Text("total"), System.Globalization.CultureInfo.InvariantCulture);

    private Task LineAsync(Guid tenant, int user, string action, string status, string? code = null, string? message = null, string? trace = null) => host.ExecuteAsync(
        """
        insert into integration_logs (id, tenant_id, user_id, integration_type, action, status, error_code, error_message, trace_id)
        values (gen_random_uuid(), $1, $2, 'telegram', $3, $4, $5, $6, $7)
        """,
        tenant,
        user,
        action,
        status,
        (object?)code ?? DBNull.Value,
        (object?)message ?? DBNull.Value,
        (object?)trace ?? DBNull.Value);
}
