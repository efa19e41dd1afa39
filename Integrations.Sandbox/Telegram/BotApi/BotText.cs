using System.Globalization;
using System.Text.Json;
using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Text;
using Integrations.Mtproto.Tl;

namespace Integrations.Sandbox.Telegram.BotApi;

/// <summary>A text or caption with its formatting, as a bot gives it: by <c>parse_mode</c> or by entities.</summary>
/// <param name="Entities">A TL <c>Vector&lt;MessageEntity&gt;</c>; null without formatting.</param>
internal sealed record BotText(string Text, byte[]? Entities)
{
    /// <summary>Reads <c>text</c> or <c>caption</c>.</summary>
    /// <exception cref="BotApiRefusal">The markup cannot be read.</exception>
    public static BotText Read(BotApiRequest request, string name) => Read(
        request.Text(name) ?? "", request.Text("parse_mode"), request.Json(name is "text" ? "entities" : "caption_entities"));

    /// <inheritdoc cref="Read(BotApiRequest, string)"/>
    public static BotText Read(string text, string? parseMode, JsonElement? entities)
    {
        try
        {
            var formatted = parseMode?.ToUpperInvariant() switch
            {
                "HTML" => FormattedText.FromHtml(text),
                "MARKDOWN" or "MARKDOWNV2" => FormattedText.FromMarkdown(text),
                null or "" => new FormattedText(text, entities is { ValueKind: JsonValueKind.Array } given ? [.. given.EnumerateArray().Select(Entity).OfType<MessageEntity>()] : []),
                _ => throw BotApiRefusal.BadRequest("unsupported parse_mode"),
            };
            return new BotText(formatted.Text, Stored(formatted.Entities));
        }
        catch (TextFormatException e)
        {
            throw BotApiRefusal.BadRequest($"can't parse entities: {e.Message}");
        }
    }

    private static byte[]? Stored(IReadOnlyList<MessageEntity> entities)
    {
        if (entities.Count == 0)
            return null;
        using var writer = new TlWriter();
        writer.WriteVector([.. entities]);
        return writer.WrittenSpan.ToArray();
    }

    /// <summary>Kinds that Telegram finds by itself are not taken from a bot.</summary>
    private static MessageEntity? Entity(JsonElement given)
    {
        if (given.ValueKind is not JsonValueKind.Object || !TryNumber(given, "offset", out var offset) || !TryNumber(given, "length", out var length))
            throw BotApiRefusal.BadRequest("can't parse MessageEntity: field \"offset\" and \"length\" must be of type Number");
        return Field(given, "type") switch
        {
            "bold" => new MessageEntityBold { Offset = offset, Length = length },
            "italic" => new MessageEntityItalic { Offset = offset, Length = length },
            "underline" => new MessageEntityUnderline { Offset = offset, Length = length },
            "strikethrough" => new MessageEntityStrike { Offset = offset, Length = length },
            "spoiler" => new MessageEntitySpoiler { Offset = offset, Length = length },
            "code" => new MessageEntityCode { Offset = offset, Length = length },
            "pre" => new MessageEntityPre { Offset = offset, Length = length, Language = Field(given, "language") ?? "" },
            "text_link" => new MessageEntityTextUrl { Offset = offset, Length = length, Url = Field(given, "url") ?? "" },
            "text_mention" when given.TryGetProperty("user", out var user) && user.TryGetProperty("id", out var id) =>
                new MessageEntityMentionName { Offset = offset, Length = length, UserId = id.GetInt64() },
            "custom_emoji" when long.TryParse(Field(given, "custom_emoji_id"), NumberStyles.None, CultureInfo.InvariantCulture, out var emoji) =>
                new MessageEntityCustomEmoji { Offset = offset, Length = length, DocumentId = emoji },
            "blockquote" => new MessageEntityBlockquote { Offset = offset, Length = length },
            "expandable_blockquote" => new MessageEntityBlockquote { Offset = offset, Length = length, Collapsed = true },
            _ => null,
        };
    }

    private static bool TryNumber(JsonElement of, string name, out int number)
    {
        number = 0;
        return of.TryGetProperty(name, out var field) && field.ValueKind is JsonValueKind.Number && field.TryGetInt32(out number);
    }

    private static string? Field(JsonElement of, string name) =>
        of.TryGetProperty(name, out var field) && field.ValueKind is JsonValueKind.String ? field.GetString() : null;
}
