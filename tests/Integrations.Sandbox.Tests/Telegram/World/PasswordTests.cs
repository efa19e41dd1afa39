using System.Numerics;
using System.Security.Cryptography;
using System.Text;
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

    /// <summary>The client's half, written from the protocol page on its own, so that a mistake on the server's side has no twin here.</summary>
    private static (byte[] A, byte[] M1) Prove(SrpChallenge challenge, string password)
    {
        var (p, g) = (Srp.Prime, Srp.Generator);
        byte[] Hash(params byte[][] parts) => SHA256.HashData(parts.SelectMany(part => part).ToArray());
        var (salt1, salt2) = (challenge.Password.Salt1, challenge.Password.Salt2);
        var ph1 = Hash(salt2, Hash(salt1, Encoding.UTF8.GetBytes(password), salt1), salt2);
        var ph2 = Hash(salt2, Rfc2898DeriveBytes.Pbkdf2(ph1, salt1, 100_000, HashAlgorithmName.SHA512, 64), salt2);
        var x = Srp.ToNumber(ph2);
        var secret = Srp.ToNumber(SHA512.HashData("a client's secret"u8));
        var a = Srp.Pad(BigInteger.ModPow(g, secret, p));
        var u = Srp.ToNumber(Hash(a, challenge.B));
        var k = Srp.ToNumber(Hash(Srp.PrimeBytes, Srp.Pad(g)));
        var t = (Srp.ToNumber(challenge.B) - (k * BigInteger.ModPow(g, x, p))) % p;
        var s = BigInteger.ModPow(t.Sign < 0 ? t + p : t, secret + (u * x), p);
        var mixed = Hash(Srp.PrimeBytes).Zip(Hash(Srp.Pad(g)), (left, right) => (byte)(left ^ right)).ToArray();
        return (a, Hash(mixed, Hash(salt1), Hash(salt2), a, challenge.B, Hash(Srp.Pad(s))));
    }
}
