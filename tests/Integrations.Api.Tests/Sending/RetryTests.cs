using Integrations.Api.Tests.Events;
using Integrations.Api.Tests.Host;
using Integrations.Testing;

namespace Integrations.Api.Tests.Sending;

[Collection(ApiCollection.Name)]
public sealed class RetryTests(ApiHost host)
{
    private const string Send = "/api/v1/telegram/send";

    [Fact]
    public async Task A_failed_message_goes_back_to_the_queue_as_itself_and_is_delivered()
    {
        using var client = host.User(1601);
        await using var stream = await SseReader.OpenAsync(client);
        string id;
        using (await host.Worker.HoldMessagesAsync())
        {
            id = await FailedAsync(client, await ActiveAsync(client, 160101));
            var random = await host.ScalarAsync<long>("select random_id from messages where id = $1", Guid.Parse(id));

            var again = (await client.PostAsync($"/api/v1/telegram/messages/{id}/retry")).Expect(202);

            Assert.Equal((id, "pending"), (again.Text("id"), again.Text("status")));
            Assert.Null(again["error_code"]);
            Assert.Null(again["finished_at"]);
            Assert.Equal($"/api/v1/telegram/messages/{id}", again.Headers.Location!.ToString());
            Assert.Equal(random, await host.ScalarAsync<long>("select random_id from messages where id = $1", Guid.Parse(id)));
            await stream.UntilAsync("message.updated", data => data["id"]!.ToString() == id && data["status"]!.ToString() == "pending");
            (await client.PostAsync($"/api/v1/telegram/messages/{id}/retry")).Expect(409, "CONFLICT");
        }

        await Eventually.BecomesAsync(
            "the message is delivered", async _ => await client.GetAsync($"/api/v1/telegram/messages/{id}"), message => message.Text("status") == "delivered", TimeSpan.FromSeconds(60));
        (await client.PostAsync($"/api/v1/telegram/messages/{id}/retry")).Expect(409, "CONFLICT");
        Assert.Equal(1L, await host.ScalarAsync<long>("select count(*) from integration_logs where action = 'personal.retry_message' and details->>'message_id' = $1", id));
        Assert.True(await host.ScalarAsync<bool>("select bool_and(accepted = delivered + failed + in_flight) from doors.message_balance() where tenant_id = $1", host.Tenant));
    }

    [Fact]
    public async Task Of_many_who_try_again_at_once_one_does()
    {
        using var client = host.User(1602);
        using var held = await host.Worker.HoldMessagesAsync();
        var id = await FailedAsync(client, await ActiveAsync(client, 160201));

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => client.PostAsync($"/api/v1/telegram/messages/{id}/retry")));

        Assert.Single(answers, answer => answer.Status == 202);
        Assert.All(answers.Where(answer => answer.Status != 202), answer => answer.Expect(409, "CONFLICT"));
    }

    [Fact]
    public async Task An_account_that_is_not_connected_takes_nothing_back()
    {
        using var client = host.User(1603);
        string id;
        Guid account;
        using (await host.Worker.HoldMessagesAsync())
        {
            account = await ActiveAsync(client, 160301);
            id = await FailedAsync(client, account);
        }

        (await client.PostAsync($"/api/personal-telegram-accounts/{account}/pause")).Expect(200);

        (await client.PostAsync($"/api/v1/telegram/messages/{id}/retry")).Expect(409, "ACCOUNT_NOT_ACTIVE");
        Assert.Equal("failed", (await client.GetAsync($"/api/v1/telegram/messages/{id}")).Text("status"));
    }

    [Fact]
    public async Task A_viewer_sends_nothing_again()
    {
        using var client = host.User(1604);
        using var held = await host.Worker.HoldMessagesAsync();
        var id = await FailedAsync(client, await ActiveAsync(client, 160401));
        using var viewer = host.User(1604, "viewer");

        (await viewer.PostAsync($"/api/v1/telegram/messages/{id}/retry")).Expect(403, "FORBIDDEN");
    }

    private async Task<string> FailedAsync(TestClient client, Guid account)
    {
        var id = (await client.PostAsync(Send, new { account_id = account, to = new { username = "boris_example" }, text = "x" })).Expect(202).Text("id");
        await host.ExecuteAsync(
            "update messages set status = 'failed', attempts = 1, error_code = 'TG_PEER_FORBIDDEN', error_detail = 'No.', finished_at = clock_timestamp() where id = $1", Guid.Parse(id));
        return id;
    }

    private async Task<Guid> ActiveAsync(TestClient client, long telegramUser)
    {
        var session = (await client.GetAsync("/api/v1/telegram/qr-code")).Expect(200).Id("session_id");
        await host.Worker.ScanAsync(session, telegramUser);
        return session;
    }
}
