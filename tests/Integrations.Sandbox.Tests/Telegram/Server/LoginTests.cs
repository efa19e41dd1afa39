using System.Buffers.Text;
using System.Text;
using Integrations.Mtproto.Crypto;
using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Transport;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Tests.Telegram.Server;

public sealed class LoginTests : ServerTest
{
    [Theory]
    [InlineData(TransportFormat.Full, false)]
    [InlineData(TransportFormat.Abridged, false)]
    [InlineData(TransportFormat.Abridged, true)]
    [InlineData(TransportFormat.Intermediate, false)]
    [InlineData(TransportFormat.Intermediate, true)]
    [InlineData(TransportFormat.PaddedIntermediate, false)]
    [InlineData(TransportFormat.PaddedIntermediate, true)]
    public async Task Every_transport_signs_in(TransportFormat format, bool obfuscated)
    {
        var client = Own(await RawClient.ConnectAsync(Sandbox, format: format, obfuscated: obfuscated));

        var me = await client.SignInAsync(AnnasPhone);

        Assert.True(me.Self);
        Assert.Equal((Seed.Anna, AnnasPhone), (me.Id, me.Phone));
        Assert.Equal("Raw client", Assert.Single(Anna.Devices).DeviceModel);
    }

    [Fact]
    public async Task A_scan_is_told_at_once_and_the_next_export_signs_in()
    {
        var client = await ConnectAsync();
        var token = (AuthLoginToken)await client.InvokeAsync(Export());
        Anna.Scan(Url(token.Token));

        Assert.IsType<UpdateLoginToken>((await client.NextAsync<UpdateShort>()).Update);
        var success = (AuthLoginTokenSuccess)await client.InvokeAsync(Export());
        Assert.Equal(Seed.Anna, ((User)((AuthAuthorization)success.Authorization).User).Id);
    }

    [Fact]
    public async Task A_person_of_another_data_centre_is_sent_there_by_code_and_by_qr()
    {
        var client = await ConnectAsync();
        Assert.Equal(303, (await RefusedAsync("PHONE_MIGRATE_1", client.InvokeAsync(RawClient.SendCode(GlebsPhone)))).Code);

        var token = (AuthLoginToken)await client.InvokeAsync(Export());
        Sandbox.PhoneOf("gleb").Scan(Url(token.Token));
        var migrate = (AuthLoginTokenMigrateTo)await client.InvokeAsync(Export());
        var atHome = await ConnectAsync(migrate.DcId);
        var success = (AuthLoginTokenSuccess)await atHome.InvokeAsync(new AuthImportLoginToken { Token = migrate.Token });

        Assert.Equal(1, migrate.DcId);
        Assert.Equal(Seed.Gleb, ((User)((AuthAuthorization)success.Authorization).User).Id);
        Assert.Equal(1, Assert.Single(Sandbox.PhoneOf("gleb").Devices).DcId);
    }

    [Fact]
    public async Task A_second_factor_is_proved_after_a_code_and_after_a_scan()
    {
        var client = await ConnectAsync();
        Assert.Equal(401, (await RefusedAsync("SESSION_PASSWORD_NEEDED", client.SignInAsync(VerasPhone))).Code);
        await RefusedAsync("PASSWORD_HASH_INVALID", CheckPasswordAsync(client, "wrong horse"));
        Assert.Equal(Seed.Vera, (await CheckPasswordAsync(client, "correct horse")).Id);

        var other = await ConnectAsync();
        var token = (AuthLoginToken)await other.InvokeAsync(Export());
        Sandbox.PhoneOf("vera").Scan(Url(token.Token));
        await RefusedAsync("SESSION_PASSWORD_NEEDED", other.InvokeAsync(Export()));
        Assert.Equal(Seed.Vera, (await CheckPasswordAsync(other, "correct horse")).Id);
        Assert.Equal(2, Sandbox.PhoneOf("vera").Devices.Count);
    }

    [Fact]
    public async Task A_forgotten_password_is_recovered_by_e_mail_and_a_new_one_set()
    {
        var client = await ConnectAsync();
        await RefusedAsync("SESSION_PASSWORD_NEEDED", client.SignInAsync(DanasPhone));
        var question = await client.InvokeAsync(new AccountGetPassword());
        Assert.True(question.HasRecovery);
        var recovery = await client.InvokeAsync(new AuthRequestPasswordRecovery());
        var (parameters, verifier) = NewPassword(question, "a new one");

        await client.InvokeAsync(new AuthRecoverPassword
        {
            Code = Assert.Single(Sandbox.PhoneOf("dana").Emails).Code,
            NewSettings = new AccountPasswordInputSettings { NewAlgo = Algorithm(parameters), NewPasswordHash = verifier, Hint = "new" },
        });
        Assert.Equal("d**a@example.org", recovery.EmailPattern);

        var other = await ConnectAsync();
        await RefusedAsync("SESSION_PASSWORD_NEEDED", other.SignInAsync(DanasPhone));
        await RefusedAsync("PASSWORD_HASH_INVALID", CheckPasswordAsync(other, "battery staple"));
        Assert.Equal(Seed.Dana, (await CheckPasswordAsync(other, "a new one")).Id);
    }

    [Fact]
    public async Task A_number_that_nobody_has_is_asked_to_sign_up_and_cannot()
    {
        var client = await ConnectAsync();
        var sent = (AuthSentCode)await client.InvokeAsync(RawClient.SendCode("9996629999"));

        var answer = await client.InvokeAsync(
            new AuthSignIn { PhoneNumber = "9996629999", PhoneCodeHash = sent.PhoneCodeHash, PhoneCode = "22222" });

        Assert.IsType<AuthAuthorizationSignUpRequired>(answer);
        await RefusedAsync("PHONE_NUMBER_UNOCCUPIED", client.InvokeAsync(
            new AuthSignUp { PhoneNumber = "9996629999", PhoneCodeHash = sent.PhoneCodeHash, FirstName = "New", LastName = "" }));
        await RefusedAsync("PHONE_NUMBER_INVALID", client.InvokeAsync(RawClient.SendCode("12345")));
    }

    [Fact]
    public async Task A_device_ended_on_the_phone_is_nudged_and_then_refused()
    {
        var client = await SignedInAsync(AnnasPhone);
        Anna.Terminate(Anna.Devices[0].Hash);

        await client.NextAsync<UpdatesTooLong>();
        Assert.Equal(401, (await RefusedAsync("SESSION_REVOKED", client.InvokeAsync(new UpdatesGetState()))).Code);
    }

    [Fact]
    public async Task Logging_out_removes_the_device_and_leaves_the_key()
    {
        var client = await SignedInAsync(AnnasPhone);
        await client.InvokeAsync(new AuthLogOut());

        Assert.Empty(Anna.Devices);
        await RefusedAsync("AUTH_KEY_UNREGISTERED", client.InvokeAsync(new UpdatesGetState()));
        await client.SignInAsync(AnnasPhone);
        Assert.Single(Anna.Devices);
    }

    [Fact]
    public async Task The_devices_of_an_account_are_listed_and_ended_from_another_one()
    {
        var (first, second) = (await SignedInAsync(AnnasPhone), await SignedInAsync(AnnasPhone));
        var listed = (await second.InvokeAsync(new AccountGetAuthorizations())).Authorizations;

        Assert.Equal(2, listed.Count);
        Assert.Equal(0, Assert.Single(listed, device => device.Current).Hash);
        await second.InvokeAsync(new AccountResetAuthorization { Hash = Assert.Single(listed, device => !device.Current).Hash });
        await RefusedAsync("SESSION_REVOKED", first.InvokeAsync(new UpdatesGetState()));
    }

    [Fact]
    public async Task A_login_is_taken_along_to_another_data_centre_and_ends_with_its_device()
    {
        var client = await SignedInAsync(AnnasPhone);
        var other = await ConnectAsync(1);
        var ticket = await client.InvokeAsync(new AuthExportAuthorization { DcId = 1 });
        await RefusedAsync("AUTH_BYTES_INVALID", other.InvokeAsync(new AuthImportAuthorization { Id = ticket.Id, Bytes = [1, 2, 3] }));

        await other.InvokeAsync(new AuthImportAuthorization { Id = ticket.Id, Bytes = ticket.Bytes });

        Assert.Single(Anna.Devices);
        await other.InvokeAsync(new UpdatesGetState());
        await client.InvokeAsync(new AuthLogOut());
        await RefusedAsync("AUTH_KEY_UNREGISTERED", other.InvokeAsync(new UpdatesGetState()));
    }

    [Fact]
    public async Task The_configuration_lists_both_data_centres_on_this_machine()
    {
        var config = await (await ConnectAsync()).InvokeAsync(new HelpGetConfig());

        Assert.Equal(2, config.ThisDc);
        Assert.Equal(Sandbox.Dcs, config.DcOptions.Select(option => new Sandbox.Telegram.DcAddress(option.Id, option.IpAddress, option.Port)));
    }

    private static AuthExportLoginToken Export() => new() { ApiId = 4242, ApiHash = "hash", ExceptIds = [] };

    private static string Url(byte[] token) => "tg://login?token=" + Base64Url.EncodeToString(token);

    private static async Task<User> CheckPasswordAsync(RawClient client, string password)
    {
        var question = await client.InvokeAsync(new AccountGetPassword());
        var algorithm = (PasswordKdfAlgoSHA256SHA256PBKDF2HMACSHA512iter100000SHA256ModPow)question.CurrentAlgo!;
        var parameters = new SrpParameters { Salt1 = algorithm.Salt1, Salt2 = algorithm.Salt2, G = algorithm.G, P = algorithm.P };
        var proof = SrpClient.Prove(parameters, Encoding.UTF8.GetBytes(password), question.SrpB, SystemRandomSource.Instance);
        var answer = (AuthAuthorization)await client.InvokeAsync(new AuthCheckPassword
        {
            Password = new InputCheckPasswordSRP { SrpId = question.SrpId!.Value, A = proof.A, M1 = proof.M1 },
        });
        return (User)answer.User;
    }

    private static (SrpParameters Parameters, byte[] Verifier) NewPassword(AccountPassword question, string password)
    {
        var algorithm = (PasswordKdfAlgoSHA256SHA256PBKDF2HMACSHA512iter100000SHA256ModPow)question.NewAlgo;
        var parameters = new SrpParameters { Salt1 = algorithm.Salt1, Salt2 = algorithm.Salt2, G = algorithm.G, P = algorithm.P };
        return (parameters, parameters.ComputeVerifier(Encoding.UTF8.GetBytes(password)));
    }

    private static PasswordKdfAlgoSHA256SHA256PBKDF2HMACSHA512iter100000SHA256ModPow Algorithm(SrpParameters parameters) =>
        new() { Salt1 = parameters.Salt1, Salt2 = parameters.Salt2, G = parameters.G, P = parameters.P };
}
