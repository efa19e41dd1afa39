using System.Net.Http.Headers;
using System.Text;
using Integrations.Api.Tests.Host;

namespace Integrations.Api.Tests.Http;

[Collection(ApiCollection.Name)]
public sealed class ValidationTests(ApiHost host)
{
    private const string Id = "0198c3a2-7d10-7000-8000-000000000001";
    private const string Send = "/api/v1/telegram/send";

    /// <summary>Method, path, body, and the fields that are named, in order.</summary>
    public static TheoryData<string, string, string?, string[]> Bad => new()
    {
        { "POST", "/api/v1/telegram/connect", "{}", ["phone"] },
        { "POST", "/api/v1/telegram/connect", null, ["phone"] },
        { "POST", "/api/v1/telegram/connect", """{"phone":"12"}""", ["phone"] },
        { "POST", "/api/v1/telegram/connect", """{"phone":"9996612345"}""", ["phone"] },
        { "POST", "/api/v1/telegram/connect", """{"phone":"+0996612345"}""", ["phone"] },
        { "POST", "/api/v1/telegram/connect", """{"phone":"+9996612345678901"}""", ["phone"] },
        { "POST", "/api/v1/telegram/connect", """{"phone":"+99966 12345"}""", ["phone"] },
        { "POST", "/api/v1/telegram/connect", """{"phone":"+99966١٢٣٤٥"}""", ["phone"] },
        { "POST", "/api/v1/telegram/connect", """{"phone":"+9996612345\n"}""", ["phone"] },
        { "POST", "/api/v1/telegram/connect", """{"phone":"+9996612345","code":"12","password":""}""", ["code", "password"] },
        { "POST", "/api/v1/telegram/connect", """{"phone":"+9996612345","code":"12a45"}""", ["code"] },
        { "POST", "/api/v1/telegram/connect", """{"phone":42}""", ["phone"] },
        { "POST", "/api/v1/telegram/connect", """{"phone":null}""", ["phone"] },
        { "POST", Send, null, ["account_id", "text", "to"] },
        { "POST", Send, "{}", ["account_id", "text", "to"] },
        { "POST", Send, Message("""{"username":"boris_example"}""", ""), ["text"] },
        { "POST", Send, Message("""{"username":"boris_example"}""", "  "), ["text"] },
        { "POST", Send, Message("""{"username":"boris_example"}""", new string('x', 4097)), ["text"] },
        { "POST", Send, Message("""{"username":"boris_example"}""", "a\\u0000b"), ["text"] },
        { "POST", Send, Message("""{"username":"boris_example"}""", "a\\u001bb"), ["text"] },
        { "POST", Send, Message("""{"username":"boris_example"}""", "a\\u0085b"), ["text"] },
        { "POST", Send, Message("{}", "x"), ["to"] },
        { "POST", Send, Message("""{"username":"boris_example","telegram_user_id":5}""", "x"), ["to"] },
        { "POST", Send, Message("""{"username":"b"}""", "x"), ["to.username"] },
        { "POST", Send, Message("""{"username":"boris example"}""", "x"), ["to.username"] },
        { "POST", Send, Message("""{"phone":"123"}""", "x"), ["to.phone"] },
        { "POST", Send, Message("""{"telegram_user_id":0}""", "x"), ["to.telegram_user_id"] },
        { "POST", Send, Message("""{"telegram_user_id":1e3}""", "x"), ["to.telegram_user_id"] },
        { "POST", Send, Message("""{"dialog_id":"not a uuid"}""", "x"), ["to.dialog_id"] },
        { "POST", Send, $$"""{"account_id":"{{Id}}","to":{"username":"boris_example"},"text":"x","priority":"urgent"}""", ["priority"] },
        { "POST", Send, $$"""{"account_id":"{{Id}}","to":"boris","text":"x","reply_to":7}""", ["reply_to", "to"] },
        { "POST", Send + "?wait=31", Message("""{"username":"boris_example"}""", "x"), ["wait"] },
        { "POST", Send + "?wait=-1", Message("""{"username":"boris_example"}""", "x"), ["wait"] },
        { "POST", Send + "?wait=1&wait=2", Message("""{"username":"boris_example"}""", "x"), ["wait"] },
        { "GET", "/api/v1/telegram/accounts?active_only=yes", null, ["active_only"] },
        { "GET", "/api/v1/telegram/accounts/42", null, ["id"] },
        { "GET", $"/api/v1/telegram/accounts/{{{Id}}}", null, ["id"] },
        { "DELETE", "/api/v1/telegram/accounts/42", null, ["session_id"] },
        { "GET", "/api/v1/telegram/qr-code?session_id=42", null, ["session_id"] },
        { "GET", $"/api/v1/telegram/messages?dialog_id={Id}&limit=0", null, ["limit"] },
        { "GET", $"/api/v1/telegram/messages?dialog_id={Id}&limit=201&before=x", null, ["before", "limit"] },
        { "GET", "/api/v1/telegram/logs?log_status=failed&days_back=0&page=0&size=101", null, ["days_back", "log_status", "page", "size"] },
        { "GET", "/api/v1/telegram/logs?page=99999999999999999999", null, ["page"] },
        { "GET", "/api/v1/events?after=-1", null, ["after"] },
        { "POST", "/api/personal-telegram-accounts/login", """{"method":"sms"}""", ["method"] },
        { "POST", "/api/personal-telegram-accounts/login", """{"method":"phone"}""", ["phone"] },
        { "POST", "/api/personal-telegram-accounts/login", """{"phone":"+9996612345"}""", ["phone"] },
        { "POST", "/api/personal-telegram-accounts/login", """{"display_name":"a\u0007"}""", ["display_name"] },
        { "POST", $"/api/personal-telegram-accounts/login/{Id}/password", "{}", ["password"] },
        { "POST", $"/api/personal-telegram-accounts/login/{Id}/code", """{"code":""}""", ["code"] },
        { "POST", "/api/personal-telegram-accounts/login/x/code", """{"code":"12345"}""", ["login_id"] },
        { "PATCH", $"/api/personal-telegram-accounts/{Id}", """{"accepts_private":"yes"}""", ["accepts_private"] },
        { "POST", "/api/v1/projects", """{"name":" "}""", ["name"] },
        { "POST", "/api/v1/auth/sign-in", """{"email":"x"}""", ["email", "password"] },
    };

    [Theory]
    [MemberData(nameof(Bad))]
    public async Task Bad_input_is_named_field_by_field(string method, string path, string? body, string[] fields)
    {
        using var client = host.User(1201, "admin");

        var refused = (await client.SendAsync(new HttpMethod(method), path, body is null ? null : TestClient.Json(body))).Expect(400, "VALIDATION_FAILED");

        Assert.Equal(fields, refused.ErrorFields);
        Assert.Equal(0L, await host.ScalarAsync<long>("select count(*) from telegram_accounts where user_id = 1201"));
    }

    [Theory]
    [InlineData("POST", "/api/v1/telegram/send", """{"account_id":"0198c3a2-7d10-7000-8000-000000000001","to":{"username":"boris_example","colour":"red"},"text":"x","shape":1}""", new[] { "shape", "to.colour" })]
    [InlineData("POST", "/api/v1/telegram/connect", """{"Phone":"+9996612345"}""", new[] { "Phone" })]
    [InlineData("GET", "/api/v1/telegram/accounts?activ_only=true", null, new[] { "activ_only" })]
    [InlineData("POST", "/api/v1/auth/sign-out?x=1", null, new[] { "x" })]
    public async Task Unknown_fields_and_parameters_are_named(string method, string path, string? body, string[] fields)
    {
        using var client = host.User(1202, "admin");

        var refused = (await client.SendAsync(new HttpMethod(method), path, body is null ? null : TestClient.Json(body))).Expect(400, "UNKNOWN_FIELD");

        Assert.Equal(fields, refused.ErrorFields);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("\"text\"")]
    [InlineData("null")]
    [InlineData("{\"phone\":\"+9996612345\",}")]
    [InlineData("{\"phone\":\"+9996612345\",\"phone\":\"+9996612345\"}")]
    [InlineData("{\"phone\":\"\\ud800\"}")]
    [InlineData("{} {}")]
    public async Task What_is_no_JSON_object_is_refused_without_repeating_it(string body)
    {
        using var client = host.User(1203);

        var refused = (await client.PostAsync("/api/v1/telegram/connect", body)).Expect(400, "BODY_INVALID");

        Assert.DoesNotContain("+99966", refused.Raw, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bytes_that_are_no_UTF8_are_refused()
    {
        using var client = host.User(1203);
        var content = new ByteArrayContent([.. "{\"phone\":\""u8, 0xC3, 0x28, .. "\"}"u8]);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");

        (await client.SendAsync(HttpMethod.Post, "/api/v1/telegram/connect", content)).Expect(400, "BODY_INVALID");
    }

    [Fact]
    public async Task Text_of_exactly_the_limit_is_accepted_and_counted_in_UTF16_units()
    {
        using var client = host.User(1204);
        var account = (await client.GetAsync("/api/v1/telegram/qr-code")).Id("session_id");
        await host.Worker.ScanAsync(account, 120401);

        (await client.PostAsync(Send, new { account_id = account, to = new { username = "boris_example" }, text = new string('x', 4096) })).Expect(202);
        (await client.PostAsync(Send, new { account_id = account, to = new { username = "boris_example" }, text = string.Concat(Enumerable.Repeat("🙂", 2048)) })).Expect(202);
        (await client.PostAsync(Send, new { account_id = account, to = new { username = "boris_example" }, text = string.Concat(Enumerable.Repeat("🙂", 2048)) + "x" })).Expect(400);
        (await client.PostAsync(Send, new { account_id = account, to = new { username = "boris_example" }, text = "line\nand\ttab" })).Expect(202);
    }

    [Fact]
    public async Task The_space_around_a_text_is_not_counted_and_not_sent()
    {
        using var client = host.User(1208);
        var account = (await client.GetAsync("/api/v1/telegram/qr-code")).Id("session_id");
        await host.Worker.ScanAsync(account, 120801);
        var text = new string('x', 4096);

        var accepted = (await client.PostAsync(Send, new { account_id = account, to = new { username = "boris_example" }, text = $"\n  {text} \t\n" })).Expect(202);
        (await client.PostAsync(Send, new { account_id = account, to = new { username = "boris_example" }, text = $" {text}y " })).Expect(400, "VALIDATION_FAILED");

        Assert.Equal(text, (await client.GetAsync($"/api/v1/telegram/messages/{accepted.Text("id")}")).Expect(200).Text("text"));
    }

    [Theory]
    [InlineData("text/plain", 415)]
    [InlineData("application/x-www-form-urlencoded", 415)]
    [InlineData("application/json; charset=utf-16", 415)]
    [InlineData("application/json; charset=UTF-8", 400)]
    [InlineData("application/merge-patch+json", 400)]
    public async Task Bodies_are_JSON_in_UTF8(string type, int status)
    {
        using var client = host.User(1205);
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes("""{"phone":"12"}"""));
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);

        (await client.SendAsync(HttpMethod.Post, "/api/v1/telegram/connect", content)).Expect(status);
    }

    [Fact]
    public async Task A_body_over_the_limit_is_refused_whether_it_says_its_length_or_not()
    {
        using var client = host.User(1206);
        var body = $$"""{"phone":"{{new string('1', 70_000)}}"}""";

        (await client.PostAsync("/api/v1/telegram/connect", body)).Expect(413, "BODY_TOO_LARGE");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/telegram/connect") { Content = TestClient.Json(body) };
        request.Headers.TransferEncodingChunked = true;
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", client.Token);
        using var chunked = await client.Http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(413, (int)chunked.StatusCode);
    }

    [Theory]
    [InlineData("")]
    [InlineData("key\twith a tab")]
    public async Task An_idempotency_key_is_printable_ASCII(string key)
    {
        using var client = host.User(1207);

        (await client.PostAsync(Send, Message("""{"username":"boris_example"}""", "x"), ("Idempotency-Key", key))).Expect(400, "VALIDATION_FAILED");
        (await client.PostAsync(Send, Message("""{"username":"boris_example"}""", "x"), ("Idempotency-Key", new string('k', 201)))).Expect(400, "VALIDATION_FAILED");
    }

    private static string Message(string to, string text) => $$"""{"account_id":"{{Id}}","to":{{to}},"text":"{{text}}"}""";
}
