using Integrations.Mtproto.Schema;

namespace Integrations.Mtproto.Tests.Client;

/// <summary>Where the servers say that they are.</summary>
public sealed class DcDirectoryTests : ClientTest
{
    [Fact]
    public async Task A_move_goes_to_the_address_that_the_servers_told()
    {
        Telegram.Config = ConfigOf(Dc(1, "192.0.2.1"), Dc(2, "192.0.2.2"));
        Telegram.Answer = static (dc, _) => dc == 2 ? throw ScriptedTelegram.Refusal(303, "PHONE_MIGRATE_1") : Code();
        var client = await ConnectAsync();
        await UntilAsync(() => client.Dcs.Next(1).Host, host => host == "192.0.2.1");

        await client.SendCodeAsync("9996611234", Token);

        Assert.Contains(new TelegramDc(1, "192.0.2.1", 443), Telegram.Dialled);
        Assert.DoesNotContain(Telegram.Dialled, dc => dc is { Id: 1, Host: "one" });
    }

    [Fact]
    public async Task The_next_connection_goes_there_too_and_back_to_the_built_in_address_when_nobody_answers()
    {
        Telegram.Config = ConfigOf(Dc(2, "192.0.2.2"));
        Telegram.Answer = static (_, _) => new List<UserBase> { Self };
        var client = await ConnectAsync();
        await UntilAsync(() => client.Dcs.Next(2).Host, host => host == "192.0.2.2");

        Telegram.Drop(2);
        await UntilAsync(() => Telegram.Dialled.Last().Host, host => host == "192.0.2.2");
        await client.GetSelfAsync(Token);
        Telegram.DeadHosts["192.0.2.2"] = true;
        Telegram.Drop(2);

        await client.GetSelfAsync(Token);
        Assert.Equal("two", Telegram.Dialled.Last().Host);
    }

    [Fact]
    public async Task Addresses_may_be_pushed()
    {
        var client = await LoggedInAsync();
        await Telegram.PushAsync(2, new UpdateShort { Update = new UpdateDcOptions { DcOptions = [Dc(2, "192.0.2.9")] }, Date = 1 });
        await UntilAsync(() => client.Dcs.Next(2).Host, host => host == "192.0.2.9");

        Telegram.Config = ConfigOf(Dc(1, "192.0.2.1"));
        await Telegram.PushAsync(2, new UpdateShort { Update = new UpdateConfig(), Date = 1 });

        await UntilAsync(() => client.Dcs.Next(1).Host, host => host == "192.0.2.1");
        Assert.Equal("192.0.2.9", client.Dcs.Next(2).Host);
    }

    [Fact]
    public void Only_addresses_that_fit_are_taken()
    {
        var directory = Directory();

        directory.Learn(
        [
            new DcOption { Id = 2, IpAddress = "2001:db8::2", Port = 443, Ipv6 = true },
            new DcOption { Id = 2, IpAddress = "192.0.2.3", Port = 443, MediaOnly = true },
            new DcOption { Id = 2, IpAddress = "192.0.2.4", Port = 443, Cdn = true },
            new DcOption { Id = 2, IpAddress = "192.0.2.5", Port = 443, TcpoOnly = true },
            new DcOption { Id = 2, IpAddress = "192.0.2.6", Port = 443, Secret = [1] },
            new DcOption { Id = 2, IpAddress = "not an address", Port = 443 },
            new DcOption { Id = 2, IpAddress = "192.0.2.7", Port = 0 },
        ]);
        Assert.Equal("two", directory.Next(2).Host);

        directory.Learn([Dc(2, "192.0.2.8"), Dc(4, "192.0.2.40")]);
        Assert.Equal("192.0.2.8", directory.Next(2).Host);
        Assert.Equal("192.0.2.40", directory.Next(4).Host);
        Assert.Equal("one", directory.Next(1).Host);
        Assert.Throws<KeyNotFoundException>(() => directory.Next(5));
    }

    [Fact]
    public void The_list_of_another_world_is_not_taken()
    {
        var directory = Directory();

        directory.Learn(ConfigOf(isTest: true, Dc(2, "192.0.2.8")));

        Assert.Equal("two", directory.Next(2).Host);
    }

    [Fact]
    public void An_address_that_fails_gives_way_to_the_next_and_comes_round_again()
    {
        var directory = Directory();
        directory.Learn([Dc(2, "192.0.2.8"), Dc(2, "192.0.2.9")]);

        var tried = new List<string>();
        for (var i = 0; i < 4; i++)
        {
            var dc = directory.Next(2);
            tried.Add(dc.Host);
            directory.Failed(dc);
            directory.Failed(dc);
        }

        Assert.Equal(["192.0.2.8", "192.0.2.9", "two", "192.0.2.8"], tried);
    }

    [Fact]
    public void Addresses_of_IPv6_come_after_those_of_IPv4_where_they_are_wanted()
    {
        var directory = Directory(ipv6: true);
        directory.Learn([new DcOption { Id = 2, IpAddress = "2001:db8::2", Port = 443, Ipv6 = true }, Dc(2, "192.0.2.8")]);

        var tried = new List<string>();
        for (var i = 0; i < 4; i++)
        {
            var dc = directory.Next(2);
            tried.Add(dc.Host);
            directory.Failed(dc);
        }

        Assert.Equal(["192.0.2.8", "2001:db8::2", "two", "2001:db8::22"], tried);
        Assert.Equal(["two"], Enumerable.Range(0, 3).Select(_ => Directory().Next(2).Host).Distinct());
    }

    private static DcDirectory Directory(bool ipv6 = false) =>
        new(
            new TelegramServers(2, [new TelegramDc(1, "one", 1), new TelegramDc(2, "two", 2), new TelegramDc(2, "2001:db8::22", 2)], []),
            obfuscated: false, ipv6);

    private static DcOption Dc(int id, string address) => new() { Id = id, IpAddress = address, Port = 443 };

    private static AuthSentCode Code() => new() { Type = new AuthSentCodeTypeApp { Length = 5 }, PhoneCodeHash = "hash" };

    private static Config ConfigOf(params DcOption[] options) => ConfigOf(isTest: false, options);

    private static Config ConfigOf(bool isTest, params DcOption[] options) => new()
    {
        Date = 1,
        Expires = 3_601,
        TestMode = isTest,
        ThisDc = 2,
        DcOptions = options,
        DcTxtDomainName = "",
        ChatSizeMax = 200,
        MegagroupSizeMax = 200,
        ForwardedCountMax = 100,
        OnlineUpdatePeriodMs = 1,
        OfflineBlurTimeoutMs = 1,
        OfflineIdleTimeoutMs = 1,
        OnlineCloudTimeoutMs = 1,
        NotifyCloudDelayMs = 1,
        NotifyDefaultDelayMs = 1,
        PushChatPeriodMs = 1,
        PushChatLimit = 1,
        EditTimeLimit = 1,
        RevokeTimeLimit = 1,
        RevokePmTimeLimit = 1,
        RatingEDecay = 1,
        StickersRecentLimit = 1,
        ChannelsReadMediaPeriod = 1,
        CallReceiveTimeoutMs = 1,
        CallRingTimeoutMs = 1,
        CallConnectTimeoutMs = 1,
        CallPacketTimeoutMs = 1,
        MeUrlPrefix = "",
        CaptionLengthMax = 1,
        MessageLengthMax = 1,
        WebfileDcId = 1,
    };
}
