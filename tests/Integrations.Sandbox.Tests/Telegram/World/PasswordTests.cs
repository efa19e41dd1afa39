using System.Text;
using Integrations.Mtproto.Crypto;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Tests.Telegram.World;

public sealed class PasswordTests : IDisposable
{
    private readonly AWorld _a = new();

    public void Dispose() => _a.Dispose();

    [Fact]
    public void The_right_password_signs_in()
    {
        var key = AwaitPasswordOf(Seed.Vera);

        Assert.Equal(Seed.Vera, Check(key, "correct horse").Id);
        Assert.Equal(Seed.Vera, _a.World.Authorized(key).Id);
    }

    [Fact]
    public void A_wrong_password_says_so_and_may_be_tried_again()
    {
        var key = AwaitPasswordOf(Seed.Vera);

        AWorld.Refused("PASSWORD_HASH_INVALID", () => Check(key, "wrong horse"));
        Assert.Equal(Seed.Vera, Check(key, "correct horse").Id);
    }

    [Fact]
    public void A_challenge_is_good_for_one_try_by_the_key_that_asked()
    {
        var (key, other) = (AwaitPasswordOf(Seed.Vera), AwaitPasswordOf(Seed.Vera));
        var challenge = _a.World.ChallengePassword(key)!;
        var (a, m1) = Prove(challenge, "correct horse");

        AWorld.Refused("SRP_ID_INVALID", () => _a.World.CheckPassword(other, challenge.Id, a, m1, AWorld.Laptop));
        challenge = _a.World.ChallengePassword(key)!;
        AWorld.Refused("PASSWORD_HASH_INVALID", () => _a.World.CheckPassword(key, challenge.Id, a, m1, AWorld.Laptop));
        AWorld.Refused("SRP_ID_INVALID", () => _a.World.CheckPassword(key, challenge.Id, a, m1, AWorld.Laptop));
    }

    [Fact]
    public void Guessing_makes_the_person_wait()
    {
        using var a = new AWorld(options => options.WrongPasswordsAllowed = 1);
        var key = AwaitPasswordOf(Seed.Vera, a);
        var challenge = a.World.ChallengePassword(key)!;
        AWorld.Refused("PASSWORD_HASH_INVALID", () => a.World.CheckPassword(key, challenge.Id, [9], new byte[32], AWorld.Laptop));

        Assert.Equal(420, AWorld.Refused("FLOOD_WAIT_3600", () => a.World.CheckPassword(key, challenge.Id, [9], new byte[32], AWorld.Laptop)).Code);
    }

    [Fact]
    public void A_person_without_a_second_factor_has_no_challenge() => Assert.Null(_a.World.ChallengePassword(_a.SignIn(Seed.Anna)));

    [Fact]
    public void A_forgotten_password_is_removed_with_the_code_from_the_mailbox()
    {
        var key = AwaitPasswordOf(Seed.Dana);
        Assert.Equal("d**a@example.org", _a.World.RequestRecovery(key));
        var code = Assert.Single(_a.World.RecoveryCodesOf(Seed.Dana)).Code;

        AWorld.Refused("CODE_INVALID", () => _a.World.RecoverPassword(key, code == "000000" ? "111111" : "000000", null, AWorld.Laptop));
        Assert.Equal(Seed.Dana, _a.World.RecoverPassword(key, code, null, AWorld.Laptop).Id);

        Assert.Equal(Seed.Dana, _a.World.Authorized(key).Id);
        Assert.Null(_a.World.FindPerson(Seed.Dana)!.Password);
        AWorld.Refused("PASSWORD_EMPTY", () => _a.World.RequestRecovery(key));
    }

    [Fact]
    public void A_recovery_code_expires_and_nobody_without_an_address_gets_one()
    {
        var key = AwaitPasswordOf(Seed.Dana);
        _a.World.RequestRecovery(key);
        _a.Clock.Advance(_a.Options.CodeLifetime);

        AWorld.Refused(
            "PASSWORD_RECOVERY_EXPIRED", () => _a.World.CheckRecoveryCode(key, _a.World.RecoveryCodesOf(Seed.Dana)[0].Code));
        AWorld.Refused("PASSWORD_RECOVERY_NA", () => _a.World.RequestRecovery(AwaitPasswordOf(Seed.Vera)));
    }

    private long AwaitPasswordOf(long personId, AWorld? world = null)
    {
        var a = world ?? _a;
        var key = a.NewKey();
        var phone = AWorld.PhoneOf(a.World, personId);
        var code = a.World.SendCode(phone, AWorld.ApiId, 2);
        AWorld.Refused("SESSION_PASSWORD_NEEDED", () => a.World.SignIn(key, 2, phone, code.Hash, code.Code, AWorld.Laptop));
        return key;
    }

    private Person Check(long key, string password)
    {
        var challenge = _a.World.ChallengePassword(key)!;
        var (a, m1) = Prove(challenge, password);
        return _a.World.CheckPassword(key, challenge.Id, a, m1, AWorld.Laptop);
    }

    private static (byte[] A, byte[] M1) Prove(PasswordChallenge challenge, string password)
    {
        var proof = SrpClient.Prove(challenge.Password.Parameters(), Encoding.UTF8.GetBytes(password), challenge.Srp.B, SystemRandomSource.Instance);
        return (proof.A, proof.M1);
    }
}
