using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Integrations.Core.Errors;
using Integrations.Core.Telegram.BotApi;
using Integrations.Core.Telegram.Bots;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Integrations.Core.Tests.Telegram.BotApi;

public sealed class BotApiClientTests
{
    private static readonly BotToken Token = BotToken.Parse("42:secret-of-a-bot-that-nobody-has");
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Calls_go_to_the_configured_server_with_the_token_in_the_path()
    {
        var telegram = new Scripted(_ => Json(200, """{"ok":true,"result":{"id":42,"is_bot":true,"first_name":"Shop","username":"shop_bot","can_join_groups":true,"of_next_year":1}}"""));
        using var services = Services(telegram, ("TelegramBots:ApiAddress", "http://localhost:8081/prefix/"));

        var me = await services.GetRequiredService<BotApiClient>().GetMeAsync(Token, _cancel);

        Assert.Equal((42L, true, "shop_bot", true, false), (me.Id, me.IsBot, me.Username, me.CanJoinGroups, me.CanReadAllGroupMessages));
        Assert.Equal([$"GET http://localhost:8081/prefix/bot{Token.Value}/getMe "], telegram.Seen);
    }

    [Fact]
    public async Task A_webhook_is_set_with_its_secret_and_every_kind_of_update_by_name()
    {
        var telegram = new Scripted(_ => Json(200, """{"ok":true,"result":true,"description":"Webhook was set"}"""));
        using var services = Services(telegram);

        await services.GetRequiredService<BotApiClient>().SetWebhookAsync(Token, new("https://example.org/hook", "s-1", ["message"]), _cancel);

        Assert.Equal([$"POST https://api.telegram.org/bot{Token.Value}/setWebhook {{\"url\":\"https://example.org/hook\",\"secret_token\":\"s-1\",\"allowed_updates\":[\"message\"]}}"], telegram.Seen);
    }

    [Theory]
    [InlineData(401, """{"ok":false,"error_code":401,"description":"Unauthorized"}""", BotApiFailure.Unauthorized, ErrorCodes.TelegramBotTokenInvalid)]
    [InlineData(404, """{"ok":false,"error_code":404,"description":"Not Found"}""", BotApiFailure.Unauthorized, ErrorCodes.TelegramBotTokenInvalid)]
    [InlineData(421, """{"ok":false,"error_code":421,"description":"Misdirected Request: unallowed token specified"}""", BotApiFailure.Unauthorized, ErrorCodes.TelegramBotTokenInvalid)]
    [InlineData(400, """{"ok":false,"error_code":400,"description":"Bad Request: bad webhook: HTTPS url must be provided for webhook"}""", BotApiFailure.BadRequest, ErrorCodes.TelegramWebhookRefused)]
    [InlineData(403, """{"ok":false,"error_code":403,"description":"Forbidden: bot was blocked by the user"}""", BotApiFailure.Forbidden, ErrorCodes.TelegramWebhookRefused)]
    [InlineData(409, """{"ok":false,"error_code":409,"description":"Conflict: terminated by other setWebhook"}""", BotApiFailure.Conflict, ErrorCodes.TelegramWebhookRefused)]
    [InlineData(429, """{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 35","parameters":{"retry_after":35}}""", BotApiFailure.TooManyRequests, ErrorCodes.TelegramFlood)]
    [InlineData(500, """{"ok":false,"error_code":500,"description":"Internal Server Error: restart"}""", BotApiFailure.ServerError, ErrorCodes.TelegramUnavailable)]
    [InlineData(502, "<html>nginx</html>", BotApiFailure.ServerError, ErrorCodes.TelegramUnavailable)]
    [InlineData(200, "<html>a captive portal</html>", BotApiFailure.NoAnswer, ErrorCodes.TelegramUnavailable)]
    public async Task A_refusal_is_told_by_what_can_be_done_about_it(int status, string body, BotApiFailure failure, string code)
    {
        using var services = Services(new Scripted(_ => Json(status, body)));

        var refused = await Assert.ThrowsAsync<BotApiException>(() => services.GetRequiredService<BotApiClient>().DeleteWebhookAsync(Token, _cancel));

        Assert.Equal((failure, code), (refused.Failure, refused.AsRefusal().Code));
        Assert.Equal(status == 429 ? TimeSpan.FromSeconds(35) : null, refused.RetryAfter);
        Assert.DoesNotContain(Token.Value, refused.ToString(), StringComparison.Ordinal);
    }

    /// <summary>What was never sent may be sent again; of what was, nobody knows.</summary>
    [Theory]
    [InlineData(HttpRequestError.ConnectionError, BotApiFailure.Unreachable)]
    [InlineData(HttpRequestError.NameResolutionError, BotApiFailure.Unreachable)]
    [InlineData(HttpRequestError.ResponseEnded, BotApiFailure.NoAnswer)]
    [InlineData(HttpRequestError.Unknown, BotApiFailure.NoAnswer)]
    public async Task It_is_told_whether_anything_can_have_been_sent(HttpRequestError error, BotApiFailure failure)
    {
        using var services = Services(new Scripted(_ => throw new HttpRequestException(error)));

        var refused = await Assert.ThrowsAsync<BotApiException>(() => services.GetRequiredService<BotApiClient>().DeleteWebhookAsync(Token, _cancel));

        Assert.Equal(failure, refused.Failure);
    }

    [Fact]
    public async Task No_line_of_the_log_has_the_token_however_much_is_logged()
    {
        var lines = new ConcurrentQueue<string>();
        using var services = Services(new Scripted(_ => Json(401, """{"ok":false,"error_code":401,"description":"Unauthorized"}""")), lines);

        await Assert.ThrowsAsync<BotApiException>(() => services.GetRequiredService<BotApiClient>().GetMeAsync(Token, _cancel));
        using var other = services.GetRequiredService<IHttpClientFactory>().CreateClient("another");
        await Assert.ThrowsAsync<HttpRequestException>(() => other.GetAsync(new Uri("http://127.0.0.1:1/"), _cancel));

        // Others are logged, so the log was on.
        Assert.Contains(lines, line => line.Contains("127.0.0.1:1", StringComparison.Ordinal));
        Assert.DoesNotContain(lines, line => line.Contains("secret-of-a-bot", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("42:secret-0123456789_abcdefghij", "42:s…ghij")]
    [InlineData("4:secret", "***")]
    public void A_token_shows_itself_masked(string text, string masked)
    {
        Assert.True(BotToken.TryParse(text, out var token));
        Assert.Equal((masked, masked), (token.Masked, $"{token}"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("42")]
    [InlineData("42:")]
    [InlineData(":secret")]
    [InlineData("42:secret secret")]
    [InlineData("42:secret/../x")]
    [InlineData("42:secret\n")]
    public void What_has_not_the_form_of_a_token_is_none(string text) => Assert.False(BotToken.TryParse(text, out _));

    private static ServiceProvider Services(Scripted telegram, params (string Key, string Value)[] settings) => Services(telegram, null, settings);

    private static ServiceProvider Services(Scripted telegram, ConcurrentQueue<string>? lines, params (string Key, string Value)[] settings)
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true, EnvironmentName = Environments.Development });
        builder.Configuration.AddInMemoryCollection(settings.Select(setting => new KeyValuePair<string, string?>(setting.Key, setting.Value)));
        builder.Logging.SetMinimumLevel(LogLevel.Trace);
        if (lines is not null)
            builder.Logging.AddProvider(new Lines(lines));
        builder.AddBotApi();
        builder.Services.AddHttpClient(BotApiClient.HttpClientName).ConfigurePrimaryHttpMessageHandler(() => telegram);
        return builder.Services.BuildServiceProvider();
    }

    private static HttpResponseMessage Json(int status, string body) => new((HttpStatusCode)status) { Content = new StringContent(body, Encoding.UTF8, "application/json") };

    private sealed class Scripted(Func<HttpRequestMessage, HttpResponseMessage> answer) : HttpMessageHandler
    {
        public ConcurrentQueue<string> Seen { get; } = [];

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Seen.Enqueue($"{request.Method} {request.RequestUri} {(request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken))}");
            return answer(request);
        }
    }

    private sealed class Lines(ConcurrentQueue<string> lines) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public void Dispose()
        {
            // Nothing is held.
        }

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Enqueue($"{formatter(state, exception)} {exception}");
    }
}
