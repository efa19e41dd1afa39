using Integrations.Mtproto.Crypto;
using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Session;

namespace Integrations.Mtproto.Tests.Client;

public sealed class ConnectionTests : ClientTest
{
    [Fact]
    public async Task A_stored_session_goes_on_without_a_new_key()
    {
        var first = await LoggedInAsync();
        var stored = TelegramSession.FromBytes(first.Session!.ToBytes());
        await first.DisposeAsync();
        Telegram.Answer = static (_, _) => new List<UserBase> { Self };

        var second = await ConnectAsync(stored);

        Assert.Equal(Self.Id, (await second.GetSelfAsync(Token)).Id);
        Assert.Equal(1, Telegram.Exchanges);
    }

    [Fact]
    public async Task A_key_exchange_that_the_server_breaks_off_begins_anew()
    {
        Telegram.ExchangesToRefuse = 2;

        var client = await ConnectAsync();

        Assert.Equal(2, client.Session?.DcId);
        Assert.Equal(1, Telegram.Exchanges);
    }

    [Fact]
    public async Task A_data_centre_out_of_reach_leaves_the_client_where_it_was()
    {
        Telegram.Unreachable[1] = true;
        Telegram.Answer = static (_, request) => request is AuthSendCode
            ? throw ScriptedTelegram.Refusal(303, "PHONE_MIGRATE_1")
            : new AuthLoginToken { Expires = 7, Token = [1, 2, 3, 4] };
        var client = await ConnectAsync();

        await Assert.ThrowsAsync<IOException>(() => client.SendCodeAsync("9996611234", Token));

        Assert.Equal(2, client.Session?.DcId);
        Assert.IsType<LoginStep.Scan>(await client.ExportLoginTokenAsync([], Token));
    }

    [Fact]
    public async Task A_key_that_the_server_has_forgotten_is_told_once_two_connections_said_so()
    {
        var client = await LoggedInAsync();
        var failed = new TaskCompletionSource<Exception>();
        client.Failed += e => failed.TrySetResult(e);
        Telegram.ForgetKeys();
        Telegram.Drop(2);

        Assert.IsType<AuthKeyUnknownException>(await failed.Task.WaitAsync(TimeSpan.FromSeconds(60), Token));
        await Assert.ThrowsAsync<SessionClosedException>(() => client.GetSelfAsync(Token));
    }

    [Fact]
    public async Task A_session_lost_at_telegram_is_told_apart_from_other_refusals()
    {
        var client = await LoggedInAsync();
        Telegram.Answer = static (_, _) => throw ScriptedTelegram.Refusal(401, "SESSION_REVOKED");

        Assert.True((await Assert.ThrowsAsync<RpcException>(() => client.GetSelfAsync(Token))).IsSessionLost);
    }

    [Fact]
    public async Task A_client_may_be_disposed_twice_and_connects_only_once_when_asked_twice()
    {
        var client = Create();
        await Task.WhenAll(client.ConnectAsync(Token), client.ConnectAsync(Token));
        Assert.Equal(1, Telegram.Exchanges);

        await client.DisposeAsync();
        await client.DisposeAsync();
    }

    [Fact]
    public void A_session_survives_its_bytes_with_all_salts()
    {
        var session = new TelegramSession(2, new AuthKey(Hex.Sequence(256)), 11, 1001)
        {
            Salts = [new ServerSalt(1, 2, 3), new ServerSalt(-4, 5, 6)],
        };

        var copy = TelegramSession.FromBytes(session.ToBytes());

        Assert.Equal((2, 11, 1001L, session.Key.Id), (copy.DcId, copy.Salt, copy.UserId, copy.Key.Id));
        Assert.Equal(session.Salts, copy.Salts);
    }

    [Fact]
    public void A_session_of_the_first_version_is_still_read()
    {
        var second = new TelegramSession(2, new AuthKey(Hex.Sequence(256)), 11, 1001).ToBytes();
        byte[] first = [1, .. second[1..275]];

        Assert.Equal((2, 11, 1001L), (TelegramSession.FromBytes(first).DcId, TelegramSession.FromBytes(first).Salt, TelegramSession.FromBytes(first).UserId));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(275)]
    [InlineData(277)]
    public void Bytes_that_are_no_session_are_refused(int length) =>
        Assert.Throws<FormatException>(() => TelegramSession.FromBytes([.. new byte[] { 2 }[..Math.Min(1, length)], .. new byte[Math.Max(0, length - 1)]]));

    [Fact]
    public void The_keys_of_telegram_itself_have_the_published_fingerprints()
    {
        Assert.Equal(0xd09d1d85de64fd85, (ulong)Assert.Single(TelegramServers.Production.Keys).Fingerprint);
        Assert.Equal(0xb25898df208d2603, (ulong)Assert.Single(TelegramServers.Test.Keys).Fingerprint);
        Assert.Equal([1, 2, 3, 4, 5], TelegramServers.Production.Dcs.Select(dc => dc.Id).Distinct());
        Assert.Equal(10_000, TelegramServers.Test.HandshakeDcOffset);
    }
}
