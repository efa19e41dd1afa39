using Integrations.ServiceDefaults.Logging;

namespace Integrations.ServiceDefaults.Tests.Logging;

public sealed class RedactionTests
{
    // Put together here so that no file holds anything that looks like a credential.
    private static readonly string Key = string.Concat(Enumerable.Repeat("aB3_", 9));

    public static TheoryData<string, string> Secrets => new()
    {
        { $"POST https://api.example.org/bot123456789:{Key}/sendMessage", Key },
        { "POST http://localhost:8081/bot7:short-secret/setWebhook", "short-secret" },
        { "POST /webhooks/telegram/7:short-secret/", "short-secret" },
        { "POST /api/integrations/webhooks/telegram/7%3Ashort-secret - 404", "short-secret" },
        { $"Authorization: Bearer {Key}", Key },
        { $"authorization=basic {Key}=", Key },
        { $"ses_{Key} signed in", Key },
        { $"own_{Key} was used", Key },
        { $"GET /?access_token={Key}&page=2", Key },
        { $"open http://127.0.0.1:8080/#token={Key}", Key },
        { $"tg://login?token={Key}", Key },
        { $"{{\"password\": \"{Key}\", \"id\": 1}}", Key },
        { $"{{'api_key':'{Key}'}}", Key },
        { $"Host=localhost;Username=app;Password={Key};Database=x", Key },
        { $"amqp://app:{Key}@localhost:5672", Key },
        { $"X-Internal-Key: {Key}", Key },
        { $"eyJhbGciOiJub25l.{Key}.{Key}", Key },
        { "code sent to +99966212345 now", "99966212345" },
        { "code sent to +999 662-123 45 now", "662-123" },
        { "/lookup?phone=%2B99966212345", "99966212345" },
    };

    [Theory]
    [MemberData(nameof(Secrets))]
    public void A_secret_in_a_text_is_masked(string text, string secret)
    {
        var masked = Redaction.Text(text);

        Assert.DoesNotContain(secret, masked, StringComparison.Ordinal);
        Assert.NotEqual("", masked);
    }

    [Theory]
    [InlineData("Account 019a2b3c-4d5e-7f60-8a9b-0c1d2e3f4a5b connected in 31.5 ms")]
    [InlineData("Peer 1000000000042, chat -1001234567890, message 4711")]
    [InlineData("2026-11-20T10:11:12.1234567+00:00 at http://127.0.0.1:8001/health")]
    [InlineData("Wrong password: try again")]
    [InlineData("System.IO, Version=10.0.0.0, Culture=neutral, PublicKeyToken=b03f5f7f11d50a3a")]
    [InlineData("SELECT id FROM accounts WHERE tenant_id = $1")]
    [InlineData("1+1=2, x + 3, C++17")]
    [InlineData("")]
    public void What_is_no_secret_stays(string text) => Assert.Same(text, Redaction.Text(text));

    [Theory]
    [InlineData("phone", "+99966212345", "+99***45")]
    [InlineData("PhoneNumber", "99966212345", "999***45")]
    [InlineData("phone", "12", "***")]
    [InlineData("Password", "short", "***")]
    [InlineData("session_token", "abcd-0123456789-wxyz", "abcd…wxyz")]
    [InlineData("LoginCode", "12345", "***")]
    [InlineData("code", "TG_API_429", "TG_API_429")]
    [InlineData("user_id", "99966212345", "99966212345")]
    public void A_field_is_masked_by_its_name(string name, string value, string expected) => Assert.Equal(expected, Redaction.Field(name, value));

    [Fact]
    public async Task A_long_text_without_an_end_to_its_pattern_takes_no_time()
    {
        // Patterns that begin everywhere and end nowhere: quadratic matching would take minutes here.
        var text = string.Concat(Enumerable.Repeat("://a:b eyJ password-token-12345 +1 2 3 99999:", 5_000));

        await Task.Run(() => Redaction.Text(text), TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
    }
}
