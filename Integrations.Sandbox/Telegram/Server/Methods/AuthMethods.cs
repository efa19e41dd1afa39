using Integrations.Mtproto.Crypto;
using Integrations.Mtproto.Handshake;
using Integrations.Mtproto.Schema;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Telegram.Server.Methods;

/// <summary><c>auth.*</c>: codes, QR tokens, logging out, and moving a login to another data centre.</summary>
internal static class AuthMethods
{
    private const int CodeLength = 5;
    private const int SecondsBeforeNextCode = 60;

    public static void AddAuth(this RpcDispatcher dispatcher)
    {
        dispatcher.Register<AuthSendCode, AuthSentCodeBase>((call, request) =>
            Sent(call, request.PhoneNumber, call.World.SendCode(request.PhoneNumber, request.ApiId, call.DcId)));
        dispatcher.Register<AuthResendCode, AuthSentCodeBase>((call, request) =>
            Sent(call, request.PhoneNumber, call.World.ResendCode(request.PhoneNumber, request.PhoneCodeHash, call.Session.Info.ApiId, call.DcId)));
        dispatcher.Register<AuthCancelCode, bool>((call, request) =>
        {
            call.World.CancelCode(request.PhoneNumber, request.PhoneCodeHash);
            return true;
        });
        dispatcher.Register<AuthSignIn, AuthAuthorizationBase>(SignIn);
        // Everybody who lives in this world is known beforehand.
        dispatcher.Register<AuthSignUp, AuthAuthorizationBase>((_, _) => throw TelegramRefusal.BadRequest("PHONE_NUMBER_UNOCCUPIED"));
        dispatcher.Register<AuthExportLoginToken, AuthLoginTokenBase>(ExportLoginToken);
        dispatcher.Register<AuthImportLoginToken, AuthLoginTokenBase>((call, request) =>
            Success(call, call.World.ImportQrToken(call.KeyId, call.DcId, request.Token, call.Session.Info)));
        dispatcher.Register<AuthAcceptLoginToken, Authorization>(AcceptLoginToken);
        dispatcher.Register<AuthLogOut, AuthLoggedOut>((call, _) =>
        {
            call.World.LogOut(call.KeyId);
            call.Session.WantsUpdates = false;
            return new AuthLoggedOut();
        });
        dispatcher.Register<AuthResetAuthorizations, bool>((call, _) =>
        {
            call.World.EndOtherDevices(call.User.Id, call.KeyId);
            return true;
        });
        dispatcher.Register<AuthExportAuthorization, AuthExportedAuthorization>((call, request) =>
        {
            var (id, bytes) = call.World.ExportAuthorization(call.User.Id, call.KeyId, call.DcId, request.DcId);
            return new AuthExportedAuthorization { Id = id, Bytes = bytes };
        });
        dispatcher.Register<AuthImportAuthorization, AuthAuthorizationBase>((call, request) =>
            Authorized(call, call.World.ImportAuthorization(call.KeyId, call.DcId, request.Id, request.Bytes, call.Session.Info)));
        dispatcher.Register<AuthBindTempAuthKey, bool>(BindTemporaryKey);
    }

    public static AuthAuthorization Authorized(RpcCall call, Person person) => new() { User = new View(call.World, person).User(person) };

    private static bool BindTemporaryKey(RpcCall call, AuthBindTempAuthKey request)
    {
        if (call.World.FindKey(request.PermAuthKeyId, call.DcId) is not { } permanent
            || !KeyBinding.Proves(request, new AuthKey(permanent.Secret), call.Session.KeyId, call.Session.Id, call.MessageId)
            || request.ExpiresAt <= call.UnixNow)
            throw TelegramRefusal.BadRequest("ENCRYPTED_MESSAGE_INVALID");
        return call.Parts.TemporaryKeys.Bind(call.Session.KeyId, permanent.Id, request.ExpiresAt) switch
        {
            BindOutcome.NotTemporary => throw TelegramRefusal.BadRequest("TEMP_AUTH_KEY_EMPTY"),
            BindOutcome.BoundElsewhere => throw TelegramRefusal.BadRequest("TEMP_AUTH_KEY_ALREADY_BOUND"),
            _ => true,
        };
    }

    private static AuthSentCode Sent(RpcCall call, string phoneNumber, LoginCode code) => new()
    {
        Type = call.World.HasDevices(phoneNumber)
            ? new AuthSentCodeTypeApp { Length = CodeLength }
            : new AuthSentCodeTypeSms { Length = CodeLength },
        PhoneCodeHash = code.Hash,
        NextType = new AuthCodeTypeSms(),
        Timeout = SecondsBeforeNextCode,
    };

    private static AuthAuthorizationBase SignIn(RpcCall call, AuthSignIn request)
    {
        var person = call.World.SignIn(
            call.KeyId, call.DcId, request.PhoneNumber, request.PhoneCodeHash, request.PhoneCode, call.Session.Info);
        return person is null ? new AuthAuthorizationSignUpRequired() : Authorized(call, person);
    }

    private static AuthLoginTokenBase ExportLoginToken(RpcCall call, AuthExportLoginToken request)
    {
        var outcome = call.World.ExportQrToken(call.KeyId, call.DcId, request.ApiId, [.. request.ExceptIds], call.Session.Info);
        return outcome switch
        {
            { SignedIn: { } person } => Success(call, person),
            { MigrateTo: { } dcId, Token: { } scanned } => new AuthLoginTokenMigrateTo { DcId = dcId, Token = scanned.Token },
            { Token: { } token } => new AuthLoginToken { Expires = (int)token.ExpiresAt.ToUnixTimeSeconds(), Token = token.Token },
            _ => throw new InvalidOperationException("A QR login has neither a token nor a person."),
        };
    }

    private static AuthLoginTokenSuccess Success(RpcCall call, Person person) => new() { Authorization = Authorized(call, person) };

    private static Authorization AcceptLoginToken(RpcCall call, AuthAcceptLoginToken request)
    {
        var key = call.World.AcceptQrToken(call.User.Id, request.Token);
        var info = call.Parts.SessionsOf(key.Id) is [.., { } latest] ? latest.Info : new DeviceInfo();
        return AccountMethods.Authorization(info, 0, false, call.UnixNow, call.UnixNow);
    }
}
