using System.Text;
using Integrations.Api.Authentication;
using Integrations.Core.Tenancy;

namespace Integrations.Api.Tests.Authentication;

public sealed class TokenClaimsTests
{
    private const string Tenant = "0198c3a2-7d10-7000-8000-000000000001";
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);

    [Fact]
    public void A_whole_set_of_claims_is_read()
    {
        var claims = Read($$"""{"sub":"17","tenant_id":"{{Tenant}}","role":"admin","exp":1800000100,"email":"a@example.org","name":"A"}""", out _);

        Assert.Equal(new TokenClaims(new TenantId(Guid.Parse(Tenant)), "17", 17, Role.Admin, "a@example.org", "A", Now.AddSeconds(100)), claims);
    }

    [Theory]
    [InlineData(-59, true)]
    [InlineData(-60, false)]
    public void An_expired_token_is_accepted_for_less_than_sixty_seconds(int seconds, bool accepted) =>
        Assert.Equal(accepted, Read(Claims($"\"exp\":{1_800_000_000 + seconds}"), out _) is not null);

    [Theory]
    [InlineData(60, true)]
    [InlineData(61, false)]
    public void A_token_of_the_future_is_accepted_for_sixty_seconds(int seconds, bool accepted) =>
        Assert.Equal(accepted, Read(Claims($"\"exp\":1800000900,\"nbf\":{1_800_000_000 + seconds}"), out _) is not null);

    [Theory]
    [InlineData("\"x\":1", "exp")]
    [InlineData("\"exp\":\"1800000900\"", "exp")]
    [InlineData("\"exp\":1e300", "exp")]
    [InlineData("\"exp\":-1", "exp")]
    [InlineData("\"exp\":1800000900,\"nbf\":\"soon\"", "nbf")]
    public void Times_that_are_missing_or_no_numbers_are_named(string times, string claim)
    {
        Assert.Null(Read(Claims(times), out var problem));
        Assert.Contains(claim, problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"sub":"1","role":"admin","exp":1800000900}""", "tenant_id")]
    [InlineData("""{"sub":"1","role":"admin","exp":1800000900,"tenant_id":"acme"}""", "tenant_id")]
    [InlineData("""{"sub":"1","role":"admin","exp":1800000900,"tenant_id":"00000000-0000-0000-0000-000000000000"}""", "tenant_id")]
    [InlineData("""{"sub":"1","exp":1800000900,"tenant_id":"0198c3a2-7d10-7000-8000-000000000001"}""", "role")]
    [InlineData("""{"sub":"1","role":"root","exp":1800000900,"tenant_id":"0198c3a2-7d10-7000-8000-000000000001"}""", "role")]
    [InlineData("""{"role":"admin","exp":1800000900,"tenant_id":"0198c3a2-7d10-7000-8000-000000000001"}""", "sub")]
    [InlineData("""{"sub":"console:2000000001","role":"admin","exp":1800000900,"tenant_id":"0198c3a2-7d10-7000-8000-000000000001"}""", "sub")]
    [InlineData("""{"user_id":2000000001,"role":"admin","exp":1800000900,"tenant_id":"0198c3a2-7d10-7000-8000-000000000001"}""", "user_id")]
    [InlineData("""{"user_id":0,"role":"admin","exp":1800000900,"tenant_id":"0198c3a2-7d10-7000-8000-000000000001"}""", "user_id")]
    [InlineData("""{"sub":"1","user_id":-5,"role":"admin","exp":1800000900,"tenant_id":"0198c3a2-7d10-7000-8000-000000000001"}""", "user_id")]
    [InlineData("""{"sub":"1","user_id":"anna","role":"admin","exp":1800000900,"tenant_id":"0198c3a2-7d10-7000-8000-000000000001"}""", "user_id")]
    [InlineData("""{"sub":"1","user_id":true,"role":"admin","exp":1800000900,"tenant_id":"0198c3a2-7d10-7000-8000-000000000001"}""", "user_id")]
    [InlineData("""{"user_id":1.5,"role":"admin","exp":1800000900,"tenant_id":"0198c3a2-7d10-7000-8000-000000000001"}""", "user_id")]
    [InlineData("""{"sub":"1","sub":"2","role":"admin","exp":1800000900,"tenant_id":"0198c3a2-7d10-7000-8000-000000000001"}""", "JSON")]
    [InlineData("""["sub"]""", "JSON")]
    [InlineData("""{"sub":"\ud83d","role":"admin","exp":1800000900,"tenant_id":"0198c3a2-7d10-7000-8000-000000000001"}""", "sub")]
    [InlineData("""{"sub":"a\u0000","role":"admin","exp":1800000900,"tenant_id":"0198c3a2-7d10-7000-8000-000000000001"}""", "sub")]
    public void Claims_that_are_missing_or_wrong_are_named(string payload, string expected)
    {
        Assert.Null(Read(payload, out var problem));
        Assert.Contains(expected, problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"sub\":\"anna\"", "anna", null)]
    [InlineData("\"sub\":\"anna\",\"user_id\":5", "anna", 5)]
    [InlineData("\"user_id\":5", "5", 5)]
    [InlineData("\"user_id\":\"5\"", "5", 5)]
    public void A_user_is_named_by_sub_and_numbered_by_user_id(string who, string subject, int? userId)
    {
        var claims = Read($$"""{{{who}},"tenant_id":"{{Tenant}}","role":"viewer","exp":1800000900}""", out var problem);

        Assert.True(claims is not null, problem);
        Assert.Equal((subject, userId), (claims.Subject, claims.UserId));
    }

    private static string Claims(string times) => $$"""{"sub":"1","tenant_id":"{{Tenant}}","role":"viewer",{{times}}}""";

    [Theory]
    [InlineData("\"iss\":\"https://users.example.org\",\"aud\":\"integrations\"", "")]
    [InlineData("\"iss\":\"https://users.example.org\",\"aud\":[\"shop\",\"integrations\"]", "")]
    [InlineData("\"iss\":\"https://users.example.org/\",\"aud\":\"integrations\"", "iss")]
    [InlineData("\"iss\":[\"https://users.example.org\"],\"aud\":\"integrations\"", "iss")]
    [InlineData("\"aud\":\"integrations\"", "iss")]
    [InlineData("\"iss\":\"https://users.example.org\"", "aud")]
    [InlineData("\"iss\":\"https://users.example.org\",\"aud\":\"Integrations\"", "aud")]
    [InlineData("\"iss\":\"https://users.example.org\",\"aud\":[]", "aud")]
    [InlineData("\"iss\":\"https://users.example.org\",\"aud\":[\"shop\",{\"x\":\"integrations\"}]", "aud")]
    [InlineData("\"iss\":\"https://users.example.org\",\"aud\":\"\\ud83d\"", "aud")]
    public void Issuer_and_audience_are_asked_for_where_they_are_configured(string claims, string missing)
    {
        var read = TokenClaims.Read(
            Encoding.UTF8.GetBytes(Claims($"\"exp\":1800000900,{claims}")), Now, "https://users.example.org", "integrations", out var problem);

        Assert.Equal(missing.Length == 0, read is not null);
        Assert.Contains(missing, problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1800000060", true)]
    [InlineData("1800000061", false)]
    [InlineData("\"yesterday\"", false)]
    public void A_token_that_was_issued_in_the_future_is_refused(string issued, bool accepted) =>
        Assert.Equal(accepted, Read(Claims($"\"exp\":1800000900,\"iat\":{issued}"), out _) is not null);

    private static TokenClaims? Read(string payload, out string problem) => TokenClaims.Read(Encoding.UTF8.GetBytes(payload), Now, "", "", out problem);
}
