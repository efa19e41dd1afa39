using System.Text.Json.Serialization;

namespace Integrations.Core.Telegram.BotApi;

/// <param name="IconColor">One of Telegram's six.</param>
public sealed record NewTopic(long ChatId, string Name, int IconColor);

public sealed record ForumTopic(int MessageThreadId, string? Name);

public sealed record TopicOf(long ChatId, int MessageThreadId);

/// <param name="Name">At most 128 characters.</param>
public sealed record TopicName(long ChatId, int MessageThreadId, string Name);

/// <summary>A text in a topic, as it is: without markup.</summary>
public sealed record TopicText(long ChatId, int MessageThreadId, string Text, BotReply? ReplyParameters = null, Keyboard? ReplyMarkup = null)
{
    /// <summary>What people write is shown as they wrote it, without pictures of their links.</summary>
    public LinkPreview LinkPreviewOptions { get; } = new(true);
}

/// <param name="ReplyMarkup">Null takes the buttons away.</param>
public sealed record TextEdit(long ChatId, int MessageId, string Text, Keyboard? ReplyMarkup = null)
{
    public LinkPreview LinkPreviewOptions { get; } = new(true);
}

public sealed record CaptionEdit(long ChatId, int MessageId, string Caption);

/// <summary>What is uploaded, and how.</summary>
/// <param name="Method">sendPhoto, sendVoice and the like.</param>
/// <param name="Field">The parameter that takes it, which is its kind in an album, too.</param>
public sealed record FileContent(string Method, string Field, Stream Content, string FileName, string? MimeType);

/// <param name="Caption">At most 1024 characters.</param>
public sealed record TopicFile(long ChatId, int MessageThreadId, FileContent Content, string Caption, BotReply? ReplyParameters = null);

public sealed record TopicAlbum(long ChatId, int MessageThreadId, IReadOnlyList<(FileContent Content, string Caption)> Files);

internal sealed record AlbumFile(string Type, string Media, string? Caption);

public sealed record LinkPreview(bool IsDisabled);

public sealed record Keyboard(IReadOnlyList<IReadOnlyList<KeyboardButton>> InlineKeyboard)
{
    public static Keyboard One(string text, string data) => new([[new(text, data)]]);
}

/// <param name="CallbackData">1 to 64 bytes; comes back when the button is pressed.</param>
public sealed record KeyboardButton(string Text, string CallbackData);

/// <param name="Text">At most 200 characters.</param>
public sealed record CallbackAnswer(string CallbackQueryId, string? Text, bool ShowAlert);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(BotApiAnswer<bool>))]
[JsonSerializable(typeof(BotApiAnswer<ForumTopic>))]
[JsonSerializable(typeof(BotApiAnswer<SentBotMessage>))]
[JsonSerializable(typeof(NewTopic))]
[JsonSerializable(typeof(TopicOf))]
[JsonSerializable(typeof(TopicName))]
[JsonSerializable(typeof(TopicText))]
[JsonSerializable(typeof(TextEdit))]
[JsonSerializable(typeof(CallbackAnswer))]
[JsonSerializable(typeof(CaptionEdit))]
[JsonSerializable(typeof(BotReply))]
[JsonSerializable(typeof(AlbumFile[]))]
[JsonSerializable(typeof(BotApiAnswer<SentBotMessage[]>))]
internal sealed partial class GroupApiJson : JsonSerializerContext;
