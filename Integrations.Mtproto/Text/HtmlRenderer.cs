using System.Text;

namespace Integrations.Mtproto.Text;

/// <summary>Writes what <see cref="HtmlParser"/> reads.</summary>
internal static class HtmlRenderer
{
    public static string Render(FormattedText text)
    {
        var html = new StringBuilder();
        foreach (var piece in MarkedText.Cut(text))
        {
            _ = piece switch
            {
                MarkedText.Piece.Plain plain => html.Append(Escape(plain.Text)),
                MarkedText.Piece.Begin begin => html.Append(Begin(begin)),
                MarkedText.Piece.End end => html.Append(End(end)),
                _ => html,
            };
        }

        return html.ToString();
    }

    private static string Begin(MarkedText.Piece.Begin begin) => begin.Kind switch
    {
        MarkKind.Pre when begin.Argument is { Length: > 0 } language => $"<pre><code class=\"language-{Escape(language)}\">",
        MarkKind.Link => $"<a href=\"{Escape(begin.Argument ?? "")}\">",
        MarkKind.Emoji => $"<tg-emoji emoji-id=\"{begin.Argument}\">",
        MarkKind.Quote when begin.Argument is not null => "<blockquote expandable>",
        _ => $"<{Name(begin.Kind)}>",
    };

    private static string End(MarkedText.Piece.End end) =>
        end is { Kind: MarkKind.Pre, Argument.Length: > 0 } ? "</code></pre>" : $"</{Name(end.Kind)}>";

    private static string Name(MarkKind kind) => kind switch
    {
        MarkKind.Bold => "b",
        MarkKind.Italic => "i",
        MarkKind.Underline => "u",
        MarkKind.Strike => "s",
        MarkKind.Spoiler => "tg-spoiler",
        MarkKind.Code => "code",
        MarkKind.Pre => "pre",
        MarkKind.Link => "a",
        MarkKind.Emoji => "tg-emoji",
        MarkKind.Quote => "blockquote",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Not a mark."),
    };

    private static string Escape(string text) => text
        .Replace("&", "&amp;", StringComparison.Ordinal)
        .Replace("<", "&lt;", StringComparison.Ordinal)
        .Replace(">", "&gt;", StringComparison.Ordinal)
        .Replace("\"", "&quot;", StringComparison.Ordinal);
}
