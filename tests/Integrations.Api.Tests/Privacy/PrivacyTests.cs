using Integrations.Api.Tests.Host;

namespace Integrations.Api.Tests.Privacy;

[Collection(ApiCollection.Name)]
public sealed class PrivacyTests(ApiHost host)
{
    private const string Consent = "/api/v1/privacy/consent";
    private const string Erasures = "/api/v1/privacy/erasures";

    [Fact]
    public async Task No_way_of_connecting_begins_without_consent_and_each_takes_it_along()
    {
        using var client = new TestClient(host.Address, ApiHost.Jwt(84_001, "admin", host.Tenant), agrees: false);
        (await client.GetAsync("/api/v1/telegram/qr-code")).Expect(409, "CONSENT_REQUIRED");
        (await client.PostAsync("/api/personal-telegram-accounts/login")).Expect(409, "CONSENT_REQUIRED");
        (await client.PostAsync("/api/v1/telegram/connect", new { phone = "+9996618411" })).Expect(409, "CONSENT_REQUIRED");
        var refused = (await client.PostAsync("/api/personal-telegram-accounts/import", new { sessions = new[] { new { session = "x" } } })).Expect(409, "CONSENT_REQUIRED");
        Assert.Contains("/api/v1/privacy/consent", refused.Text("detail"), StringComparison.Ordinal);
        (await client.PostAsync("/api/personal-telegram-accounts/import", new { sessions = new[] { new { session = "x" } }, dry_run = true })).Expect(200);
        Assert.Equal(["consent"], (await client.PostAsync("/api/personal-telegram-accounts/login", new { consent = "1999-01" })).Expect(400, "VALIDATION_FAILED").ErrorFields);

        var state = (await client.GetAsync($"{Consent}?language=uk")).Expect(200);
        Assert.Null(state["given_at"]);
        Assert.Contains("Telegram", state.Text("text"), StringComparison.Ordinal);
        (await client.PostAsync("/api/personal-telegram-accounts/login", new { consent = state.Text("version") })).Expect(200);
        (await client.GetAsync("/api/v1/telegram/qr-code")).Expect(200);
        Assert.NotNull((await client.GetAsync(Consent)).Expect(200)["given_at"]);
        Assert.Equal(1L, await host.ScalarAsync<long>("select count(*) from consents where user_id = 84001 and address is not null"));

        (await client.DeleteAsync(Consent)).Expect(204);
        (await client.PostAsync("/api/v1/telegram/connect", new { phone = "+9996618411" })).Expect(409, "CONSENT_REQUIRED");
        (await client.PostAsync("/api/v1/telegram/connect", new { phone = "+9996618411", consent = state.Text("version") })).Expect(200);
    }

    [Fact]
    public async Task A_consent_to_another_text_or_in_another_language_is_none()
    {
        using var client = host.User(84_002);

        Assert.Equal(["language", "version"], (await client.PostAsync(Consent, new { version = "0", language = "de" })).Expect(400, "VALIDATION_FAILED").ErrorFields);
        (await client.GetAsync($"{Consent}?language=de")).Expect(400, "VALIDATION_FAILED");
    }

    [Theory]
    [InlineData("""{"subject":"somebody"}""", new[] { "subject" })]
    [InlineData("""{"subject":"user"}""", new[] { "user_id" })]
    [InlineData("""{"subject":"tenant","user_id":1}""", new[] { "user_id" })]
    [InlineData("""{"subject":"person"}""", new[] { "subject" })]
    [InlineData("""{"subject":"person","phone":"12","username":"x"}""", new[] { "phone", "subject", "username" })]
    [InlineData("""{"subject":"person","telegram_user_id":0}""", new[] { "telegram_user_id" })]
    public async Task A_subject_is_named_in_one_way_and_rightly(string body, string[] fields)
    {
        using var owner = host.Owner();

        Assert.Equal(fields, (await owner.PostAsync("/api/v1/privacy/exports", body)).Expect(400, "VALIDATION_FAILED").ErrorFields);
    }

    [Fact]
    public async Task A_foreign_user_dialog_or_erasure_is_not_there()
    {
        var other = await host.AddTenantAsync();
        using var owner = host.Owner();
        using var stranger = host.User(84_003, "owner", other);
        (await stranger.GetAsync("/api/v1/auth/me")).Expect(200);

        (await owner.PostAsync("/api/v1/privacy/exports", new { subject = "user", user_id = 84_003 })).Expect(404, "NOT_FOUND");
        (await owner.PostAsync("/api/v1/privacy/exports", new { subject = "person", dialog_id = Guid.CreateVersion7() })).Expect(404, "NOT_FOUND");
        (await owner.PostAsync(Erasures, new { subject = "user", user_id = 84_003, confirm = "erase" })).Expect(404, "NOT_FOUND");
        var begun = (await stranger.PostAsync(Erasures, new { subject = "person", telegram_user_id = 12_345, confirm = "erase" })).Expect(202);
        (await owner.GetAsync($"{Erasures}/{begun.Text("erasure.id")}")).Expect(404, "NOT_FOUND");
        (await stranger.GetAsync($"{Erasures}/{begun.Text("erasure.id")}")).Expect(200);
        (await stranger.PostAsync(Erasures, new { subject = "person", telegram_user_id = 12_345, confirm = "erase" })).Expect(409, "CONFLICT");
        Assert.DoesNotContain("12345", (await stranger.GetAsync(Erasures)).Raw, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_is_being_erased_is_out_at_once_and_the_token_alone_tells_how_far_it_is()
    {
        using var victim = host.User(84_004);
        (await victim.GetAsync("/api/v1/auth/me")).Expect(200);
        using var owner = host.Owner();
        (await owner.PostAsync(Erasures, new { subject = "user", user_id = 84_004 })).Expect(400, "VALIDATION_FAILED");
        var begun = (await owner.PostAsync(Erasures, new { subject = "user", user_id = 84_004, confirm = "erase" })).Expect(202);

        (await victim.GetAsync("/api/v1/auth/me")).Expect(401);
        using var anybody = host.Anonymous();
        Assert.Equal("sessions", (await anybody.PostAsync("/api/v1/privacy/receipts", new { token = begun.Text("token") })).Expect(200).Text("state"));
        (await anybody.PostAsync("/api/v1/privacy/receipts", new { token = "era_" + new string('A', 43) })).Expect(404, "NOT_FOUND");
        Assert.Contains("PUBLIC KEY", (await anybody.GetAsync("/api/v1/privacy/receipts/key")).Expect(200).Text("public_key"), StringComparison.Ordinal);
        Assert.False((await anybody.PostAsync("/api/v1/privacy/receipts/verify", new { receipt = "{}", signature = "MEUCIQ==" })).Expect(200)["valid"]!.GetValue<bool>());
        (await anybody.PostAsync("/api/v1/privacy/receipts/verify", new { receipt = "{}", signature = "no base64!" })).Expect(400, "VALIDATION_FAILED");
    }

    [Fact]
    public async Task The_last_owner_is_not_erased_and_nobody_but_owners_erases()
    {
        using var owner = host.Owner();
        (await owner.PostAsync(Erasures, new { subject = "user", user_id = host.OwnerUserId, confirm = "erase" })).Expect(409, "LAST_OWNER");
        using var administrator = host.User(84_005, "admin");
        (await administrator.PostAsync(Erasures, new { subject = "tenant", confirm = "Example" })).Expect(403, "FORBIDDEN");
        (await administrator.PostAsync("/api/v1/privacy/exports", new { subject = "tenant" })).Expect(403, "FORBIDDEN");
        var own = await administrator.PostAsync("/api/v1/privacy/exports/me");
        Assert.Equal((200, "application/zip"), (own.Status, own.ContentHeaders.ContentType?.MediaType));
        Assert.StartsWith("PK", own.Raw, StringComparison.Ordinal);
    }
}
