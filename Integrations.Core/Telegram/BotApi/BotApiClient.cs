using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Integrations.Core.Telegram.Bots;

namespace Integrations.Core.Telegram.BotApi;

/// <summary>The Bot API, one method for each call that this service makes. Reads are repeated by the client's own resilience; what changes something is sent once.</summary>
/// <remarks>The token stands in the address, so this client's requests are not logged, and spans have it masked (see Redaction in the service defaults).</remarks>
public sealed class BotApiClient(IHttpClientFactory http, TelegramBotOptions options)
{
    /// <summary>The name under which the factory makes the client.</summary>
    public const string HttpClientName = "telegram-bot-api";

    private readonly string _address = options.ApiAddress.AbsoluteUri.TrimEnd('/');

    /// <exception cref="BotApiException"/>
    public Task<BotUser> GetMeAsync(BotToken token, CancellationToken cancellationToken) =>
        CallAsync(token, HttpMethod.Get, "getMe", null, BotApiJson.Default.BotApiAnswerBotUser, cancellationToken);

    /// <exception cref="BotApiException"/>
    public Task<WebhookInfo> GetWebhookInfoAsync(BotToken token, CancellationToken cancellationToken) =>
        CallAsync(token, HttpMethod.Get, "getWebhookInfo", null, BotApiJson.Default.BotApiAnswerWebhookInfo, cancellationToken);

    /// <exception cref="BotApiException"/>
    public Task SetWebhookAsync(BotToken token, WebhookRequest webhook, CancellationToken cancellationToken) =>
        CallAsync(token, HttpMethod.Post, "setWebhook", JsonContent.Create(webhook, BotApiJson.Default.WebhookRequest), BotApiJson.Default.BotApiAnswerBoolean, cancellationToken);

    /// <summary>What has not been delivered yet stays with Telegram, for a day.</summary>
    /// <exception cref="BotApiException"/>
    public Task DeleteWebhookAsync(BotToken token, CancellationToken cancellationToken) =>
        CallAsync(token, HttpMethod.Post, "deleteWebhook", null, BotApiJson.Default.BotApiAnswerBoolean, cancellationToken);

    /// <summary>Sent once: after <see cref="BotApiFailure.NoAnswer"/> and <see cref="BotApiFailure.ServerError"/> nobody knows whether Telegram has it.</summary>
    /// <exception cref="BotApiException"/>
    public Task<SentBotMessage> SendMessageAsync(BotToken token, BotText text, CancellationToken cancellationToken) =>
        CallAsync(token, HttpMethod.Post, "sendMessage", JsonContent.Create(text, BotApiJson.Default.BotText), BotApiJson.Default.BotApiAnswerSentBotMessage, cancellationToken);

    private async Task<T> CallAsync<T>(
        BotToken token, HttpMethod verb, string method, HttpContent? body, JsonTypeInfo<BotApiAnswer<T>> type, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(token);
        using var request = new HttpRequestMessage(verb, new Uri($"{_address}/bot{token.Value}/{method}")) { Content = body };
        try
        {
            using var client = http.CreateClient(HttpClientName);
            using var response = await client.SendAsync(request, cancellationToken);
            var answer = await ReadAsync(method, response, type, cancellationToken);
            return answer is { Ok: true, Result: { } result } ? result : throw Refused(method, (int)response.StatusCode, answer);
        }
        catch (HttpRequestException e)
        {
            throw new BotApiException(method, IsBeforeSending(e.HttpRequestError) ? BotApiFailure.Unreachable : BotApiFailure.NoAnswer, "Telegram's Bot API does not answer", e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new BotApiException(method, BotApiFailure.NoAnswer, "Telegram's Bot API did not answer in time", e);
        }
    }

    private static async Task<BotApiAnswer<T>> ReadAsync<T>(
        string method, HttpResponseMessage response, JsonTypeInfo<BotApiAnswer<T>> type, CancellationToken cancellationToken)
    {
        try
        {
            return await response.Content.ReadFromJsonAsync(type, cancellationToken) ?? throw new JsonException();
        }
        catch (JsonException e)
        {
            // A proxy before Telegram answers in HTML; its status says what there is to know.
            throw response.IsSuccessStatusCode
                ? new BotApiException(method, BotApiFailure.NoAnswer, "the answer is not one of the Bot API", e)
                : Refused<T>(method, (int)response.StatusCode, null, e);
        }
    }

    private static BotApiException Refused<T>(string method, int status, BotApiAnswer<T>? answer, Exception? inner = null)
    {
        var code = answer is { ErrorCode: > 0 } ? answer.ErrorCode : status;
        var failure = (HttpStatusCode)code switch
        {
            HttpStatusCode.Unauthorized => BotApiFailure.Unauthorized,
            // The path is made of the token and the name of a method that exists: not found is the token. 421: a local server that does not take it.
            HttpStatusCode.NotFound or HttpStatusCode.MisdirectedRequest => BotApiFailure.Unauthorized,
            HttpStatusCode.Forbidden => BotApiFailure.Forbidden,
            HttpStatusCode.Conflict => BotApiFailure.Conflict,
            HttpStatusCode.TooManyRequests => BotApiFailure.TooManyRequests,
            >= HttpStatusCode.InternalServerError => BotApiFailure.ServerError,
            _ => BotApiFailure.BadRequest,
        };
        return new(method, failure, answer?.Description ?? $"status {code}", inner)
        {
            RetryAfter = answer?.Parameters?.RetryAfter is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
            MigrateToChatId = answer?.Parameters?.MigrateToChatId,
        };
    }

    private static bool IsBeforeSending(HttpRequestError error) => error
        is HttpRequestError.NameResolutionError or HttpRequestError.ConnectionError or HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError;
}
