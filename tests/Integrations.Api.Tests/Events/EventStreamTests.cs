using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using Integrations.Api.Events;
using Integrations.Api.Tests.Host;
using Integrations.Core.Events;
using Integrations.Testing;

namespace Integrations.Api.Tests.Events;

[Collection(ApiCollection.Name)]
public sealed class EventStreamTests(ApiHost host)
{
    /// <summary>What the service logs when the reader of a socket is too slow.</summary>
    private const int DroppedSocket = 3202;

    [Fact]
    public async Task What_happens_is_told_in_order_with_positions()
    {
        using var client = host.User(1401);
        await using var stream = await SseReader.OpenAsync(client);
        Assert.Equal("ready", (await stream.NextAsync()).EventType);

        var account = await ActiveAsync(client, 140101);
        var active = await stream.UntilAsync("account.updated", data => data["status"]?.ToString() == "active");
        var sent = (await client.PostAsync("/api/v1/telegram/send", new { account_id = account, to = new { username = "boris_example" }, text = "Good morning" })).Expect(202);
        var created = await stream.UntilAsync("message.created", data => data["id"]?.ToString() == sent.Text("id"));
        var updated = await stream.UntilAsync("message.updated", _ => true);

        Assert.Equal(account.ToString(), active.Data["id"]!.ToString());
        Assert.Equal(("Good morning", "personal_telegram_out", "pending"), (created.Data["text"]!.ToString(), created.Data["direction"]!.ToString(), created.Data["status"]!.ToString()));
        Assert.True(active.Position < created.Position && created.Position < updated.Position);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_reader_who_comes_back_misses_nothing_and_gets_nothing_twice(bool byHeader)
    {
        using var client = host.User(byHeader ? 1402 : 1403);
        var account = await ActiveAsync(client, byHeader ? 140201 : 140301);
        long cursor;
        await using (var stream = await SseReader.OpenAsync(client))
        {
            await stream.NextAsync();
            await host.Worker.TellAsync(account, "dialog.updated", """{"n":1}""");
            cursor = (await stream.UntilAsync("dialog.updated", _ => true)).Position;
        }

        await host.Worker.TellAsync(account, "dialog.updated", """{"n":2}""");
        await host.Worker.TellAsync(account, "dialog.updated", """{"n":3}""");

        await using var again = byHeader ? await SseReader.OpenAsync(client, lastEventId: $"{cursor}") : await SseReader.OpenAsync(client, $"?after={cursor}");
        Assert.Equal("ready", (await again.NextAsync()).EventType);
        var (first, second) = (await again.UntilAsync(null, _ => true), await again.UntilAsync(null, _ => true));
        Assert.Equal(("2", "3"), (first.Data["n"]!.ToString(), second.Data["n"]!.ToString()));
    }

    [Fact]
    public async Task A_cursor_that_is_too_old_or_from_elsewhere_is_reset_and_the_stream_goes_on()
    {
        using var client = host.User(1404);
        var account = await ActiveAsync(client, 140401);
        await using var stream = await SseReader.OpenAsync(client, $"?after={long.MaxValue}");

        Assert.Equal("ready", (await stream.NextAsync()).EventType);
        var reset = await stream.NextAsync();
        Assert.Equal("reset", reset.EventType);
        await host.Worker.TellAsync(account, "dialog.updated", """{"n":1}""");
        var after = await stream.UntilAsync("dialog.updated", _ => true);

        Assert.True(after.Position > JsonNode.Parse(reset.Data)!["position"]!.GetValue<long>());
    }

    [Fact]
    public async Task A_stream_tells_nothing_of_others()
    {
        using var own = host.User(1405);
        using var second = host.User(1406);
        using var foreign = host.User(1405, "owner", await host.AddTenantAsync());
        var account = await ActiveAsync(own, 140501);
        await using var ofSecond = await SseReader.OpenAsync(second);
        await using var ofForeign = await SseReader.OpenAsync(foreign);
        await using var ofOwn = await SseReader.OpenAsync(own);
        var secondsAccount = await ActiveAsync(second, 140601);

        await host.Worker.TellAsync(account, "message.created", """{"text":"a secret"}""");
        var seen = await ofOwn.UntilAsync("message.created", _ => true);
        await host.Worker.TellAsync(secondsAccount, "dialog.updated", """{"last":true}""");

        await ofSecond.UntilAsync("dialog.updated", _ => true);
        Assert.DoesNotContain(ofSecond.Seen, item => item.Data.Contains("a secret", StringComparison.Ordinal) || item.Data.Contains(account.ToString(), StringComparison.Ordinal));
        // Its cursor passes the event by with a heartbeat, without telling of it.
        await Eventually.BecomesAsync("the foreign cursor has passed", _ => Task.FromResult(ofForeign.Cursor), cursor => cursor >= seen.Position, TimeSpan.FromSeconds(60));
        Assert.All(ofForeign.Seen, item => Assert.Equal("ready", item.EventType));
    }

    [Fact]
    public async Task A_sign_out_ends_the_streams_of_the_session()
    {
        using var anonymous = host.Anonymous();
        var token = (await anonymous.PostAsync("/api/v1/auth/sign-in", new { email = ApiHost.OwnerEmail, password = ApiHost.OwnerPassword })).Text("session_token");
        using var client = new TestClient(host.Address, token);
        await using var stream = await SseReader.OpenAsync(client);
        await using var socket = await SocketReader.OpenAsync(host.Address, token);
        await stream.NextAsync();

        (await client.PostAsync("/api/v1/auth/sign-out")).Expect(204);

        var end = await stream.UntilAsync("end", _ => true);
        Assert.Equal("session_ended", end.Data["reason"]!.ToString());
        Assert.Equal((WebSocketCloseStatus.PolicyViolation, "session_ended"), await socket.CloseAsync());
    }

    [Fact]
    public async Task A_token_that_expires_ends_its_streams()
    {
        // Requests are taken for a minute after the end, in which clocks may differ; so are streams, and not longer.
        var end = TimeProvider.System.GetUtcNow().AddSeconds(-45);
        var token = ApiHost.Jwt(new JsonObject { ["sub"] = "1412", ["tenant_id"] = host.Tenant.ToString(), ["role"] = "operator", ["exp"] = end.ToUnixTimeSeconds() });
        using var client = new TestClient(host.Address, token);
        await using var stream = await SseReader.OpenAsync(client);
        await using var socket = await SocketReader.OpenAsync(host.Address, token);

        Assert.Equal("session_ended", (await stream.UntilAsync("end", _ => true)).Data["reason"]!.ToString());
        Assert.Equal((WebSocketCloseStatus.PolicyViolation, "session_ended"), await socket.CloseAsync());
        (await client.GetAsync("/api/v1/telegram/accounts")).Expect(401, "UNAUTHENTICATED");
    }

    [Fact]
    public async Task A_user_who_is_switched_off_loses_his_streams()
    {
        using var client = host.User(1413);
        await using var stream = await SseReader.OpenAsync(client);
        await stream.NextAsync();

        await host.ExecuteAsync("update users set is_active = false where tenant_id = $1 and user_id = 1413", host.Tenant);

        Assert.Equal("session_ended", (await stream.UntilAsync("end", _ => true)).Data["reason"]!.ToString());
    }

    [Fact]
    public async Task A_stream_that_a_ticket_opened_ends_with_the_session_that_asked_for_it()
    {
        using var anonymous = host.Anonymous();
        var token = (await anonymous.PostAsync("/api/v1/auth/sign-in", new { email = ApiHost.OwnerEmail, password = ApiHost.OwnerPassword })).Text("session_token");
        using var client = new TestClient(host.Address, token);
        var ticket = (await client.PostAsync("/api/v1/events/ticket")).Expect(200).Text("ticket");
        await using var socket = await SocketReader.OpenAsync(host.Address, null, $"?ticket={ticket}");
        await socket.NextAsync();

        (await client.PostAsync("/api/v1/auth/sign-out")).Expect(204);

        Assert.Equal((WebSocketCloseStatus.PolicyViolation, "session_ended"), await socket.CloseAsync());
    }

    [Fact]
    public async Task The_socket_resets_a_cursor_that_is_from_elsewhere()
    {
        using var client = host.User(1414);
        await using var socket = await SocketReader.OpenAsync(host.Address, client.Token, $"?after={long.MaxValue}");

        Assert.Equal("ready", (await socket.NextAsync())["type"]!.ToString());
        Assert.Equal("reset", (await socket.NextAsync())["type"]!.ToString());
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("first")]
    [InlineData("99999999999999999999")]
    public async Task A_cursor_is_a_whole_number(string cursor)
    {
        using var client = host.User(1415);

        var byHeader = (await client.SendAsync(HttpMethod.Get, "/api/v1/events", null, ("Last-Event-ID", cursor))).Expect(400, "VALIDATION_FAILED");
        var byQuery = (await client.GetAsync($"/api/v1/ws?after={cursor}")).Expect(400, "VALIDATION_FAILED");

        Assert.Equal(["Last-Event-ID"], byHeader.ErrorFields);
        Assert.Equal(["after"], byQuery.ErrorFields);
    }

    [Fact]
    public async Task The_socket_tells_the_same_and_resumes_by_position()
    {
        using var client = host.User(1407);
        var account = await ActiveAsync(client, 140701);
        long cursor;
        await using (var socket = await SocketReader.OpenAsync(host.Address, client.Token))
        {
            Assert.Equal("ready", (await socket.NextAsync())["type"]!.ToString());
            await host.Worker.TellAsync(account, "dialog.updated", """{"n":1}""");
            var frame = await socket.UntilAsync("dialog.updated");
            Assert.Equal(["position", "type", "occurred_at", "account_id", "data"], frame.Select(pair => pair.Key));
            Assert.Equal((account.ToString(), "1"), (frame["account_id"]!.ToString(), frame["data"]!["n"]!.ToString()));
            cursor = frame["position"]!.GetValue<long>();
        }

        await host.Worker.TellAsync(account, "dialog.updated", """{"n":2}""");
        await using var again = await SocketReader.OpenAsync(host.Address, client.Token, $"?after={cursor}");
        Assert.Equal("2", (await again.UntilAsync("dialog.updated"))["data"]!["n"]!.ToString());
    }

    [Fact]
    public async Task The_socket_takes_no_messages()
    {
        using var client = host.User(1408);
        await using var socket = await SocketReader.OpenAsync(host.Address, client.Token);
        await socket.NextAsync();

        await socket.SayAsync("hello");

        Assert.Equal((WebSocketCloseStatus.InvalidMessageType, "nothing_expected"), await socket.CloseAsync());
    }

    [Fact]
    public async Task A_ticket_opens_one_stream_and_no_other_route()
    {
        using var client = host.User(1409);
        using var anonymous = host.Anonymous();
        var issued = (await client.PostAsync("/api/v1/events/ticket")).Expect(200);
        Assert.Equal(["ticket", "expires_at"], issued.Fields);
        var ticket = issued.Text("ticket");

        (await anonymous.GetAsync($"/api/v1/telegram/accounts?ticket={ticket}")).Expect(401, "UNAUTHENTICATED");
        await using (var socket = await SocketReader.OpenAsync(host.Address, null, $"?ticket={ticket}"))
            Assert.Equal("ready", (await socket.NextAsync())["type"]!.ToString());
        (await anonymous.GetAsync($"/api/v1/events?ticket={ticket}")).Expect(401, "UNAUTHENTICATED");
        (await anonymous.GetAsync("/api/v1/events?ticket=tkt_nonsense")).Expect(401, "UNAUTHENTICATED");
    }

    [Fact]
    public async Task One_user_cannot_open_streams_without_end()
    {
        using var client = host.User(1410);
        var open = new List<SseReader>();
        for (var i = 0; i < 20; i++)
            open.Add(await SseReader.OpenAsync(client));

        (await client.GetAsync("/api/v1/events")).Expect(429, "RATE_LIMITED");

        await open[0].DisposeAsync();
        open.RemoveAt(0);
        await Eventually.BecomesAsync("the place is free again", async _ =>
        {
            try
            {
                open.Add(await SseReader.OpenAsync(client));
                return true;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        }, opened => opened, TimeSpan.FromSeconds(60));
        foreach (var stream in open)
            await stream.DisposeAsync();
    }

    [Fact]
    public async Task A_reader_that_does_not_read_is_dropped_and_told_why()
    {
        using var client = host.User(1411);
        var account = await ActiveAsync(client, 141101);
        await using var socket = await SocketReader.OpenAsync(host.Address, client.Token);
        await socket.NextAsync();
        // More than the buffers of both ends hold, while nobody reads.
        await host.ExecuteAsync(
            """
            insert into outbox (tenant_id, user_id, account_id, type, data)
            select tenant_id, user_id, id, 'dialog.updated', jsonb_build_object('filling', repeat('x', 100000)) from telegram_accounts, generate_series(1, 400) where id = $1
            """,
            account);
        await host.Worker.TellAsync(account, "dialog.updated", """{"n":"last"}""");

        // What it wrote before lies in the buffers, and the reason after it.
        await Eventually.BecomesAsync("the reader was dropped", _ => Task.FromResult(host.Logged(DroppedSocket)), times => times > 0, TimeSpan.FromSeconds(60));

        Assert.Equal((WebSocketCloseStatus.PolicyViolation, "slow_reader"), await socket.CloseAsync());
        Assert.True(socket.Frames < 400, $"all {socket.Frames} frames were written");
    }

    [Fact]
    public void Events_are_written_as_the_standard_says()
    {
        var writer = new System.Buffers.ArrayBufferWriter<byte>();
        using var data = System.Text.Json.JsonDocument.Parse("""{ "text" : "two\nlines" }""");

        SseStream.Write(writer, new StreamItem.Ready(7));
        SseStream.Write(writer, new StreamItem.Happened(new StoredEvent(8, "message.created", 1, null, data.RootElement, default)));
        SseStream.Write(writer, new StreamItem.Heartbeat(9));
        SseStream.Write(writer, new StreamItem.Reset(10));
        SseStream.Write(writer, new StreamItem.End(10, "session_ended"));

        Assert.Equal(
            """
            id: 7
            event: ready
            data: {"position":7}

            id: 8
            event: message.created
            data: {"text":"two\nlines"}

            : heartbeat
            id: 9

            id: 10
            event: reset
            data: {"position":10}

            id: 10
            event: end
            data: {"reason":"session_ended"}


            """.ReplaceLineEndings("\n"),
            Encoding.UTF8.GetString(writer.WrittenSpan));
    }

    private async Task<Guid> ActiveAsync(TestClient client, long telegramUser)
    {
        var session = (await client.GetAsync("/api/v1/telegram/qr-code")).Expect(200).Id("session_id");
        await host.Worker.ScanAsync(session, telegramUser);
        return session;
    }
}
