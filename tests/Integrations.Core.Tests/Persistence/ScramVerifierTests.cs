using Integrations.Core.Persistence;

namespace Integrations.Core.Tests.Persistence;

public sealed class ScramVerifierTests
{
    [Fact]
    public void Keys_are_those_of_RFC_7677()
    {
        // Section 3: user "user", password "pencil". ServerSignature there is HMAC(ServerKey, AuthMessage).
        var verifier = ScramVerifier.Create("pencil", Convert.FromBase64String("W22ZaJ0SNY7soEsUEjb6gQ=="), 4096);
        var serverKey = Convert.FromBase64String(verifier.Split(':')[^1]);
        var message = "n=user,r=rOprNGfwEbeRWgbNEkqO,"
            + "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,"
            + "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
        var signature = System.Security.Cryptography.HMACSHA256.HashData(serverKey, System.Text.Encoding.ASCII.GetBytes(message));

        Assert.Equal("6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", Convert.ToBase64String(signature));
    }

    [Fact]
    public void A_verifier_matches_its_own_password_and_no_other()
    {
        var verifier = ScramVerifier.Create("one");

        Assert.True(ScramVerifier.Matches(verifier, "one"));
        Assert.False(ScramVerifier.Matches(verifier, "two"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("md5a6343a68d964ca596d9752250d54bb8a")]
    [InlineData("SCRAM-SHA-256$x:c2FsdA==$a:b")]
    [InlineData("SCRAM-SHA-256$4096:no base64$a:b")]
    public void What_is_no_verifier_matches_nothing(string stored) => Assert.False(ScramVerifier.Matches(stored, "one"));
}
