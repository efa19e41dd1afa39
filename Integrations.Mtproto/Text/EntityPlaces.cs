using Integrations.Mtproto.Schema;

namespace Integrations.Mtproto.Text;

/// <summary>Offset and length of an entity: each constructor has its own pair.</summary>
internal static class EntityPlaces
{
    public static int Offset(this MessageEntity entity) => Place(entity).Offset;

    public static int Length(this MessageEntity entity) => Place(entity).Length;

    /// <summary>The mark that writes an entity; null for what Telegram finds in a plain text by itself.</summary>
    public static (MarkKind Kind, string? Argument)? Mark(this MessageEntity entity) => entity switch
    {
        MessageEntityBold => (MarkKind.Bold, null),
        MessageEntityItalic => (MarkKind.Italic, null),
        MessageEntityUnderline => (MarkKind.Underline, null),
        MessageEntityStrike => (MarkKind.Strike, null),
        MessageEntitySpoiler => (MarkKind.Spoiler, null),
        MessageEntityCode => (MarkKind.Code, null),
        MessageEntityPre pre => (MarkKind.Pre, pre.Language),
        MessageEntityTextUrl link => (MarkKind.Link, link.Url),
        MessageEntityMentionName mention => (MarkKind.Link, FormattableString.Invariant($"tg://user?id={mention.UserId}")),
        MessageEntityCustomEmoji emoji => (MarkKind.Emoji, FormattableString.Invariant($"{emoji.DocumentId}")),
        MessageEntityBlockquote quote => (MarkKind.Quote, quote.Collapsed ? "" : null),
        _ => null,
    };

    private static (int Offset, int Length) Place(MessageEntity entity) => entity switch
    {
        MessageEntityBold e => (e.Offset, e.Length),
        MessageEntityItalic e => (e.Offset, e.Length),
        MessageEntityUnderline e => (e.Offset, e.Length),
        MessageEntityStrike e => (e.Offset, e.Length),
        MessageEntitySpoiler e => (e.Offset, e.Length),
        MessageEntityCode e => (e.Offset, e.Length),
        MessageEntityPre e => (e.Offset, e.Length),
        MessageEntityTextUrl e => (e.Offset, e.Length),
        MessageEntityMentionName e => (e.Offset, e.Length),
        InputMessageEntityMentionName e => (e.Offset, e.Length),
        MessageEntityCustomEmoji e => (e.Offset, e.Length),
        MessageEntityBlockquote e => (e.Offset, e.Length),
        // The others are found by Telegram in a plain text, and never written.
        _ => (0, 0),
    };
}
