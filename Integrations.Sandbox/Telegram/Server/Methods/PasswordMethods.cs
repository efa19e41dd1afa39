using Integrations.Mtproto.Crypto;
using Integrations.Mtproto.Schema;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Telegram.Server.Methods;

/// <summary>The second factor: <c>account.getPassword</c>, <c>auth.checkPassword</c> and recovery.</summary>
internal static class PasswordMethods
{
    private const int VerifierSize = 256;
    private const int SecureRandomSize = 256;

    public static void AddPassword(this RpcDispatcher dispatcher)
    {
        dispatcher.Register<AccountGetPassword, AccountPassword>(GetPassword);
        dispatcher.Register<AuthCheckPassword, AuthAuthorizationBase>(CheckPassword);
        dispatcher.Register<AuthRequestPasswordRecovery, AuthPasswordRecovery>((call, _) =>
            new AuthPasswordRecovery { EmailPattern = call.World.RequestRecovery(call.KeyId) });
        dispatcher.Register<AuthCheckRecoveryPassword, bool>((call, request) =>
        {
            call.World.CheckRecoveryCode(call.KeyId, request.Code);
            return true;
        });
        dispatcher.Register<AuthRecoverPassword, AuthAuthorizationBase>((call, request) =>
            AuthMethods.Authorized(
                call, call.World.RecoverPassword(call.KeyId, request.Code, Replacement(request.NewSettings), call.Session.Info)));
    }

    private static AccountPassword GetPassword(RpcCall call, AccountGetPassword request)
    {
        var owner = call.World.PasswordOwner(call.KeyId);
        var challenge = call.World.ChallengePassword(call.KeyId);
        var fresh = SrpParameters.Create(call.Parts.Random);
        var random = new byte[SecureRandomSize];
        call.Parts.Random.Fill(random);
        return new AccountPassword
        {
            HasRecovery = challenge is not null && owner.RecoveryEmail is not null,
            HasPassword = challenge is not null,
            CurrentAlgo = challenge is null ? null : Algorithm(challenge.Password.Parameters()),
            SrpB = challenge?.Srp.B,
            SrpId = challenge?.Id,
            Hint = challenge?.Password.Hint,
            NewAlgo = Algorithm(fresh),
            NewSecureAlgo = new SecurePasswordKdfAlgoPBKDF2HMACSHA512iter100000 { Salt = fresh.Salt2 },
            SecureRandom = random,
        };
    }

    private static AuthAuthorizationBase CheckPassword(RpcCall call, AuthCheckPassword request)
    {
        if (request.Password is not InputCheckPasswordSRP proof)
            throw TelegramRefusal.BadRequest("PASSWORD_HASH_INVALID");
        return AuthMethods.Authorized(call, call.World.CheckPassword(call.KeyId, proof.SrpId, proof.A, proof.M1, call.Session.Info));
    }

    private static CloudPassword? Replacement(AccountPasswordInputSettings? settings)
    {
        if (settings?.NewAlgo is null or PasswordKdfAlgoUnknown)
            return null;
        if (settings.NewAlgo is not PasswordKdfAlgoSHA256SHA256PBKDF2HMACSHA512iter100000SHA256ModPow algorithm
            || settings.NewPasswordHash is not { Length: VerifierSize } verifier)
            throw TelegramRefusal.BadRequest("NEW_SETTINGS_INVALID");
        return new CloudPassword { Salt1 = algorithm.Salt1, Salt2 = algorithm.Salt2, Verifier = verifier, Hint = settings.Hint };
    }

    private static PasswordKdfAlgoSHA256SHA256PBKDF2HMACSHA512iter100000SHA256ModPow Algorithm(SrpParameters parameters) =>
        new() { Salt1 = parameters.Salt1, Salt2 = parameters.Salt2, G = parameters.G, P = parameters.P };
}
