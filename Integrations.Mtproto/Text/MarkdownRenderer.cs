using System.Text;

namespace Integrations.Mtproto.Text;

/// <summary>Writes what <see cref="MarkdownParser"/> reads.</summary>
internal static class MarkdownRenderer
{
    private const string Special = "\\_*[]()~`>|!";

    /// <summary>Marks around nothing: the first one whose kind is not open keeps apart what would be read as another mark together.</summary>
    private static readonly (MarkKind Kind, string Mark)[] Separators = [(MarkKind.Bold, "**"), (MarkKind.Strike, "~~"), (MarkKind.Underline, "____")];

    public static string Render(FormattedText text)
    {
        var markdown = new StringBuilder();
        var open = new List<MarkKind>();
        var inQuote = false;
        foreach (var piece in MarkedText.Cut(text with { Entities = [.. text.Entities.Where(entity => CanBeWritten(entity, text))] }))
        {
            switch (piece)
            {
                case MarkedText.Piece.Plain plain:
                    Write(markdown, plain, inQuote);
                    break;
                case MarkedText.Piece.Begin { Kind: MarkKind.Quote }:
                    inQuote = true;
                    markdown.Append("**>");
                    break;
                case MarkedText.Piece.End { Kind: MarkKind.Quote } quote:
                    inQuote = false;
                    if (quote.Argument is not null)
                        markdown.Append("||");
                    break;
                case MarkedText.Piece.Begin begin:
                    Mark(markdown, Begin(begin), open);
                    open.Add(begin.Kind);
                    break;
                case MarkedText.Piece.End end:
                    Mark(markdown, End(end), open);
                    open.Remove(end.Kind);
                    break;
                default:
                    break;
            }
        }

        return markdown.ToString();
    }

    private static void Write(StringBuilder markdown, MarkedText.Piece.Plain plain, bool inQuote)
    {
        foreach (var c in plain.Text)
        {
            var escapes = plain.Inside is MarkKind.Code or MarkKind.Pre ? "\\`" : Special;
            if (escapes.Contains(c, StringComparison.Ordinal))
                markdown.Append('\\');
            markdown.Append(c);
            if (c == '\n' && inQuote && plain.Inside is not (MarkKind.Code or MarkKind.Pre))
                markdown.Append('>');
        }
    }

    private static void Mark(StringBuilder markdown, string mark, List<MarkKind> open)
    {
        // ___ is read as __ and _, and |||| or `` may run together the same way.
        if (markdown.Length > 0 && markdown[^1] == mark[0] && mark[0] is '_' or '|' or '`' && !IsEscaped(markdown))
            markdown.Append(Separators.FirstOrDefault(separator => !open.Contains(separator.Kind) && separator.Mark[0] != mark[0]).Mark);
        markdown.Append(mark);
    }

    /// <summary>A quote is lines; one that begins or ends within a line has no form here.</summary>
    private static bool CanBeWritten(Schema.MessageEntity entity, FormattedText text)
    {
        if (entity is not Schema.MessageEntityBlockquote)
            return true;
        var (start, end) = (entity.Offset(), entity.Offset() + entity.Length());
        return (start == 0 || text.Text[start - 1] == '\n') && (end == text.Text.Length || text.Text[end] == '\n');
    }

    // A backslash may itself be what was escaped, before a mark.
    private static bool IsEscaped(StringBuilder markdown)
    {
        var backslashes = 0;
        while (backslashes + 1 < markdown.Length && markdown[^(backslashes + 2)] == '\\')
            backslashes++;
        return backslashes % 2 == 1;
    }

    private static string Begin(MarkedText.Piece.Begin begin) => begin.Kind switch
    {
        MarkKind.Link => "[",
        MarkKind.Emoji => "![",
        MarkKind.Pre => $"```{begin.Argument}\n",
        _ => Symbol(begin.Kind),
    };

    private static string End(MarkedText.Piece.End end) => end.Kind switch
    {
        MarkKind.Link => $"]({Address(end.Argument ?? "")})",
        MarkKind.Emoji => $"](tg://emoji?id={end.Argument})",
        _ => Symbol(end.Kind),
    };

    private static string Symbol(MarkKind kind) => kind switch
    {
        MarkKind.Bold => "*",
        MarkKind.Italic => "_",
        MarkKind.Underline => "__",
        MarkKind.Strike => "~",
        MarkKind.Spoiler => "||",
        MarkKind.Code => "`",
        MarkKind.Pre => "```",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Not a mark of its own."),
    };

    private static string Address(string address) =>
        address.Replace("\\", "\\\\", StringComparison.Ordinal).Replace(")", "\\)", StringComparison.Ordinal);
}
