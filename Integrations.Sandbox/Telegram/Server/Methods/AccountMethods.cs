using Integrations.Mtproto.Schema;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Telegram.Server.Methods;

/// <summary><c>account.*</c>: the devices of an account.</summary>
internal static class AccountMethods
{
    private const int DaysUntilIdleDevicesEnd = 180;

    public static void AddAccount(this RpcDispatcher dispatcher)
    {
        dispatcher.Register<AccountUpdateStatus, bool>((call, _) => call.User is not null);
        dispatcher.Register<AccountGetAuthorizations, AccountAuthorizations>(GetAuthorizations);
        dispatcher.Register<AccountResetAuthorization, bool>((call, request) =>
            call.World.EndDevice(call.User.Id, request.Hash) ? true : throw TelegramRefusal.BadRequest("HASH_INVALID"));
    }

    /// <summary>A device as the list shows it; the one that asks has the hash 0.</summary>
    public static Authorization Authorization(DeviceInfo info, long hash, bool isCurrent, int created, int active) => new()
    {
        Current = isCurrent,
        Hash = isCurrent ? 0 : hash,
        DeviceModel = info.DeviceModel,
        Platform = "",
        SystemVersion = info.SystemVersion,
        ApiId = info.ApiId,
        AppName = $"api_id {info.ApiId}",
        AppVersion = info.AppVersion,
        DateCreated = created,
        DateActive = active,
        Ip = "127.0.0.1",
        Country = "Sandbox",
        Region = "",
    };

    private static AccountAuthorizations GetAuthorizations(RpcCall call, AccountGetAuthorizations request) => new()
    {
        AuthorizationTtlDays = DaysUntilIdleDevicesEnd,
        Authorizations =
        [
            .. call.World.Devices(call.User.Id).Select(pair => Authorization(
                pair.Device.Info,
                pair.Device.Hash,
                pair.Key.Id == call.KeyId,
                (int)pair.Device.CreatedAt.ToUnixTimeSeconds(),
                (int)pair.Device.LastActiveAt.ToUnixTimeSeconds())),
        ],
    };
}
