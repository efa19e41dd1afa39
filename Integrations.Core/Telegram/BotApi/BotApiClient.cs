using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Integrations.Core.Connectors;
using Integrations.Core.Telegram.Bots;

namespace Integrations.Core.Telegram.BotApi;

/// <summary>The Bot API, one method for each call that this service makes. Reads are repeated by the client's own resilience; what changes something is sent once.</summary>
/// <remarks>The token stands in the address, so this client's requests are not logged, and spans have it masked (see Redaction in the service defaults).</remarks>
public sealed partial class BotApiClient(IHttpClientFactory http, TelegramBotOptions options)
{
    /// <summary>The name under which the factory makes the client.</summary>
    public const string HttpClientName = "telegram-bot-api";

    /// <summary>The same for calls that bring files, which may take longer.</summary>
    public const string UploadHttpClientName = "telegram-bot-api-uploads";

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

    /// <summary>Where the file is to be had, for an hour at least.</summary>
    /// <exception cref="BotApiException">Also where it is over 20 MB, which Telegram gives no bot.</exception>
    public Task<BotFile> GetFileAsync(BotToken token, string fileId, CancellationToken cancellationToken) =>
        CallAsync(token, HttpMethod.Post, "getFile", JsonContent.Create(new BotFileRequest(fileId), BotApiJson.Default.BotFileRequest), BotApiJson.Default.BotApiAnswerBotFile, cancellationToken);

    /// <summary>Begins to read a file; whoever reads it disposes of it.</summary>
    /// <exception cref="BotApiException"/>
    public async Task<Stream> OpenFileAsync(BotToken token, string path, CancellationToken cancellationToken)
    {
        const string Method = "file";
        ArgumentNullException.ThrowIfNull(token);
        ArgumentNullException.ThrowIfNull(path);
        // Telegram's own path, which must not lead anywhere but below the token.
        var escaped = string.Join('/', path.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(part => part is not ("." or "..")).Select(Uri.EscapeDataString));
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"{_address}/file/bot{token.Value}/{escaped}"));
        try
        {
            var client = http.CreateClient(HttpClientName);
            var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if (response.IsSuccessStatusCode)
                return await response.Content.ReadAsStreamAsync(cancellationToken);

            // A link that has lapsed is made anew by the next try; 404 is that here, not the token.
            response.Dispose();
            throw new BotApiException(Method, response.StatusCode is HttpStatusCode.TooManyRequests ? BotApiFailure.TooManyRequests : BotApiFailure.ServerError, $"status {(int)response.StatusCode}");
        }
        catch (HttpRequestException e)
        {
            throw new BotApiException(Method, BotApiFailure.NoAnswer, "Telegram's Bot API does not answer", e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new BotApiException(Method, BotApiFailure.NoAnswer, "Telegram's Bot API did not answer in time", e);
        }
    }

    /// <summary>Sent once, as a text. One file or an album, in one call.</summary>
    /// <returns>In the order of the files.</returns>
    /// <exception cref="BotApiException"/>
    public async Task<IReadOnlyList<SentBotMessage>> SendUploadsAsync(BotToken token, BotUploads files, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(files);
        var method = BotUploads.MethodOf(files.Files);
        using var body = files.ToContent();
        return files.Files.Count > 1
            ? await CallAsync(token, HttpMethod.Post, method, body, BotApiJson.Default.BotApiAnswerIReadOnlyListSentBotMessage, cancellationToken, UploadHttpClientName)
            : [await CallAsync(token, HttpMethod.Post, method, body, BotApiJson.Default.BotApiAnswerSentBotMessage, cancellationToken, UploadHttpClientName)];
    }

    /// <param name="chat">An id, or a username with @.</param>
    /// <exception cref="BotApiException"/>
    public Task<BotChatInfo> GetChatAsync(BotToken token, string chat, CancellationToken cancellationToken) =>
        CallAsync(token, HttpMethod.Get, $"getChat?chat_id={Uri.EscapeDataString(chat)}", null, BotApiJson.Default.BotApiAnswerBotChatInfo, cancellationToken);

    /// <exception cref="BotApiException"/>
    public Task<BotChatMember> GetChatMemberAsync(BotToken token, long chatId, long userId, CancellationToken cancellationToken) => CallAsync(
        token, HttpMethod.Get, string.Create(CultureInfo.InvariantCulture, $"getChatMember?chat_id={chatId}&user_id={userId}"), null, BotApiJson.Default.BotApiAnswerBotChatMember, cancellationToken);

    /// <exception cref="BotApiException"/>
    public Task<int> GetChatMemberCountAsync(BotToken token, long chatId, CancellationToken cancellationToken) => CallAsync(
        token, HttpMethod.Get, string.Create(CultureInfo.InvariantCulture, $"getChatMemberCount?chat_id={chatId}"), null, BotApiJson.Default.BotApiAnswerInt32, cancellationToken);

    /// <summary>Changes what a message says. Doing it twice is refused with <c>message is not modified</c>.</summary>
    /// <param name="caption">The message is a picture or a file, whose words are its caption.</param>
    /// <exception cref="BotApiException"/>
    public Task EditMessageAsync(BotToken token, long chatId, int messageId, string text, bool caption, CancellationToken cancellationToken) => CallAsync(
        token,
        HttpMethod.Post,
        caption ? "editMessageCaption" : "editMessageText",
        JsonContent.Create(new BotEdit(chatId, messageId, caption ? null : text, caption ? text : null), BotApiJson.Default.BotEdit),
        BotApiJson.Default.BotApiAnswerSentBotMessage,
        cancellationToken);

    /// <exception cref="BotApiException"/>
    public Task DeleteMessageAsync(BotToken token, long chatId, int messageId, CancellationToken cancellationToken) => CallAsync(
        token, HttpMethod.Post, "deleteMessage", JsonContent.Create(new BotMessageName(chatId, messageId, null), BotApiJson.Default.BotMessageName), BotApiJson.Default.BotApiAnswerBoolean,
        cancellationToken);

    /// <summary>Nobody is notified of the pin.</summary>
    /// <exception cref="BotApiException"/>
    public Task PinMessageAsync(BotToken token, long chatId, int messageId, bool pinned, CancellationToken cancellationToken) => CallAsync(
        token,
        HttpMethod.Post,
        pinned ? "pinChatMessage" : "unpinChatMessage",
        JsonContent.Create(new BotMessageName(chatId, messageId, pinned ? true : null), BotApiJson.Default.BotMessageName),
        BotApiJson.Default.BotApiAnswerBoolean,
        cancellationToken);

    private async Task<T> CallAsync<T>(
        BotToken token, HttpMethod verb, string method, HttpContent? body, JsonTypeInfo<BotApiAnswer<T>> type, CancellationToken cancellationToken,
        string clientName = HttpClientName)
    {
        ArgumentNullException.ThrowIfNull(token);
        using var request = new HttpRequestMessage(verb, new Uri($"{_address}/bot{token.Value}/{method}")) { Content = body };
        // What was asked about is nobody's business who reads of the failure.
        method = method.Split('?')[0];
        try
        {
            using var client = http.CreateClient(clientName);
            using var response = await client.SendAsync(request, cancellationToken);
            var answer = await ReadAsync(method, response, type, cancellationToken);
            return answer is { Ok: true, Result: { } result } ? result : throw Refused(method, (int)response.StatusCode, answer);
        }
        catch (HttpRequestException e)
        {
            throw new BotApiException(method, TransportFailures.IsBeforeSending(e.HttpRequestError) ? BotApiFailure.Unreachable : BotApiFailure.NoAnswer, "Telegram's Bot API does not answer", e);
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
}
