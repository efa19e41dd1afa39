using System.Globalization;
using System.Text;
using Integrations.Mtproto.Schema;

namespace Integrations.Mtproto.Text;

/// <summary>What marks a part of a text.</summary>
internal enum MarkKind
{
    Bold,
    Italic,
    Underline,
    Strike,
    Spoiler,
    Code,
    Pre,
    Link,
    Emoji,
    Quote,
}

/// <summary>The plain text so far, and the marks that are open in it.</summary>
internal sealed class EntityBuilder
{
    private const string UserLink = "tg://user?id=";
    private readonly StringBuilder _text = new();
    private readonly List<MessageEntity> _entities = [];
    private readonly Stack<Open> _open = new();

    /// <param name="Kind">What was opened.</param>
    /// <param name="Start">Where in the plain text.</param>
    /// <param name="Source">Where in the markup, for errors.</param>
    /// <param name="Argument">The address of a link, the language of a block, the number of an emoji.</param>
    public readonly record struct Open(MarkKind Kind, int Start, int Source, string? Argument);

    public int Length => _text.Length;

    public Open? Top => _open.TryPeek(out var top) ? top : null;

    public bool IsOpen(MarkKind kind) => _open.Any(open => open.Kind == kind);

    public void Append(char c) => _text.Append(c);

    public void Append(ReadOnlySpan<char> text) => _text.Append(text);

    public void Begin(MarkKind kind, int source, string? argument = null) => _open.Push(new Open(kind, _text.Length, source, argument));

    /// <summary>Closes the last mark; one around nothing leaves no trace.</summary>
    /// <param name="argument">Where it is told at the end only.</param>
    /// <param name="collapsed">A quote that is shown folded.</param>
    /// <exception cref="TextFormatException">The address of an emoji is none.</exception>
    public void End(string? argument = null, bool collapsed = false)
    {
        var open = _open.Pop();
        var length = _text.Length - open.Start;
        if (length > 0)
            _entities.Add(Entity(open, length, argument ?? open.Argument, collapsed));
    }

    public FormattedText Build() =>
        new(_text.ToString(), [.. _entities.Select((entity, i) => (Entity: entity, Order: i))
            // What was closed later encloses what was closed before it.
            .OrderBy(pair => pair.Entity.Offset()).ThenByDescending(pair => pair.Entity.Length()).ThenByDescending(pair => pair.Order)
            .Select(pair => pair.Entity)]);

    private static MessageEntity Entity(Open open, int length, string? argument, bool collapsed)
    {
        var offset = open.Start;
        return open.Kind switch
        {
            MarkKind.Bold => new MessageEntityBold { Offset = offset, Length = length },
            MarkKind.Italic => new MessageEntityItalic { Offset = offset, Length = length },
            MarkKind.Underline => new MessageEntityUnderline { Offset = offset, Length = length },
            MarkKind.Strike => new MessageEntityStrike { Offset = offset, Length = length },
            MarkKind.Spoiler => new MessageEntitySpoiler { Offset = offset, Length = length },
            MarkKind.Code => new MessageEntityCode { Offset = offset, Length = length },
            MarkKind.Pre => new MessageEntityPre { Offset = offset, Length = length, Language = argument ?? "" },
            MarkKind.Link when UserOf(argument) is { } userId => new MessageEntityMentionName { Offset = offset, Length = length, UserId = userId },
            MarkKind.Link => new MessageEntityTextUrl { Offset = offset, Length = length, Url = argument ?? "" },
            MarkKind.Emoji => new MessageEntityCustomEmoji { Offset = offset, Length = length, DocumentId = EmojiOf(open, argument) },
            MarkKind.Quote => new MessageEntityBlockquote { Offset = offset, Length = length, Collapsed = collapsed },
            _ => throw new ArgumentOutOfRangeException(nameof(open), open.Kind, "Not a mark."),
        };
    }

    private static long? UserOf(string? address) =>
        address?.StartsWith(UserLink, StringComparison.Ordinal) == true
        && long.TryParse(address.AsSpan(UserLink.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            ? id
            : null;

    private static long EmojiOf(Open open, string? number) =>
        long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            ? id
            : throw new TextFormatException(open.Source, "a custom emoji is named by its number alone.");
}
