using Integrations.Mtproto.Schema;

namespace Integrations.Mtproto.Text;

/// <summary>A text with its formatting as Telegram has it: offsets and lengths in UTF-16 code units, which are the <c>char</c>s of a string.</summary>
/// <param name="Text">Without any markup.</param>
/// <param name="Entities">In order of their beginning, an enclosing one before what it encloses.</param>
public sealed record FormattedText(string Text, IReadOnlyList<MessageEntity> Entities)
{
    public static FormattedText Plain(string text) => new(text, []);

    /// <summary>Reads Telegram's Markdown: <c>*bold* _italic_ __underline__ ~struck~ ||spoiler|| `code` ```lang block``` [text](url)</c>, and <c>&gt;</c> before a quoted line.</summary>
    /// <exception cref="TextFormatException">Something is opened and not closed, or closed in the wrong order; the message says where.</exception>
    public static FormattedText FromMarkdown(string markdown)
    {
        ArgumentNullException.ThrowIfNull(markdown);
        return new MarkdownParser(markdown).Parse();
    }

    /// <summary>Reads the HTML that the Bot API takes: <c>b i u s code pre a blockquote tg-spoiler tg-emoji</c> and their longer names.</summary>
    /// <exception cref="TextFormatException">A tag that Telegram does not have, or one that is not closed; the message says where.</exception>
    public static FormattedText FromHtml(string html)
    {
        ArgumentNullException.ThrowIfNull(html);
        return new HtmlParser(html).Parse();
    }

    /// <summary>The text as Markdown that <see cref="FromMarkdown"/> reads back. What Telegram found by itself, like a web address, is not marked.</summary>
    public string ToMarkdown() => MarkdownRenderer.Render(this);

    /// <summary>The text as HTML that <see cref="FromHtml"/> reads back.</summary>
    public string ToHtml() => HtmlRenderer.Render(this);
}

/// <summary>Markup that cannot be read.</summary>
/// <param name="position">Where, in characters from the beginning, the first being 0.</param>
/// <param name="problem">What is wrong there, and what to write instead.</param>
public sealed class TextFormatException(int position, string problem) : FormatException($"At character {position}: {problem}")
{
    public int Position { get; } = position;
}
