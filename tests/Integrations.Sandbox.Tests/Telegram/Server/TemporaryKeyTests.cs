using Integrations.Mtproto.Crypto;
using Integrations.Mtproto.Handshake;
using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Transport;
using Integrations.Sandbox.Telegram;
using Integrations.Sandbox.Telegram.Faults;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Tests.Telegram.Server;

/// <summary>Temporary keys as the real server has them (core.telegram.org/api/pfs).</summary>
public sealed class TemporaryKeyTests : ServerTest
{
    private const int Day = 24 * 60 * 60;

    [Fact]
    public async Task A_temporary_key_that_is_not_bound_may_ask_for_the_servers_and_nothing_else()
    {
        var client = await TemporaryAsync();

        await client.InvokeAsync(new HelpGetConfig());

        var refusal = await RefusedAsync("AUTH_KEY_PERM_EMPTY", client.InvokeAsync(new UpdatesGetState()));
        Assert.Equal(401, refusal.Code);
        await RefusedAsync("AUTH_KEY_PERM_EMPTY", client.InvokeAsync(RawClient.SendCode(AnnasPhone)));
    }

    [Fact]
    public async Task A_login_under_a_bound_key_is_one_of_the_permanent_key()
    {
        var permanent = await ConnectAsync();
        var client = await TemporaryAsync();
        await BindAsync(client, permanent.Key);

        await client.SignInAsync(AnnasPhone);

        Assert.Single(Anna.Devices);
        Assert.Equal([permanent.Key.Id], Sandbox.World.KeysOf(Seed.Anna));
        await permanent.InvokeAsync(new UpdatesGetState());
        var device = Assert.Single((await client.InvokeAsync(new AccountGetAuthorizations())).Authorizations);
        Assert.True(device.Current);
    }

    [Fact]
    public async Task Updates_come_to_a_session_under_a_bound_key_and_not_for_what_it_did_itself()
    {
        var permanent = await SignedInAsync(AnnasPhone);
        var client = await TemporaryAsync();
        await BindAsync(client, permanent.Key);
        await client.InvokeAsync(new UpdatesGetState());

        await client.InvokeAsync(Message(PeerOf(Seed.Anna, Seed.Boris), "Mine"));
        Boris.Send(PeerRef.User(Seed.Anna), "Yours");

        var update = Assert.IsType<UpdateNewMessage>(Assert.Single((await client.NextAsync<Updates>()).UpdatesValue));
        Assert.Equal("Yours", ((Message)update.Message).MessageValue);
    }

    [Fact]
    public async Task A_later_binding_ends_the_one_before_which_may_be_made_again()
    {
        var permanent = await SignedInAsync(AnnasPhone);
        var (first, second) = (await TemporaryAsync(), await TemporaryAsync());
        await BindAsync(first, permanent.Key);
        await first.InvokeAsync(new UpdatesGetState());

        await BindAsync(second, permanent.Key);

        await second.InvokeAsync(new UpdatesGetState());
        await RefusedAsync("AUTH_KEY_PERM_EMPTY", first.InvokeAsync(new UpdatesGetState()));
        await BindAsync(first, permanent.Key);
        await first.InvokeAsync(new UpdatesGetState());
        await RefusedAsync("AUTH_KEY_PERM_EMPTY", second.InvokeAsync(new UpdatesGetState()));
    }

    [Theory]
    [InlineData("another session")]
    [InlineData("another message")]
    [InlineData("another temporary key")]
    [InlineData("another permanent key")]
    [InlineData("a permanent key of another data centre")]
    [InlineData("an end that has passed")]
    [InlineData("another end")]
    [InlineData("another nonce")]
    [InlineData("a changed byte")]
    public async Task A_binding_that_does_not_prove_what_it_says_is_refused(string wrong)
    {
        var permanent = await SignedInAsync(AnnasPhone);
        var other = await ConnectAsync(wrong.Contains("data centre", StringComparison.Ordinal) ? 1 : SandboxTelegram.MainDc);
        var client = await TemporaryAsync();
        var messageId = client.Ids.Next();
        var call = KeyBinding.Create(
            wrong.StartsWith("a permanent", StringComparison.Ordinal) ? other.Key : permanent.Key,
            wrong == "another temporary key" ? other.Key : client.Key,
            wrong == "another session" ? client.SessionId + 1 : client.SessionId,
            wrong == "another message" ? messageId - 4 : messageId,
            wrong == "an end that has passed" ? Now - 1 : Now + Day,
            SystemRandomSource.Instance);
        call = new AuthBindTempAuthKey
        {
            PermAuthKeyId = wrong == "another permanent key" ? other.Key.Id : call.PermAuthKeyId,
            Nonce = wrong == "another nonce" ? call.Nonce + 1 : call.Nonce,
            ExpiresAt = wrong == "another end" ? call.ExpiresAt + 1 : call.ExpiresAt,
            EncryptedMessage = call.EncryptedMessage,
        };
        if (wrong == "a changed byte")
            call.EncryptedMessage[40] ^= 1;

        await client.SendAsync(call, messageId);

        Assert.Equal(400, (await RefusedAsync("ENCRYPTED_MESSAGE_INVALID", client.ResultAsync(call, messageId))).Code);
        await RefusedAsync("AUTH_KEY_PERM_EMPTY", client.InvokeAsync(new UpdatesGetState()));
    }

    [Fact]
    public async Task A_temporary_key_can_be_bound_to_one_permanent_key_only_and_a_permanent_one_to_none()
    {
        var (permanent, other) = (await SignedInAsync(AnnasPhone), await SignedInAsync(BorissPhone));
        var client = await TemporaryAsync();
        await BindAsync(client, permanent.Key);

        await RefusedAsync("TEMP_AUTH_KEY_ALREADY_BOUND", BindAsync(client, other.Key));
        await RefusedAsync("TEMP_AUTH_KEY_EMPTY", BindAsync(other, permanent.Key));
    }

    [Fact]
    public async Task A_temporary_key_ends_at_its_time_and_is_answered_as_one_that_was_never_made()
    {
        var permanent = await SignedInAsync(AnnasPhone);
        var client = await TemporaryAsync(expiresIn: 600);
        await BindAsync(client, permanent.Key, Now + 500);
        await client.InvokeAsync(new UpdatesGetState());
        Sandbox.Faults.Add(new Fault { Kind = FaultKind.ClockSkew, Seconds = 500, Times = 0 });

        await client.StartAsync(new UpdatesGetState());

        Assert.Equal(TransportError.KeyUnknown, await client.RefusalAsync());
        Sandbox.Faults.Clear();
        Assert.Single(Anna.Devices);
        await permanent.InvokeAsync(new UpdatesGetState());
    }

    [Fact]
    public async Task Two_connections_of_one_temporary_key_that_both_send_cost_the_login()
    {
        var permanent = await SignedInAsync(AnnasPhone);
        var older = await TemporaryAsync();
        await BindAsync(older, permanent.Key);
        await older.InvokeAsync(new UpdatesGetState());
        var newer = Own(await older.ReconnectAsync(sameSession: false));
        await newer.InvokeAsync(new UpdatesGetState());

        await RefusedAsync("AUTH_KEY_DUPLICATED", older.InvokeAsync(new UpdatesGetState()));

        Assert.Equal(Seed.Anna, Assert.Single(Sandbox.Faults.Violations).PersonId);
        Assert.Empty(Anna.Devices);
    }

    private static int Now => (int)TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();

    private async Task<RawClient> TemporaryAsync(int expiresIn = Day) => Own(await RawClient.ConnectAsync(Sandbox, expiresIn: expiresIn));

    private static async Task BindAsync(RawClient client, AuthKey permanent, int? expiresAt = null)
    {
        var messageId = client.Ids.Next();
        var call = KeyBinding.Create(permanent, client.Key, client.SessionId, messageId, expiresAt ?? Now + Day, SystemRandomSource.Instance);
        await client.SendAsync(call, messageId);
        Assert.True(await client.ResultAsync(call, messageId));
    }
}
