using Integrations.Mtproto.Crypto;
using Integrations.Mtproto.Schema;

namespace Integrations.Mtproto.Tests.Client;

public sealed class LoginTests : ClientTest
{
    private static readonly byte[] TokenBytes = Hex.Bytes("fbff00fe");

    [Fact]
    public async Task The_key_is_stored_before_the_first_token_is_asked_for()
    {
        Telegram.Answer = static (_, _) => new AuthLoginToken { Expires = 1_800_000_000, Token = TokenBytes };
        var client = await ConnectAsync();

        var step = Assert.IsType<LoginStep.Scan>(await client.ExportLoginTokenAsync([], Token));

        Assert.Equal("tg://login?token=-_8A_g", step.Url);
        Assert.Equal(1_800_000_000, step.ExpiresAt.ToUnixTimeSeconds());
        Assert.Equal([(0, "save dc2 user0"), (2, "auth.exportLoginToken")], Telegram.Log);
    }

    [Fact]
    public async Task An_accepted_token_logs_in_and_the_user_is_stored()
    {
        Telegram.Answer = static (_, _) => new AuthLoginTokenSuccess { Authorization = Authorised() };
        var client = await ConnectAsync();

        var step = Assert.IsType<LoginStep.Done>(await client.ExportLoginTokenAsync([], Token));

        Assert.Equal(Self.Id, step.Self.Id);
        Assert.Equal((2, Self.Id), (Saved[^1].DcId, Saved[^1].UserId));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_scan_is_told_however_the_update_comes(bool inContainer)
    {
        Telegram.Answer = static (_, _) => new AuthLoginToken { Expires = 1, Token = TokenBytes };
        var client = await ConnectAsync();
        var told = new TaskCompletionSource();
        client.LoginTokenAccepted += () => told.TrySetResult();
        await client.ExportLoginTokenAsync([], Token);

        var update = new UpdateLoginToken();
        await Telegram.PushAsync(
            2,
            inContainer
                ? new Updates { UpdatesValue = [update], Users = [], Chats = [], Date = 1, Seq = 0 }
                : new UpdateShort { Update = update, Date = 1 });

        await told.Task.WaitAsync(TimeSpan.FromSeconds(60), Token);
    }

    [Fact]
    public async Task A_login_that_moves_is_finished_by_the_same_client_at_the_other_data_centre()
    {
        Telegram.Answer = static (dc, request) => (dc, request) switch
        {
            (2, AuthExportLoginToken) => new AuthLoginTokenMigrateTo { DcId = 1, Token = TokenBytes },
            (1, AuthImportLoginToken) => new AuthLoginTokenSuccess { Authorization = Authorised() },
            _ => throw ScriptedTelegram.Refusal(500, "WRONG"),
        };
        var client = await ConnectAsync();

        Assert.IsType<LoginStep.Done>(await client.ExportLoginTokenAsync([], Token));

        Assert.Equal(
            [(0, "save dc2 user0"), (2, "auth.exportLoginToken"), (0, "save dc1 user0"), (1, "auth.importLoginToken"), (0, "save dc1 user1001")],
            Telegram.Log);
        Assert.NotEqual(Saved[0].Key.Id, Saved[1].Key.Id);
    }

    [Fact]
    public async Task A_token_that_expired_during_the_move_is_replaced_at_the_new_data_centre()
    {
        Telegram.Answer = static (dc, request) => (dc, request) switch
        {
            (2, AuthExportLoginToken) => new AuthLoginTokenMigrateTo { DcId = 1, Token = TokenBytes },
            (1, AuthImportLoginToken) => throw ScriptedTelegram.Refusal(400, "AUTH_TOKEN_EXPIRED"),
            (1, AuthExportLoginToken) => new AuthLoginToken { Expires = 7, Token = TokenBytes },
            _ => throw ScriptedTelegram.Refusal(500, "WRONG"),
        };
        var client = await ConnectAsync();

        Assert.IsType<LoginStep.Scan>(await client.ExportLoginTokenAsync([], Token));
    }

    [Fact]
    public async Task The_password_is_asked_for_at_the_data_centre_that_the_login_moved_to()
    {
        var parameters = SrpParameters.Create(SystemRandomSource.Instance);
        var verifier = parameters.ComputeVerifier("correct horse"u8);
        SrpChallenge? challenge = null;
        Telegram.Answer = (dc, request) => (dc, request) switch
        {
            (2, AuthExportLoginToken) => new AuthLoginTokenMigrateTo { DcId = 1, Token = TokenBytes },
            (1, AuthImportLoginToken) => throw ScriptedTelegram.Refusal(401, "SESSION_PASSWORD_NEEDED"),
            (1, AccountGetPassword) => Question(parameters, challenge = new SrpChallenge(parameters, verifier, SystemRandomSource.Instance)),
            (1, AuthCheckPassword { Password: InputCheckPasswordSRP proof }) => challenge!.Verify(proof.A, proof.M1)
                ? Authorised()
                : throw ScriptedTelegram.Refusal(400, "PASSWORD_HASH_INVALID"),
            _ => throw ScriptedTelegram.Refusal(500, "WRONG"),
        };
        var client = await ConnectAsync();

        Assert.IsType<LoginStep.PasswordNeeded>(await client.ExportLoginTokenAsync([], Token));
        var error = await Assert.ThrowsAsync<RpcException>(() => client.CheckPasswordAsync("wrong", Token));
        Assert.Equal("PASSWORD_HASH_INVALID", error.Type);
        Assert.Equal(Self.Id, (await client.CheckPasswordAsync("correct horse", Token)).Id);
        Assert.Equal((1, Self.Id), (Saved[^1].DcId, Saved[^1].UserId));
    }

    [Fact]
    public async Task A_number_of_another_data_centre_takes_the_client_there()
    {
        Telegram.Answer = static (dc, request) => (dc, request) switch
        {
            (2, AuthSendCode) => throw ScriptedTelegram.Refusal(303, "PHONE_MIGRATE_1"),
            (1, AuthSendCode) => new AuthSentCode { Type = new AuthSentCodeTypeApp { Length = 5 }, PhoneCodeHash = "h" },
            _ => throw ScriptedTelegram.Refusal(500, "WRONG"),
        };
        var client = await ConnectAsync();

        Assert.Equal("h", (await client.SendCodeAsync("9996611234", Token)).PhoneCodeHash);
        Assert.Equal(1, client.Session?.DcId);
    }

    [Theory]
    [InlineData("PHONE_CODE_INVALID")]
    [InlineData("PHONE_CODE_EXPIRED")]
    public async Task A_refused_code_is_told_by_its_name_and_may_be_followed_by_the_right_one(string name)
    {
        Telegram.Answer = (_, request) => request is AuthSignIn { PhoneCode: "right" } ? Authorised() : throw ScriptedTelegram.Refusal(400, name);
        var client = await ConnectAsync();

        Assert.Equal(name, (await Assert.ThrowsAsync<RpcException>(() => client.SignInAsync("9996621234", "h", "wrong", Token))).Type);
        Assert.IsType<LoginStep.Done>(await client.SignInAsync("9996621234", "h", "right", Token));
    }

    [Fact]
    public async Task A_number_that_nobody_has_makes_no_account()
    {
        Telegram.Answer = static (_, _) => new AuthAuthorizationSignUpRequired();
        var client = await ConnectAsync();

        Assert.IsType<LoginStep.SignUpRequired>(await client.SignInAsync("9996621234", "h", "22222", Token));
        Assert.Equal(0, client.Session?.UserId);
    }

    [Fact]
    public async Task A_flood_wait_is_told_and_not_slept_on()
    {
        Telegram.Answer = static (_, _) => throw ScriptedTelegram.Refusal(420, "FLOOD_WAIT_3600");
        var client = await ConnectAsync();

        var error = await Assert.ThrowsAsync<RpcException>(() => client.SendCodeAsync("9996621234", Token));

        Assert.Equal(TimeSpan.FromHours(1), error.RetryAfter);
    }

    [Fact]
    public async Task A_forgotten_password_is_recovered_by_e_mail()
    {
        Telegram.Answer = static (_, request) => request switch
        {
            AuthRequestPasswordRecovery => new AuthPasswordRecovery { EmailPattern = "a***@e***.org" },
            AuthRecoverPassword { Code: "123456" } => Authorised(),
            _ => throw ScriptedTelegram.Refusal(400, "CODE_INVALID"),
        };
        var client = await ConnectAsync();

        Assert.Equal("a***@e***.org", await client.RequestPasswordRecoveryAsync(Token));
        await Assert.ThrowsAsync<RpcException>(() => client.RecoverPasswordAsync("0", Token));
        Assert.Equal(Self.Id, (await client.RecoverPasswordAsync("123456", Token)).Id);
    }

    private static AccountPassword Question(SrpParameters parameters, SrpChallenge challenge)
    {
        var algorithm = new PasswordKdfAlgoSHA256SHA256PBKDF2HMACSHA512iter100000SHA256ModPow
        {
            Salt1 = parameters.Salt1,
            Salt2 = parameters.Salt2,
            G = parameters.G,
            P = parameters.P,
        };
        return new AccountPassword
        {
            HasPassword = true,
            CurrentAlgo = algorithm,
            SrpB = challenge.B,
            SrpId = 7,
            NewAlgo = algorithm,
            NewSecureAlgo = new SecurePasswordKdfAlgoUnknown(),
            SecureRandom = [],
        };
    }
}
