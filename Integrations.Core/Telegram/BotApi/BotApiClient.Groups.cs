using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Integrations.Core.Telegram.BotApi;

/// <summary>What a bot does in a group with topics.</summary>
public sealed partial class BotApiClient
{
    /// <summary>Sent once, like everything below: after <see cref="BotApiFailure.NoAnswer"/> and <see cref="BotApiFailure.ServerError"/> it may have been done.</summary>
    /// <exception cref="BotApiException"/>
    public Task<ForumTopic> CreateTopicAsync(BotToken token, NewTopic topic, CancellationToken cancellationToken) =>
        PostAsync(token, "createForumTopic", topic, GroupApiJson.Default.NewTopic, GroupApiJson.Default.BotApiAnswerForumTopic, cancellationToken);

    /// <exception cref="BotApiException"/>
    public Task RenameTopicAsync(BotToken token, TopicName topic, CancellationToken cancellationToken) =>
        PostAsync(token, "editForumTopic", topic, GroupApiJson.Default.TopicName, GroupApiJson.Default.BotApiAnswerBoolean, cancellationToken);

    /// <exception cref="BotApiException"/>
    public Task CloseTopicAsync(BotToken token, TopicOf topic, CancellationToken cancellationToken) =>
        PostAsync(token, "closeForumTopic", topic, GroupApiJson.Default.TopicOf, GroupApiJson.Default.BotApiAnswerBoolean, cancellationToken);

    /// <exception cref="BotApiException"/>
    public Task ReopenTopicAsync(BotToken token, TopicOf topic, CancellationToken cancellationToken) =>
        PostAsync(token, "reopenForumTopic", topic, GroupApiJson.Default.TopicOf, GroupApiJson.Default.BotApiAnswerBoolean, cancellationToken);

    /// <exception cref="BotApiException"/>
    public Task<SentBotMessage> SendToTopicAsync(BotToken token, TopicText text, CancellationToken cancellationToken) =>
        PostAsync(token, "sendMessage", text, GroupApiJson.Default.TopicText, GroupApiJson.Default.BotApiAnswerSentBotMessage, cancellationToken);

    /// <exception cref="BotApiException"/>
    public Task<SentBotMessage> EditTextAsync(BotToken token, TextEdit edit, CancellationToken cancellationToken) =>
        PostAsync(token, "editMessageText", edit, GroupApiJson.Default.TextEdit, GroupApiJson.Default.BotApiAnswerSentBotMessage, cancellationToken);

    /// <exception cref="BotApiException"/>
    public Task<SentBotMessage> EditCaptionAsync(BotToken token, CaptionEdit edit, CancellationToken cancellationToken) =>
        PostAsync(token, "editMessageCaption", edit, GroupApiJson.Default.CaptionEdit, GroupApiJson.Default.BotApiAnswerSentBotMessage, cancellationToken);

    /// <summary>Uploads one file. The stream is read once, from where it stands.</summary>
    /// <exception cref="BotApiException"/>
    public async Task<SentBotMessage> SendFileAsync(BotToken token, TopicFile file, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(file);
        using var body = FormOf(file.ChatId, file.MessageThreadId, file.ReplyParameters);
        if (file.Caption.Length > 0)
            body.Add(new StringContent(file.Caption), "caption");
        body.Add(PartOf(file.Content), file.Content.Field, file.Content.FileName);
        return await CallAsync(token, HttpMethod.Post, file.Content.Method, body, GroupApiJson.Default.BotApiAnswerSentBotMessage, cancellationToken);
    }

    /// <summary>Uploads two to ten files as one album: pictures and videos together, documents and audio each among themselves.</summary>
    /// <returns>A message for each file, in their order.</returns>
    /// <exception cref="BotApiException"/>
    public async Task<IReadOnlyList<SentBotMessage>> SendAlbumAsync(BotToken token, TopicAlbum album, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(album);
        using var body = FormOf(album.ChatId, album.MessageThreadId, null);
        var media = album.Files.Select((file, place) => new AlbumFile(file.Content.Field, FormattableString.Invariant($"attach://file{place}"), file.Caption.Length == 0 ? null : file.Caption));
        body.Add(new StringContent(JsonSerializer.Serialize(media.ToArray(), GroupApiJson.Default.AlbumFileArray)), "media");
        foreach (var (file, place) in album.Files.Select((file, place) => (file.Content, place)))
            body.Add(PartOf(file), FormattableString.Invariant($"file{place}"), file.FileName);
        return await CallAsync(token, HttpMethod.Post, "sendMediaGroup", body, GroupApiJson.Default.BotApiAnswerSentBotMessageArray, cancellationToken);
    }

    private static MultipartFormDataContent FormOf(long chat, int thread, BotReply? reply)
    {
        var body = new MultipartFormDataContent
        {
            { new StringContent(chat.ToString(CultureInfo.InvariantCulture)), "chat_id" },
            { new StringContent(thread.ToString(CultureInfo.InvariantCulture)), "message_thread_id" },
        };
        if (reply is not null)
            body.Add(new StringContent(JsonSerializer.Serialize(reply, GroupApiJson.Default.BotReply)), "reply_parameters");
        return body;
    }

    private static StreamContent PartOf(FileContent file)
    {
        var part = new StreamContent(file.Content);
        if (MediaTypeHeaderValue.TryParse(file.MimeType, out var type))
            part.Headers.ContentType = type;
        return part;
    }

    /// <exception cref="BotApiException"/>
    public Task AnswerCallbackAsync(BotToken token, CallbackAnswer answer, CancellationToken cancellationToken) =>
        PostAsync(token, "answerCallbackQuery", answer, GroupApiJson.Default.CallbackAnswer, GroupApiJson.Default.BotApiAnswerBoolean, cancellationToken);

    private Task<T> PostAsync<TBody, T>(
        BotToken token, string method, TBody body, JsonTypeInfo<TBody> bodyType, JsonTypeInfo<BotApiAnswer<T>> type, CancellationToken cancellationToken) =>
        CallAsync(token, HttpMethod.Post, method, JsonContent.Create(body, bodyType), type, cancellationToken);
}
