using Integrations.Mtproto.Schema;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Telegram.Server.Methods;

/// <summary><c>help.*</c>: where the data centres are and what their limits are.</summary>
internal static class HelpMethods
{
    private const int ConfigSeconds = 3600;

    public static void AddHelp(this RpcDispatcher dispatcher)
    {
        dispatcher.Register<HelpGetConfig, Config>(GetConfig);
        dispatcher.Register<HelpGetNearestDc, NearestDc>((call, _) =>
            new NearestDc { Country = "UA", ThisDc = call.DcId, NearestDcValue = SandboxTelegram.MainDc });
        dispatcher.Register<HelpGetAppConfig, HelpAppConfigBase>((_, request) =>
            request.Hash == AppConfigHash ? new HelpAppConfigNotModified() : new HelpAppConfig { Hash = AppConfigHash, Config = new JsonObject { Value = [] } });
    }

    private const int AppConfigHash = 1;

    private static Config GetConfig(RpcCall call, HelpGetConfig request) => new()
    {
        Date = call.UnixNow,
        Expires = call.UnixNow + ConfigSeconds,
        TestMode = false,
        ThisDc = call.DcId,
        DcOptions = [.. call.Parts.Dcs.Select(dc => new DcOption { Id = dc.Id, IpAddress = dc.Host, Port = dc.Port })],
        DcTxtDomainName = "sandbox.invalid",
        ChatSizeMax = 200,
        MegagroupSizeMax = 200_000,
        ForwardedCountMax = 100,
        OnlineUpdatePeriodMs = 210_000,
        OfflineBlurTimeoutMs = 5_000,
        OfflineIdleTimeoutMs = 30_000,
        OnlineCloudTimeoutMs = 300_000,
        NotifyCloudDelayMs = 30_000,
        NotifyDefaultDelayMs = 1_500,
        PushChatPeriodMs = 60_000,
        PushChatLimit = 2,
        EditTimeLimit = 172_800,
        RevokeTimeLimit = int.MaxValue,
        RevokePmTimeLimit = int.MaxValue,
        RatingEDecay = 2_419_200,
        StickersRecentLimit = 200,
        ChannelsReadMediaPeriod = 604_800,
        CallReceiveTimeoutMs = 20_000,
        CallRingTimeoutMs = 90_000,
        CallConnectTimeoutMs = 30_000,
        CallPacketTimeoutMs = 10_000,
        MeUrlPrefix = "https://t.me/",
        CaptionLengthMax = 1024,
        MessageLengthMax = TelegramWorld.MessageLengthMax,
        WebfileDcId = SandboxTelegram.MainDc,
    };
}
