using System.Text.Json.Nodes;

namespace Integrations.Sandbox.Tests.Twilio;

/// <summary>Who gets in.</summary>
public sealed class TwilioAccessTests : IAsyncLifetime
{
    private ATwilio _twilio = null!;

    public async ValueTask InitializeAsync() => _twilio = await ATwilio.StartAsync();

    public async ValueTask DisposeAsync() => await _twilio.DisposeAsync();

    [Fact]
    public async Task Token_and_API_key_open_the_account_and_nothing_else_does()
    {
        var (key, secret) = _twilio.Account.AddKey();

        Assert.Equal((200, "active", "Full"), Seen(await FetchAsync(_twilio.Account.Sid, _twilio.Account.AuthToken)));
        Assert.Equal(200, (await FetchAsync(key, secret)).Status);
        Assert.Equal((401, 20003), Refused(await FetchAsync(_twilio.Account.Sid, secret)));
        Assert.Equal((401, 20003), Refused(await FetchAsync(key, _twilio.Account.AuthToken)));
        _twilio.Account.RemoveKey(key);
        Assert.Equal((401, 20003), Refused(await FetchAsync(key, secret)));
    }

    [Fact]
    public async Task Both_tokens_are_good_until_the_second_is_promoted()
    {
        var (old, next) = (_twilio.Account.AuthToken, _twilio.Account.AddSecondaryToken());
        Assert.Equal(200, (await FetchAsync(_twilio.Account.Sid, old)).Status);
        Assert.Equal(200, (await FetchAsync(_twilio.Account.Sid, next)).Status);

        _twilio.Account.PromoteSecondaryToken();

        Assert.Equal(401, (await FetchAsync(_twilio.Account.Sid, old)).Status);
        Assert.Equal(200, (await FetchAsync(_twilio.Account.Sid, next)).Status);
    }

    [Fact]
    public async Task A_main_account_opens_its_subaccounts_and_nobody_opens_a_strangers()
    {
        var (sub, stranger) = (_twilio.Twilio.AddAccount("Sub", owner: _twilio.Account), _twilio.Twilio.AddAccount("Stranger"));

        Assert.Equal("Sub", (string)(await FetchAsync(_twilio.Account.Sid, _twilio.Account.AuthToken, sub.Sid)).Body["friendly_name"]!);
        Assert.Equal((403, 20003), Refused(await FetchAsync(sub.Sid, sub.AuthToken, _twilio.Account.Sid)));
        Assert.Equal((403, 20003), Refused(await FetchAsync(_twilio.Account.Sid, _twilio.Account.AuthToken, stranger.Sid)));
        Assert.Equal((404, 20404), Refused(await FetchAsync(_twilio.Account.Sid, _twilio.Account.AuthToken, "AC0")));
    }

    [Fact]
    public async Task A_suspended_account_sends_nothing()
    {
        _twilio.Account.Status = "suspended";

        Assert.Equal((403, 20005), Refused(await _twilio.SendAsync(("Body", "Hi"))));
    }

    private async Task<(int Status, JsonObject Body)> FetchAsync(string user, string password, string? account = null)
    {
        using var client = _twilio.Client(user, password);
        return await _twilio.GetAsync($"/2010-04-01/Accounts/{account ?? _twilio.Account.Sid}.json", client);
    }

    private static (int, string, string) Seen((int Status, JsonObject Body) answer) => (answer.Status, (string)answer.Body["status"]!, (string)answer.Body["type"]!);

    private static (int, int) Refused((int Status, JsonObject Body) answer) => (answer.Status, (int)answer.Body["code"]!);
}
